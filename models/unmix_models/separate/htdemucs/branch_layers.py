"""Encoder and decoder layers of HTDemucs, for the spectrogram and for the waveform branch.

Both branches hold images `[batch, channels, frequencies, time]`, channels-last. The spectrogram branch
strides over frequencies; the waveform branch has one frequency and strides over time.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from unmix_models.separate.htdemucs.residual_branch import ResidualBranch
from unmix_models.separate.kernels import Kernels, Layer, Pair


class EncoderLayer:
    """Strided convolution with GELU, residual branches, then a gated 1 × 1 convolution (`HEncLayer`)."""

    def __init__(
        self, tensors: Mapping[str, Tensor], prefix: str, stride: int, kernels: Kernels, dtype: torch.dtype
    ) -> None:
        weight, bias = _image(tensors[f"{prefix}.conv.weight"]), tensors[f"{prefix}.conv.bias"]
        self._over_time = weight.shape[-1] > 1
        self._stride = stride
        self.dtype = dtype
        self._convolution = kernels.convolution(
            weight,
            bias,
            dtype,
            stride=_along(self._over_time, stride, 1),
            padding=_along(self._over_time, stride // 2, 0),
            gelu=True,
        )
        self._branches = _branches(tensors, prefix, kernels, dtype)
        self._rewrite = _rewrite(tensors, prefix, kernels, dtype)

    def __call__(self, x: Tensor) -> Tensor:
        """`[batch, channels, frequencies, time]` to the layer's channels, a `stride` shorter."""
        missing = -x.shape[-1] % self._stride if self._over_time else 0
        if missing:
            x = functional.pad(x, (0, missing))
        y = self._convolution(x.to(self.dtype))
        for branch in self._branches:
            y = branch(y)
        return self._rewrite(y)


class DecoderLayer:
    """Skip, gated convolution, residual branches, then a transposed convolution (`HDecLayer`).

    The transposed convolution has twice its stride as kernel, so it is a convolution over two neighbours with
    `stride` times the channels: output `stride · i + j` sees inputs `i - 1` and `i` only.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        prefix: str,
        stride: int,
        kernels: Kernels,
        dtype: torch.dtype,
        *,
        last: bool,
    ) -> None:
        self._prefix, self._stride, self._kernels, self._last = prefix, stride, kernels, last
        self.dtype = dtype
        self._weight = _image(tensors[f"{prefix}.conv_tr.weight"])
        self._bias = tensors[f"{prefix}.conv_tr.bias"]
        self._over_time = self._weight.shape[-1] > 1
        self._branches = _branches(tensors, prefix, kernels, dtype)
        self._rewrite = _rewrite(tensors, prefix, kernels, dtype)
        self._upsamplings: dict[tuple[int, ...], Layer] = {}

    def __call__(self, x: Tensor, skip: Tensor, length: int, channels: Sequence[int] = ()) -> Tensor:
        """`x` plus the encoder's `skip`, to `length` samples or bins; only `channels` where any are given."""
        y = self._rewrite(x.to(self.dtype) + skip)
        for branch in self._branches:
            y = branch(y)
        y = self._upsampling(tuple(channels))(y).permute(0, 2, 3, 1)
        batch, frequencies, time, _ = y.shape
        kept = slice(self._stride // 2, self._stride // 2 + length)
        if self._over_time:
            y = y.reshape(batch, frequencies, time * self._stride, -1)[:, :, kept]
        else:
            phases = y.reshape(batch, frequencies, time, self._stride, -1).transpose(2, 3)
            y = phases.reshape(batch, frequencies * self._stride, time, -1)[:, kept]
        return y.permute(0, 3, 1, 2)

    def _upsampling(self, channels: tuple[int, ...]) -> Layer:
        if channels not in self._upsamplings:
            chosen = list(channels) if channels else slice(None)
            weight, bias = self._weight[:, chosen], self._bias[chosen]
            taps = weight.reshape(*weight.shape[:2], 2, self._stride)  # in, out, neighbour, phase
            matrix = taps.flip(2).permute(3, 1, 0, 2).flatten(0, 1)  # phase · out, in, neighbour
            self._upsamplings[channels] = self._kernels.convolution(
                matrix.unsqueeze(2 if self._over_time else 3),
                bias.repeat(self._stride),
                self.dtype,
                padding=_along(self._over_time, 1, 0),
                gelu=not self._last,
            )
        return self._upsamplings[channels]


def _branches(
    tensors: Mapping[str, Tensor], prefix: str, kernels: Kernels, dtype: torch.dtype
) -> list[ResidualBranch]:
    """None at all where the network was trained without them (`dconv_mode`); dilations 1, 2, 4, …."""
    branches: list[ResidualBranch] = []
    while f"{prefix}.dconv.layers.{len(branches)}.0.weight" in tensors:
        name = f"{prefix}.dconv.layers.{len(branches)}"
        branches.append(ResidualBranch(tensors, name, 2 ** len(branches), kernels, dtype))
    return branches


def _rewrite(tensors: Mapping[str, Tensor], prefix: str, kernels: Kernels, dtype: torch.dtype) -> Layer:
    weight = _image(tensors[f"{prefix}.rewrite.weight"])
    padding = (weight.shape[2] // 2, weight.shape[3] // 2)
    return kernels.gated_convolution(weight, tensors[f"{prefix}.rewrite.bias"], dtype, padding=padding)


def _image(weight: Tensor) -> Tensor:
    """A weight over time as one over images of one frequency."""
    return weight if weight.dim() == 4 else weight.unsqueeze(2)


def _along(over_time: bool, value: int, other: int) -> Pair:
    return (other, value) if over_time else (value, other)
