"""Hybrid Transformer Demucs: networks as its authors publish them and as others train them.

`installation` recognises and takes in checkpoints (`conversion` and `legacy` convert them, in a child process),
`bag_file` says which belong together, `checkpoint` reads what came of it, `separator` makes it resident, `stream`
takes a track through it. `network` is made of `branch_layers`, `residual_branch`, `transformer` and `spectrogram`,
shaped by `hyper_parameters`; `bag` shares the stems out among several. Nothing is imported here, so that
recognising loads no PyTorch.
"""
