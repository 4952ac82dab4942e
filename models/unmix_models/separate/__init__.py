"""Separation into stems: networks on the CPU or a GPU.

`base` says what a model is and `statistics` what it wants to know of a track. `checkpoint` reads weights
(`legacy` converts old ones once), `separator` makes them resident, `stream` takes a track through them.
`dsp` separates without any network. `htdemucs` is the network, made of `branch_layers`, `residual_branch` and `transformer`, on `kernels`. Nothing
is imported here, so that what needs no PyTorch loads none.
"""
