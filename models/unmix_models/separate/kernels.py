"""The few operations that a network is made of, in the form that a device runs fastest.

Activations are channels-last: images are `[batch, channels, height, width]` tensors whose memory order is
batch, height, width, channels; tokens are `[batch, length, channels]`.

On x86 the fused oneDNN operations that `torch.compile` itself emits are called directly: they apply GELU,
sigmoid, products and sums while a tile is still in cache, and on AMD processors oneDNN multiplies float32
matrices 2.3 times as fast as the BLAS behind `torch.nn.functional.linear`.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Layer: TypeAlias = Callable[[Tensor], Tensor]
Residual: TypeAlias = Callable[[Tensor, Tensor], Tensor]
Pair: TypeAlias = tuple[int, int]

ATTENTION_ROWS = 672
"""Queries per step of attention: 672 × 2,688 float32 scores are 7.2 MB, which stay in cache."""


class Kernels(Protocol):
    """Builds layers from float32 weights; a layer takes and gives tensors of `dtype`."""

    def convolution(
        self,
        weight: Tensor,
        bias: Tensor,
        dtype: torch.dtype,
        *,
        stride: Pair = (1, 1),
        padding: Pair = (0, 0),
        dilation: Pair = (1, 1),
        gelu: bool = False,
    ) -> Layer:
        """Convolution with a `[out, in, height, width]` weight, then GELU if asked."""
        ...

    def gated_convolution(self, weight: Tensor, bias: Tensor, dtype: torch.dtype, *, padding: Pair) -> Layer:
        """Convolution to twice the channels, then GLU: the first half times the sigmoid of the second."""
        ...

    def linear(self, weight: Tensor, bias: Tensor, dtype: torch.dtype, *, gelu: bool = False) -> Layer:
        """`x · weightᵀ + bias` on the last axis, then GELU if asked."""
        ...

    def gated_linear(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> Layer:
        """`linear` to twice the channels, then GLU."""
        ...

    def residual_linear(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> Residual:
        """`(x, sum) → sum + linear(x)`; the sum stays float32."""
        ...

    def attention(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Softmax attention of `[batch · heads, length, width]`; the query is already scaled."""
        ...


class TorchKernels:
    """Public PyTorch operations: right for every device, and what CUDA and Metal want."""

    def convolution(
        self,
        weight: Tensor,
        bias: Tensor,
        dtype: torch.dtype,
        *,
        stride: Pair = (1, 1),
        padding: Pair = (0, 0),
        dilation: Pair = (1, 1),
        gelu: bool = False,
    ) -> Layer:
        """See `Kernels.convolution`."""
        weight, bias = _packed(weight, dtype), bias.to(dtype)

        def run(x: Tensor) -> Tensor:
            y = functional.conv2d(x, weight, bias, stride, padding, dilation)
            return functional.gelu(y) if gelu else y

        return run

    def gated_convolution(self, weight: Tensor, bias: Tensor, dtype: torch.dtype, *, padding: Pair) -> Layer:
        """See `Kernels.gated_convolution`."""
        convolution = self.convolution(weight, bias, dtype, padding=padding)
        return lambda x: functional.glu(convolution(x), 1)

    def linear(self, weight: Tensor, bias: Tensor, dtype: torch.dtype, *, gelu: bool = False) -> Layer:
        """See `Kernels.linear`."""
        weight, bias = weight.to(dtype).contiguous(), bias.to(dtype)

        def run(x: Tensor) -> Tensor:
            y = functional.linear(x, weight, bias)
            return functional.gelu(y) if gelu else y

        return run

    def gated_linear(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> Layer:
        """See `Kernels.gated_linear`."""
        linear = self.linear(weight, bias, dtype)
        return lambda x: functional.glu(linear(x), -1)

    def residual_linear(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> Residual:
        """See `Kernels.residual_linear`."""
        linear = self.linear(weight, bias, dtype)
        return lambda x, total: total + linear(x)

    def attention(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """See `Kernels.attention`."""
        return functional.scaled_dot_product_attention(query[None], key[None], value[None], scale=1.0)[0]


class OneDnnKernels:
    """Fused oneDNN operations on the CPU."""

    def __init__(self) -> None:
        # Not in PyTorch's public reference, but what its own compiler generates for CPUs since 2.0;
        # `kernels_for` looks whether they exist.
        self._convolve: Any = torch.ops.mkldnn._convolution_pointwise
        self._multiply: Any = torch.ops.mkldnn._linear_pointwise

    def convolution(
        self,
        weight: Tensor,
        bias: Tensor,
        dtype: torch.dtype,
        *,
        stride: Pair = (1, 1),
        padding: Pair = (0, 0),
        dilation: Pair = (1, 1),
        gelu: bool = False,
    ) -> Layer:
        """See `Kernels.convolution`."""
        weight, bias = _packed(weight, dtype), bias.to(dtype)
        activation = "gelu" if gelu else "none"
        return lambda x: self._convolve(x, weight, bias, padding, stride, dilation, 1, activation, [], "none")

    def gated_convolution(self, weight: Tensor, bias: Tensor, dtype: torch.dtype, *, padding: Pair) -> Layer:
        """See `Kernels.gated_convolution`."""
        value, gate = (_packed(half, dtype) for half in weight.chunk(2))
        value_bias, gate_bias = bias.to(dtype).chunk(2)
        shape = (padding, (1, 1), (1, 1), 1)

        def run(x: Tensor) -> Tensor:
            gates = self._convolve(x, gate, gate_bias, *shape, "sigmoid", [], "")
            return self._convolve.binary(x, gates, value, value_bias, *shape, "mul", None, None, [], None)

        return run

    def linear(self, weight: Tensor, bias: Tensor, dtype: torch.dtype, *, gelu: bool = False) -> Layer:
        """See `Kernels.linear`."""
        weight, bias = weight.to(dtype).contiguous(), bias.to(dtype)
        activation = "gelu" if gelu else "none"
        return lambda x: self._multiply(x, weight, bias, activation, [], "none")

    def gated_linear(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> Layer:
        """See `Kernels.gated_linear`."""
        value, gate = weight.to(dtype).contiguous().chunk(2)
        value_bias, gate_bias = bias.to(dtype).chunk(2)

        def run(x: Tensor) -> Tensor:
            gates = self._multiply(x, gate, gate_bias, "sigmoid", [], "")
            return self._multiply.binary(x, gates, value, value_bias, "mul")

        return run

    def residual_linear(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> Residual:
        """See `Kernels.residual_linear`."""
        weight, bias = weight.to(dtype).contiguous(), bias.to(dtype)
        if dtype != torch.float32:
            return lambda x, total: total + self._multiply(x, weight, bias, "none", [], "none")
        return lambda x, total: self._multiply.binary(x, total, weight, bias, "add")

    def attention(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """See `Kernels.attention`.

        `scaled_dot_product_attention` multiplies through BLAS, and without the processor's bfloat16 units
        unless they are AMX. A few rows of scores at a time through oneDNN take half the time, in bfloat16 a
        third.
        """
        result = torch.empty_like(query)
        rows = range(0, query.shape[1], ATTENTION_ROWS)
        if query.dtype != torch.float32:
            key = key.transpose(1, 2)
            for row in rows:
                part = slice(row, row + ATTENTION_ROWS)
                result[:, part] = torch.bmm(torch.softmax(torch.bmm(query[:, part], key), -1), value)
            return result
        value = value.transpose(1, 2).contiguous()
        for head in range(len(query)):
            for row in rows:
                part = slice(row, row + ATTENTION_ROWS)
                scores = self._multiply(query[head, part], key[head], None, "none", [], "none")
                weights = torch.softmax(scores, -1)
                result[head, part] = self._multiply(weights, value[head], None, "none", [], "none")
        return result


def kernels_for(device: torch.device) -> Kernels:
    """The fastest kernels that exist for this device in this build of PyTorch."""
    fused = ("_convolution_pointwise", "_linear_pointwise")
    has_onednn = torch.backends.mkldnn.is_available() and all(
        hasattr(torch.ops.mkldnn, name) for name in fused
    )
    return OneDnnKernels() if device.type == "cpu" and has_onednn else TorchKernels()


def _packed(weight: Tensor, dtype: torch.dtype) -> Tensor:
    return weight.to(dtype).contiguous(memory_format=torch.channels_last)
