"""YAMNet as an ONNX model: the 8-bit weights of the TFLite file, and float32 in between.

The network's own 8-bit answers come in steps, so that faint music beside a voice is lost in them. Field numbers and
codes: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the `onnx` package would be 30 MB for the same.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmix_models.listen.yamnet.protobuf import field
from unmix_models.listen.yamnet.tflite import BANDS, CLASSES, FRAMES, Network, Quantized

INPUT, OUTPUT = "patch", "logits"
"""`[patches, FRAMES, BANDS]` and `[patches, CLASSES]`."""

_MODEL_IR_VERSION, _MODEL_PRODUCER, _MODEL_GRAPH, _MODEL_OPERATORS = 1, 2, 7, 8
_GRAPH_NODE, _GRAPH_NAME, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT = 1, 2, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OP_TYPE, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INT, _ATTRIBUTE_INTS, _ATTRIBUTE_TYPE = 1, 3, 8, 20
_TENSOR_DIM, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_DATA = 1, 2, 8, 9
_VALUE_NAME, _VALUE_TYPE, _TYPE_TENSOR, _TENSOR_ELEMENT, _TENSOR_SHAPE = 1, 2, 1, 1, 2
_SHAPE_DIM, _DIM_VALUE, _DIM_NAME = 1, 1, 2
_OPERATORS_VERSION = 2

_INT, _INTS = 2, 7
_FLOAT32, _INT8, _INT64 = 1, 3, 7
_IR_VERSION, _OPERATOR_SET = 8, 13


def encode(network: Network) -> bytes:
    """The model as ONNX Runtime takes it."""
    graph = _Graph()
    graph.tensor("axis", np.array([1], np.int64))
    graph.tensor("least", np.array(0, np.float32))
    graph.tensor("most", np.array(6, np.float32))
    current = graph.node("Unsqueeze", [INPUT, "axis"], "image")
    for number, layer in enumerate(network.convolutions):
        kernel = graph.weights(f"kernel_{number}", layer.kernel)
        bias = graph.tensor(f"bias_{number}", layer.bias)
        convolved = graph.node(
            "Conv",
            [current, kernel, bias],
            f"convolved_{number}",
            strides=layer.strides,
            pads=layer.pads,
            group=layer.groups,
            kernel_shape=layer.kernel.values.shape[2:],
        )
        current = graph.node("Clip", [convolved, "least", "most"], f"activated_{number}")
    pooled = graph.node("GlobalAveragePool", [current], "pooled")
    flat = graph.node("Flatten", [pooled], "embedding")
    weights = graph.weights("classes", network.weights)
    graph.node("Gemm", [flat, weights, graph.tensor("bias", network.bias)], OUTPUT, transB=1)
    return b"".join(
        (
            field(_MODEL_IR_VERSION, _IR_VERSION),
            field(_MODEL_PRODUCER, "unmix"),
            field(_MODEL_GRAPH, graph.encoded()),
            field(_MODEL_OPERATORS, field(_OPERATORS_VERSION, _OPERATOR_SET)),
        )
    )


class _Graph:
    """Grows in the order of its computation."""

    def __init__(self) -> None:
        self._fields: list[bytes] = []

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: "int | Sequence[int]") -> str:
        """Append an operator; returns the name of its output."""
        parts = [field(_NODE_INPUT, name) for name in inputs]
        parts += [field(_NODE_OUTPUT, output), field(_NODE_OP_TYPE, kind)]
        parts += [field(_NODE_ATTRIBUTE, _attribute(name, value)) for name, value in attributes.items()]
        self._fields.append(field(_GRAPH_NODE, b"".join(parts)))
        return output

    def tensor(self, name: str, values: NDArray[Any]) -> str:
        """Append a constant; returns its name."""
        kind = {"f4": _FLOAT32, "i1": _INT8, "i8": _INT64}[values.dtype.str[1:]]
        parts = [field(_TENSOR_DIM, side) for side in values.shape]
        parts += [field(_TENSOR_TYPE, kind), field(_TENSOR_NAME, name)]
        parts.append(field(_TENSOR_DATA, values.astype(values.dtype.newbyteorder("<")).tobytes()))
        self._fields.append(field(_GRAPH_INITIALIZER, b"".join(parts)))
        return name

    def weights(self, name: str, weights: Quantized) -> str:
        """Append 8-bit weights and what makes float32 of them; returns the name of these."""
        scales = weights.scales if len(weights.scales) > 1 else weights.scales[0]
        self.tensor(f"{name}_steps", weights.values)
        self.tensor(f"{name}_scales", np.asarray(scales, np.float32))
        axis = {"axis": 0} if len(weights.scales) > 1 else {}
        return self.node("DequantizeLinear", [f"{name}_steps", f"{name}_scales"], name, **axis)

    def encoded(self) -> bytes:
        """The whole message."""
        ends = field(_GRAPH_INPUT, _value(INPUT, FRAMES, BANDS)) + field(
            _GRAPH_OUTPUT, _value(OUTPUT, CLASSES)
        )
        return field(_GRAPH_NAME, "yamnet") + b"".join(self._fields) + ends


def _attribute(name: str, value: "int | Sequence[int]") -> bytes:
    if isinstance(value, int):
        said = field(_ATTRIBUTE_INT, value) + field(_ATTRIBUTE_TYPE, _INT)
    else:
        said = b"".join(field(_ATTRIBUTE_INTS, each) for each in value) + field(_ATTRIBUTE_TYPE, _INTS)
    return field(_ATTRIBUTE_NAME, name) + said


def _value(name: str, *sides: int) -> bytes:
    """A float32 input or output of any number of patches."""
    dims = [field(_DIM_NAME, "patches"), *(field(_DIM_VALUE, side) for side in sides)]
    shape = b"".join(field(_SHAPE_DIM, dim) for dim in dims)
    tensor = field(_TENSOR_ELEMENT, _FLOAT32) + field(_TENSOR_SHAPE, shape)
    return field(_VALUE_NAME, name) + field(_VALUE_TYPE, field(_TYPE_TENSOR, tensor))
