"""YAMNet out of its TFLite file: the 8-bit weights of each layer, and how the layers are put together.

Field numbers and codes: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs.
Only that network is read: a chain of convolutions, a mean over what they say, and one layer of classes.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmix_models.listen.yamnet.flatbuffer import Table, broken, root

FRAMES, BANDS, CLASSES = 96, 64, 521
"""Size of a patch that the network sees, and of its answer."""

_MODEL_CODES, _MODEL_GRAPHS, _MODEL_BUFFERS = 1, 2, 4
_CODE_FIRST, _CODE_LATER = 0, 3
_GRAPH_TENSORS, _GRAPH_INPUTS, _GRAPH_OUTPUTS, _GRAPH_OPERATORS = 0, 1, 2, 3
_TENSOR_SHAPE, _TENSOR_TYPE, _TENSOR_BUFFER, _TENSOR_QUANTIZATION = 0, 1, 2, 4
_BUFFER_DATA = 0
_SCALE, _ZERO_POINT, _QUANTIZED_DIMENSION = 2, 3, 6
_OPERATOR_CODE, _OPERATOR_INPUTS, _OPERATOR_OUTPUTS, _OPERATOR_OPTIONS = 0, 1, 2, 4
_PADDING, _STRIDE_W, _STRIDE_H = 0, 1, 2
_MULTIPLIER = 3
"""Of a depthwise convolution; what follows lies one place further on than in others."""
_ACTIVATION, _DILATION_W, _DILATION_H = 3, 4, 5

_CONV_2D, _DEPTHWISE_CONV_2D = 3, 4
_BEFORE = (114, 22, 49)
"""QUANTIZE, RESHAPE, SPLIT (into one): they change no number that matters."""
_BEHIND = (40, 9, 14, 6)
"""MEAN, FULLY_CONNECTED, LOGISTIC, DEQUANTIZE."""
_TYPES = {0: "f4", 2: "i4", 9: "i1"}
_SAME, _RELU6 = 0, 3

_MOST, _MOST_OPERATORS = 1000, 100
"""There are about a hundred tensors and buffers, and 34 operators."""
_LARGEST_SIDE, _LARGEST_STRIDE, _LARGEST_BIAS = 7, 4, 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Quantized:
    """Weights as 8-bit numbers and what one step of them is worth."""

    values: NDArray[np.int8]
    """Output channels first, as ONNX has them."""
    scales: NDArray[np.float32]
    """One for each output channel, or a single one."""


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A layer, followed by a clip to 0…6."""

    kernel: Quantized
    """`[outputs, inputs / groups, height, width]`."""
    bias: NDArray[np.float32]
    """`[outputs]`."""
    strides: tuple[int, int]
    pads: tuple[int, int, int, int]
    """Zeros above, left, below, right."""
    groups: int


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """What is in the file."""

    convolutions: tuple[Convolution, ...]
    weights: Quantized
    """Of the layer of classes, `[CLASSES, channels]`."""
    bias: NDArray[np.float32]
    """`[CLASSES]`."""

    @property
    def parameters(self) -> int:
        """Numbers in all its tensors."""
        layers = [(each.kernel, each.bias) for each in self.convolutions] + [(self.weights, self.bias)]
        return sum(weights.values.size + bias.size for weights, bias in layers)


def read(data: bytes) -> Network:
    """The network in a file. Raises InvalidWeights where it is not YAMNet, or not whole."""
    file = _File(data)
    if file.numbers_of_patch != [1, FRAMES, BANDS]:
        raise broken("another size of patch")
    split = len(_BEFORE), len(file.operators) - len(_BEHIND)
    codes = [file.code(operator) for operator in file.operators]
    if tuple(codes[: split[0]]) != _BEFORE or tuple(codes[split[1] :]) != _BEHIND:
        raise broken("other layers than YAMNet's")
    file.check_chain()
    size = _Size(FRAMES, BANDS, 1)
    convolutions: list[Convolution] = []
    for operator in file.operators[slice(*split)]:
        layer, size = _convolution(file, operator, size)
        convolutions.append(layer)
    _, weights, bias = file.inputs(file.operators[split[1] + 1], 3)
    classes = file.quantized(weights, (CLASSES, size.channels), axis=0)
    return Network(tuple(convolutions), classes, file.bias(bias, CLASSES))


@dataclass(frozen=True, slots=True)
class _Size:
    height: int
    width: int
    channels: int


class _File:
    """The tables of the only graph."""

    def __init__(self, data: bytes) -> None:
        model = root(data, b"TFL3")
        graphs = model.tables(_MODEL_GRAPHS, 1)
        if len(graphs) != 1:
            raise broken("no graph")
        self._codes = model.tables(_MODEL_CODES, _MOST)
        self._buffers = model.tables(_MODEL_BUFFERS, _MOST)
        self._tensors = graphs[0].tables(_GRAPH_TENSORS, _MOST)
        self.operators = graphs[0].tables(_GRAPH_OPERATORS, _MOST_OPERATORS)
        self._ends = [*map(int, graphs[0].numbers(_GRAPH_INPUTS, "i4")[:2])]
        self._ends += map(int, graphs[0].numbers(_GRAPH_OUTPUTS, "i4")[:2])
        if len(self._ends) != 2:
            raise broken("more than one input or output")

    @property
    def numbers_of_patch(self) -> list[int]:
        return self._shape(self._tensor(self._ends[0]))

    def code(self, operator: Table) -> int:
        index = operator.integer(_OPERATOR_CODE, "I", 0)
        if index >= len(self._codes):
            raise broken("an operator without a code")
        codes = self._codes[index]
        return max(codes.integer(_CODE_FIRST, "b", 0), codes.integer(_CODE_LATER, "i", 0))

    def inputs(self, operator: Table, count: int) -> list[int]:
        numbers = operator.numbers(_OPERATOR_INPUTS, "i4")
        if len(numbers) != count:
            raise broken(f"an operator with {len(numbers)} inputs instead of {count}")
        return [int(number) for number in numbers]

    def check_chain(self) -> None:
        """Each operator works on what the one before it gave."""
        links = [self._ends[0]]
        for operator in self.operators:
            outputs = operator.numbers(_OPERATOR_OUTPUTS, "i4")
            if len(outputs) != 1 or links[-1] not in operator.numbers(_OPERATOR_INPUTS, "i4")[:3]:
                raise broken("layers that do not follow one another")
            links.append(int(outputs[0]))
        if links[-1] != self._ends[1] or any(left == right for left, right in pairwise(links)):
            raise broken("layers that lead nowhere")

    def quantized(
        self, index: int, shape: tuple[int, ...], axis: int, order: tuple[int, ...] | None = None
    ) -> Quantized:
        """A tensor of this shape, whose channels are on `axis`, in another order of axes."""
        tensor = self._tensor(index)
        values = self._values(tensor, 9, shape)
        scales, dimension = self._scales(tensor, shape[axis])
        if len(scales) > 1 and dimension != axis:
            raise broken("scales along another axis")
        return Quantized(np.ascontiguousarray(values.transpose(order) if order else values), scales)

    def bias(self, index: int, outputs: int) -> NDArray[np.float32]:
        tensor = self._tensor(index)
        steps = self._values(tensor, 2, (outputs,)).astype(np.float64)
        bias = steps * self._scales(tensor, outputs)[0]
        if not (np.abs(bias) < _LARGEST_BIAS).all():
            raise broken("a bias without bounds")
        return bias.astype(np.float32)

    def shape(self, index: int) -> list[int]:
        return self._shape(self._tensor(index))

    def _tensor(self, index: int) -> Table:
        if not 0 <= index < len(self._tensors):
            raise broken("a layer without its tensor")
        return self._tensors[index]

    @staticmethod
    def _shape(tensor: Table) -> list[int]:
        return [int(side) for side in tensor.numbers(_TENSOR_SHAPE, "i4")[:5]]

    def _values(self, tensor: Table, kind: int, shape: tuple[int, ...]) -> NDArray[Any]:
        index = tensor.integer(_TENSOR_BUFFER, "I", 0)
        if index >= len(self._buffers) or tensor.integer(_TENSOR_TYPE, "b", 0) != kind:
            raise broken("a tensor of another kind")
        raw = self._buffers[index].numbers(_BUFFER_DATA, "u1")
        dtype = np.dtype(_TYPES[kind])
        if self._shape(tensor) != [*shape] or len(raw) != math.prod(shape) * dtype.itemsize:
            raise broken("a tensor of another shape")
        return raw.view(dtype.newbyteorder("<")).reshape(shape)

    @staticmethod
    def _scales(tensor: Table, channels: int) -> tuple[NDArray[np.float32], int]:
        said = tensor.table(_TENSOR_QUANTIZATION)
        if said is None:
            raise broken("a tensor without a scale")
        scales: NDArray[np.float32] = said.numbers(_SCALE, "f4").astype(np.float32)
        if len(scales) not in (1, channels) or not (np.isfinite(scales) & (scales > 0)).all():
            raise broken("scales that do not fit")
        if said.numbers(_ZERO_POINT, "i8").any():
            raise broken("weights that are not symmetric")
        return scales, said.integer(_QUANTIZED_DIMENSION, "i", 0)


def _convolution(file: _File, operator: Table, size: _Size) -> tuple[Convolution, _Size]:
    """A layer, and what it makes of `size`."""
    depthwise = file.code(operator) == _DEPTHWISE_CONV_2D
    options = operator.table(_OPERATOR_OPTIONS)
    if options is None or not (depthwise or file.code(operator) == _CONV_2D):
        raise broken("a layer that is no convolution")
    further = 1 if depthwise else 0
    usual = (
        options.integer(_PADDING, "b", 0) == _SAME
        and options.integer(_ACTIVATION + further, "b", 0) == _RELU6
        and options.integer(_DILATION_W + further, "i", 1) == 1
        and options.integer(_DILATION_H + further, "i", 1) == 1
        and not (depthwise and options.integer(_MULTIPLIER, "i", 0) != 1)
    )
    strides = options.integer(_STRIDE_H, "i", 0), options.integer(_STRIDE_W, "i", 0)
    _, kernel, bias = file.inputs(operator, 3)
    shape = file.shape(kernel)
    if not usual or len(shape) != 4 or not all(1 <= stride <= _LARGEST_STRIDE for stride in strides):
        raise broken("a convolution of another kind")
    sides = shape[1], shape[2]
    outputs = size.channels if depthwise else shape[0]
    if outputs < 1 or not all(1 <= side <= _LARGEST_SIDE for side in sides):
        raise broken("a kernel of another size")
    expected = (1, *sides, outputs) if depthwise else (outputs, *sides, size.channels)
    layer = Convolution(
        kernel=file.quantized(
            kernel, expected, 3 if depthwise else 0, (3, 0, 1, 2) if depthwise else (0, 3, 1, 2)
        ),
        bias=file.bias(bias, outputs),
        strides=strides,
        pads=_pads((size.height, size.width), sides, strides),
        groups=outputs if depthwise else 1,
    )
    return layer, _Size(-(-size.height // strides[0]), -(-size.width // strides[1]), outputs)


def _pads(
    size: tuple[int, int], sides: tuple[int, int], strides: tuple[int, int]
) -> tuple[int, int, int, int]:
    """As many zeros as TensorFlow's SAME wants: as many outputs as strides begin, the odd one behind."""
    height, width = (
        max((-(-length // stride) - 1) * stride + side - length, 0)
        for length, side, stride in zip(size, sides, strides, strict=True)
    )
    return height // 2, width // 2, height - height // 2, width - width // 2
