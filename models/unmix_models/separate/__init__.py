"""Separation into stems: networks on the CPU or a GPU, and signal processing without any.

`base` says what a model is and `statistics` what it wants to know of a track. `checkpoint` reads weights
(`installation` and `legacy` convert what demucs publishes, once), `separator` makes them resident, `stream`
takes a track through them. `htdemucs` is the network, made of `branch_layers`, `residual_branch` and
`transformer`, on `kernels`. `dsp` needs no weights. Nothing is imported here, so that what needs no PyTorch
loads none.
"""
