"""The cross-domain transformer between HTDemucs' encoders and decoders (`demucs.transformer`).

Tokens are `[batch, length, width]`. Attention does not mind the order of tokens, so the spectrogram's stay in
the order of their image (frequency, then time) and the positional embedding follows them.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from unmix_models.separate.htdemucs.hyper_parameters import HyperParameters
from unmix_models.separate.kernels import Kernels

NORM_EPSILON = 1e-5
"""PyTorch's default for LayerNorm and GroupNorm, which demucs keeps."""


class TransformerLayer:
    """Attention (to itself or to the other branch), then two linear layers, both residual; a norm over all.

    The residual sum stays float32 whatever the precision of the products. Layer scales are folded into the
    matrices before them, `1/√(width of a head)` into the query's.
    """

    def __init__(
        self, tensors: Mapping[str, Tensor], prefix: str, heads: int, kernels: Kernels, dtype: torch.dtype
    ) -> None:
        def get(name: str) -> Tensor:
            return tensors[f"{prefix}.{name}"]

        self.crosses = f"{prefix}.cross_attn.in_proj_weight" in tensors
        attention = "cross_attn" if self.crosses else "self_attn"
        self._heads, self._kernels, self._dtype = heads, kernels, dtype
        width = len(get("norm1.weight"))
        self._norms = [
            (get(f"norm{index}.weight"), get(f"norm{index}.bias"))
            for index in range(1, 4 if self.crosses else 3)
        ]
        self._out_weight, self._out_bias = get("norm_out.weight"), get("norm_out.bias")
        factor = torch.ones(3 * width, device=self._out_bias.device)
        factor[:width] = 1 / math.sqrt(width // heads)
        weight = get(f"{attention}.in_proj_weight") * factor[:, None]
        bias = get(f"{attention}.in_proj_bias") * factor
        if self.crosses:
            self._query = kernels.linear(weight[:width], bias[:width], dtype)
            self._key_value = kernels.linear(weight[width:], bias[width:], dtype)
        else:
            self._query_key_value = kernels.linear(weight, bias, dtype)
        scale = get("gamma_1.scale")
        self._project = kernels.residual_linear(
            scale[:, None] * get(f"{attention}.out_proj.weight"),
            scale * get(f"{attention}.out_proj.bias"),
            dtype,
        )
        scale = get("gamma_2.scale")
        self._widen = kernels.linear(get("linear1.weight"), get("linear1.bias"), dtype, gelu=True)
        self._narrow = kernels.residual_linear(
            scale[:, None] * get("linear2.weight"), scale * get("linear2.bias"), dtype
        )

    def __call__(self, x: Tensor, other: Tensor) -> Tensor:
        """Float32 tokens of this branch; `other` are those of the other branch before its layer."""
        normal = self._norm(0, x)
        if self.crosses:
            query = self._split(self._query(normal), 1)[0]
            key, value = self._split(self._key_value(self._norm(1, other)), 2)
        else:
            query, key, value = self._split(self._query_key_value(normal), 3)
        attended = self._kernels.attention(query, key, value)
        batch, length, _ = x.shape
        joined = attended.view(batch, self._heads, length, -1).transpose(1, 2).reshape(batch, length, -1)
        x = self._project(joined, x)
        x = self._narrow(self._widen(self._norm(-1, x)), x)
        # GroupNorm with one group: the statistics are those of a layer norm over all tokens at once.
        normal = functional.layer_norm(x.flatten(1), (x[0].numel(),), eps=NORM_EPSILON).view_as(x)
        return torch.addcmul(self._out_bias, normal, self._out_weight)

    def _norm(self, index: int, x: Tensor) -> Tensor:
        weight, bias = self._norms[index]
        return functional.layer_norm(x, weight.shape, weight, bias, NORM_EPSILON).to(self._dtype)

    def _split(self, x: Tensor, parts: int) -> Tensor:
        """`[batch, length, parts · width]` as `[parts, batch · heads, length, width of a head]`."""
        batch, length, _ = x.shape
        return x.view(batch, length, parts, self._heads, -1).permute(2, 0, 3, 1, 4).flatten(1, 2).contiguous()


class CrossTransformer:
    """Alternating self- and cross-attention layers over the tokens of both branches."""

    def __init__(
        self, tensors: Mapping[str, Tensor], parameters: HyperParameters, kernels: Kernels, dtype: torch.dtype
    ) -> None:
        def get(name: str) -> Tensor:
            return tensors[name]

        self._parameters = parameters
        self._dtype = dtype
        self._norm = (get("crosstransformer.norm_in.weight"), get("crosstransformer.norm_in.bias"))
        self._norm_t = (get("crosstransformer.norm_in_t.weight"), get("crosstransformer.norm_in_t.bias"))
        self._layers = [
            tuple(
                TransformerLayer(
                    tensors, f"crosstransformer.{branch}.{index}", parameters.t_heads, kernels, dtype
                )
                for branch in ("layers", "layers_t")
            )
            for index in range(parameters.t_layers)
        ]
        self._resize = {
            name: kernels.linear(get(f"{name}.weight").squeeze(-1), get(f"{name}.bias"), dtype)
            for name in (
                "channel_upsampler",
                "channel_upsampler_t",
                "channel_downsampler",
                "channel_downsampler_t",
            )
            if f"{name}.weight" in tensors
        }
        self._positions: dict[tuple[int, int], Tensor] = {}

    def __call__(self, x: Tensor, xt: Tensor) -> tuple[Tensor, Tensor]:
        """Both branches' images, to images of the same shapes."""
        shape, shape_t = x.shape, xt.shape
        tokens = self._enter(x, "channel_upsampler", self._norm)
        tokens_t = self._enter(xt, "channel_upsampler_t", self._norm_t)
        for layer, layer_t in self._layers:
            tokens, tokens_t = layer(tokens, tokens_t), layer_t(tokens_t, tokens)
        return self._leave(tokens, shape, "channel_downsampler"), self._leave(
            tokens_t, shape_t, "channel_downsampler_t"
        )

    def _enter(self, image: Tensor, resize: str, norm: tuple[Tensor, Tensor]) -> Tensor:
        _, _, frequencies, time = image.shape
        tokens = image.permute(0, 2, 3, 1).flatten(1, 2)
        if resize in self._resize:
            tokens = self._resize[resize](tokens.to(self._dtype))
        tokens = functional.layer_norm(tokens.float(), norm[0].shape, *norm, NORM_EPSILON)
        return tokens + self._position(frequencies, time, tokens)

    def _leave(self, tokens: Tensor, shape: torch.Size, resize: str) -> Tensor:
        if resize in self._resize:
            tokens = self._resize[resize](tokens.to(self._dtype))
        return tokens.view(shape[0], shape[2], shape[3], -1).permute(0, 3, 1, 2)

    def _position(self, frequencies: int, time: int, tokens: Tensor) -> Tensor:
        if (frequencies, time) not in self._positions:
            width, period = tokens.shape[-1], self._parameters.t_max_period
            # The waveform branch has one "frequency", spectrograms have several at every depth.
            table = (
                _line(time, width, period) if frequencies == 1 else _plane(frequencies, time, width, period)
            )
            self._positions[frequencies, time] = (self._parameters.t_weight_pos_embed * table).to(
                tokens.device
            )
        return self._positions[frequencies, time]


def _line(length: int, width: int, period: float) -> Tensor:
    """`[length, width]`, cosines then sines (`create_sin_embedding`)."""
    half = width // 2
    phase = torch.arange(length)[:, None] / period ** (torch.arange(half) / (half - 1))
    return torch.cat([torch.cos(phase), torch.sin(phase)], 1)


def _plane(frequencies: int, time: int, width: int, period: float) -> Tensor:
    """`[frequencies · time, width]`, half for time, half for frequency (`create_2d_sin_embedding`)."""
    half = width // 2
    rate = torch.exp(torch.arange(0.0, half, 2) * -(math.log(period) / half))
    along_time = torch.arange(0.0, time)[:, None] * rate
    along_frequency = torch.arange(0.0, frequencies)[:, None] * rate
    table = torch.empty(frequencies, time, width)
    table[:, :, 0:half:2] = torch.sin(along_time)
    table[:, :, 1:half:2] = torch.cos(along_time)
    table[:, :, half::2] = torch.sin(along_frequency)[:, None]
    table[:, :, half + 1 :: 2] = torch.cos(along_frequency)[:, None]
    return table.flatten(0, 1)
