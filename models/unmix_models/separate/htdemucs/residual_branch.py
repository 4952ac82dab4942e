"""The dilated residual branches inside every encoder and decoder layer (`demucs.demucs.DConv`).

One branch is `x + scale · GLU(norm(expand(GELU(norm(compress(x))))))`; both norms are over all channels and
the time axis, for every frequency by itself.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from unmix_models.separate.kernels import Kernels

NORM_EPSILON = 1e-5
"""`torch.nn.GroupNorm`'s default, which demucs keeps."""


class ResidualBranch:
    """One residual branch; adds to its input in place.

    The second norm costs no pass over the wide tensor: mean and variance of `W·h + b` follow exactly from the
    sum and the Gram matrix of the narrow `h`, and because the norm is affine it moves into the matrix. With
    `r` the reciprocal deviation and `m` the mean of a row, its output is
    `(g·W)·(r·h) + (g·b)·r + g·(-m·r) + β`, one multiplication of `[r·h, r, -m·r]` for all rows.
    """

    def __init__(
        self, tensors: Mapping[str, Tensor], prefix: str, dilation: int, kernels: Kernels, dtype: torch.dtype
    ) -> None:
        get = {name: tensors[f"{prefix}.{name}"] for name in _NAMES}
        compress, kernel = get["0.weight"], get["0.weight"].shape[-1]
        self._compress = kernels.convolution(
            compress.unsqueeze(2),
            get["0.bias"],
            dtype,
            padding=(0, dilation * (kernel // 2)),
            dilation=(1, dilation),
        )
        self._norm = (get["1.weight"].to(dtype), get["1.bias"].to(dtype))
        self._tiled: dict[int, tuple[Tensor, Tensor]] = {}
        # Sums over 86,000 moments of a waveform lose 30 dB in float32. Metal has nothing longer.
        self._exact = torch.float32 if compress.device.type == "mps" else torch.float64
        matrix, bias, gain = get["3.weight"].squeeze(-1), get["3.bias"], get["4.weight"]
        augmented = torch.cat([matrix, bias[:, None], torch.zeros_like(bias)[:, None]], 1).to(self._exact)
        self._means = augmented.mean(0)
        self._gram = augmented.T @ augmented / len(bias)
        widened = torch.cat([gain[:, None] * matrix, (gain * bias)[:, None], gain[:, None]], 1)
        # The layer scale multiplies the GLU's output, so it moves into the half that is not the gate.
        scale = torch.cat([get["6.scale"], torch.ones_like(get["6.scale"])])
        self._expand = kernels.gated_linear(scale[:, None] * widened, scale * get["4.bias"], dtype)

    def __call__(self, x: Tensor) -> Tensor:
        """`[batch, channels, frequencies, time]`, channels-last, changed in place."""
        batch, _, frequencies, time = x.shape
        rows = batch * frequencies
        hidden = self._compress(x).permute(0, 2, 3, 1).reshape(rows, -1)
        hidden = functional.gelu(
            functional.layer_norm(hidden, hidden.shape[1:], *self._affine(time), NORM_EPSILON)
        )
        hidden = functional.pad(hidden.view(rows, time, -1), (0, 2))
        hidden[..., -2] = 1
        mean, deviation = self._statistics(hidden)
        hidden *= deviation[:, None, None]
        hidden[..., -1] = -(mean * deviation)[:, None]
        branch = self._expand(hidden.view(batch, frequencies, time, -1)).permute(0, 3, 1, 2)
        return x.add_(branch)

    def _affine(self, time: int) -> tuple[Tensor, Tensor]:
        """The norm's weight and bias for every element of a row `[time · channels]`."""
        if time not in self._tiled:
            weight, bias = self._norm
            self._tiled[time] = (weight.repeat(time), bias.repeat(time))
        return self._tiled[time]

    def _statistics(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and reciprocal deviation of every row of `[W, b, 0] · hidden`; `hidden` ends in `1, 0`."""
        time = hidden.shape[1]
        narrow = hidden.to(self._exact)
        moments = torch.bmm(narrow.transpose(1, 2), narrow) / time
        mean = moments[:, -2] @ self._means
        variance = (moments * self._gram).sum((1, 2)) - mean * mean
        deviation = torch.rsqrt(variance.clamp_min(0) + NORM_EPSILON)
        return mean.to(hidden.dtype), deviation.to(hidden.dtype)


_NAMES = ("0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias", "4.weight", "4.bias", "6.scale")
"""Parts of the `Sequential` in demucs: compress, norm, GELU, expand, norm, GLU, layer scale."""
