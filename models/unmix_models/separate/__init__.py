"""Separation into stems: networks on the CPU or a GPU, and signal processing without any.

`base` says what a model is and `statistics` what some want to know of a track; `recording` takes a file through
one. A family of networks is a folder of its own, on what all share: `overlap_add`, `kernels` and `precision`.
`dsp` needs no weights. Nothing is imported here, so that what needs no PyTorch loads none.
"""
