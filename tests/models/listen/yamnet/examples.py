"""A file that is built as YAMNet's, with few channels, and the same network in numpy."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import flatbuffers
import numpy as np
from unmix_models.listen.yamnet.tflite import BANDS, CLASSES, FRAMES, Network

FLOAT32, INT32, INT8 = 0, 2, 9
QUANTIZE, RESHAPE, SPLIT, CONV, DEPTHWISE, MEAN, DENSE, LOGISTIC, DEQUANTIZE = 114, 22, 49, 3, 4, 40, 9, 14, 6
CODES = (QUANTIZE, RESHAPE, SPLIT, CONV, DEPTHWISE, MEAN, DENSE, LOGISTIC, DEQUANTIZE)
RELU6 = 3


@dataclass(frozen=True)
class Changes:
    """What is not as it should be; see `file`."""

    identifier: bytes = b"TFL3"
    patch: tuple[int, ...] = (1, FRAMES, BANDS)
    codes: tuple[int, ...] = CODES
    activation: int = RELU6
    stride: int = 2
    scale: float = 0.02
    zero_point: int = 0
    missing: int = 0
    """Bytes at the end of each kernel."""
    graphs: int = 1


@cache
def file(changes: Changes = Changes()) -> bytes:  # frozen
    """A convolution, a depthwise one with a stride, a mean, and the classes."""
    return _File(changes).finish()


class _File:
    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self.builder = flatbuffers.Builder(1 << 16)
        self.random = np.random.default_rng(7)
        self.buffers = [self._table({})]
        self.tensors: list[int] = []
        self.operators: list[int] = []

    def finish(self) -> bytes:
        change = self.changes
        patch = self._tensor(change.patch, FLOAT32)
        heard = self._tensor((1, FRAMES, BANDS), INT8)
        image = self._tensor((1, FRAMES, BANDS, 1), INT8)
        same = self._tensor((1, FRAMES, BANDS, 1), INT8)
        shape = self._tensor((4,), INT32)
        self._operator(0, [patch], heard)
        self._operator(1, [heard, shape], image)
        self._operator(2, [shape, image], same)
        convolved = self._tensor((1, 48, 32, 4), INT8)
        kernel, bias = self._weights((4, 3, 3, 1), 0), self._bias(4)
        self._operator(3, [same, kernel, bias], convolved, self._options(change.stride, 0))
        deep = self._tensor((1, 24, 16, 4), INT8)
        kernel, bias = self._weights((1, 3, 3, 4), 3), self._bias(4)
        self._operator(4, [convolved, kernel, bias], deep, self._options(2, 1))
        mean, logits, scores, end = (self._tensor((1, side), INT8) for side in (4, CLASSES, CLASSES, CLASSES))
        self._operator(5, [deep, shape], mean)
        self._operator(6, [mean, self._weights((CLASSES, 4), None), self._bias(CLASSES, 1)], logits)
        self._operator(7, [logits], scores)
        self._operator(8, [scores], end)
        vectors = {
            0: self._vector(self.tensors),
            1: self._numbers([patch], "i4"),
            2: self._numbers([end], "i4"),
            3: self._vector(self.operators),
        }
        graphs = self._vector([self._table(vectors)] * change.graphs)
        codes = self._vector([self._table({}, {0: ("Int8", code)}) for code in change.codes])
        buffers = self._vector(self.buffers)
        model = self._table({1: codes, 2: graphs, 4: buffers}, {0: ("Uint32", 3)})
        self.builder.Finish(model, file_identifier=change.identifier)
        return bytes(self.builder.Output())

    def _options(self, stride: int, further: int) -> int:
        numbers = {1: ("Int32", stride), 2: ("Int32", stride), 3 + further: ("Int8", self.changes.activation)}
        return self._table({}, numbers | ({3: ("Int32", 1)} if further else {}))

    def _weights(self, shape: tuple[int, ...], axis: int | None) -> int:
        values = self.random.integers(-127, 128, shape).astype(np.int8)
        count = 1 if axis is None else shape[axis]
        return self._tensor(shape, INT8, values.tobytes()[self.changes.missing :], count, axis or 0)

    def _bias(self, outputs: int, scales: int | None = None) -> int:
        values = self.random.integers(-20, 21, outputs).astype("<i4")
        return self._tensor((outputs,), INT32, values.tobytes(), scales or outputs, 0)

    def _tensor(
        self, shape: tuple[int, ...], kind: int, data: bytes = b"", scales: int = 1, axis: int = 0
    ) -> int:
        step = self.changes.scale * np.linspace(1, 2, scales)
        quantization = self._table(
            {2: self._numbers(step, "f4"), 3: self._numbers([self.changes.zero_point] * scales, "i8")},
            {6: ("Int32", axis)},
        )
        buffer = 0
        if data:
            buffer = len(self.buffers)
            self.buffers.append(self._table({0: self._numbers(np.frombuffer(data, "u1"), "u1")}))
        fields = {0: self._numbers(shape, "i4"), 4: quantization}
        self.tensors.append(self._table(fields, {1: ("Int8", kind), 2: ("Uint32", buffer)}))
        return len(self.tensors) - 1

    def _operator(self, code: int, inputs: list[int], output: int, options: int | None = None) -> None:
        fields = {1: self._numbers(inputs, "i4"), 2: self._numbers([output], "i4")}
        fields |= {4: options} if options is not None else {}
        self.operators.append(self._table(fields, {0: ("Uint32", code)}))

    def _numbers(self, values: Any, kind: str) -> int:
        return self.builder.CreateNumpyVector(np.asarray(values, f"<{kind}"))

    def _vector(self, offsets: list[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return self.builder.EndVector()

    def _table(self, offsets: dict[int, int], numbers: dict[int, tuple[str, int]] | None = None) -> int:
        numbers = numbers or {}
        self.builder.StartObject(max([*offsets, *numbers], default=-1) + 1)
        for field, offset in offsets.items():
            self.builder.PrependUOffsetTRelativeSlot(field, offset, 0)
        for field, (kind, value) in numbers.items():
            getattr(self.builder, f"Prepend{kind}Slot")(field, value, 0)
        return self.builder.EndObject()


def logits(network: Network, patch: np.ndarray) -> np.ndarray:
    """What the network says of `[96, 64]`, by numpy alone."""
    heard = patch[None].astype(np.float64)
    for layer in network.convolutions:
        kernel = layer.kernel.values * layer.kernel.scales.reshape(-1, 1, 1, 1).astype(np.float64)
        above, left, below, right = layer.pads
        padded = np.pad(heard, ((0, 0), (above, below), (left, right)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(1, 2))
        windows = windows[:, :: layer.strides[0], :: layer.strides[1]]
        if layer.groups > 1:
            convolved = np.einsum("chwij,cij->chw", windows, kernel[:, 0])
        else:
            convolved = np.tensordot(kernel, windows, axes=((1, 2, 3), (0, 3, 4)))
        heard = np.clip(convolved + layer.bias[:, None, None], 0, 6)
    weights = network.weights.values * network.weights.scales[:, None].astype(np.float64)
    return weights @ heard.mean(axis=(1, 2)) + network.bias
