"""An ONNX graph that forgets at the end of each run, rewritten into one that carries its state on.

DeepFilterNet is published as graphs over a whole recording: every GRU starts from zeros and every
convolution over time starts with frames of zeros. Running such a graph piece by piece with some
overlap is only similar to one pass: 2 s of warm-up leave a difference of −35 dB on speech and −4 dB on
steady hiss, 8 s no better than −38 and −8, because the GRUs remember for longer than that. So the
graph itself is changed, in memory, at load time:

- each GRU's initial state becomes an input of the graph, `state_0`, `state_1`, …, in node order, and
  its last state an output, `next_state_0`, … ;
- a `Pad` that is the first thing to happen to an input is left out, so that the caller can give the
  frames before the piece instead of zeros;
- inputs lose their declared shapes, which fix the batch to 1 although the graph does not.

Only this much of the protobuf encoding is read and written here; the `onnx` package would be 30 MB for
the same. Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; encoding:
https://protobuf.dev/programming-guides/encoding/.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5

_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INPUT, _GRAPH_OUTPUT = 1, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OP_TYPE = 1, 2, 4
_VALUE_NAME, _VALUE_TYPE = 1, 2

_FLOAT_OF_ANY_SHAPE = b"\x0a\x02\x08\x01"
"""TypeProto { tensor_type { elem_type: FLOAT } }."""

_GRU_INITIAL_STATE, _GRU_LAST_STATE = 5, 1
"""Places among the inputs and the outputs of the GRU operator."""


@dataclass(frozen=True, slots=True)
class Stateful:
    """A rewritten graph."""

    model: bytes
    """ONNX model to give to a session."""
    states: int
    """How many states it takes and returns; each is float32 `[1, batch, hidden size]`."""


@dataclass(slots=True)
class _Field:
    number: int
    wire: int
    payload: bytes
    """For `_VARINT` as encoded; for `_LENGTH` without the length."""


def rewrite(model: bytes) -> Stateful:
    """Expose the states of a float32 graph.

    Raises `ValueError` or `IndexError` where `model` is no ONNX model of that kind.
    """
    fields = list(_parse(model))
    graph_field = next((field for field in fields if field.number == _MODEL_GRAPH), None)
    if graph_field is None:
        raise ValueError("no graph in this file")
    graph = list(_parse(graph_field.payload))
    nodes = [list(_parse(field.payload)) for field in graph if field.number == _GRAPH_NODE]
    inputs = [_text(_parse(field.payload), _VALUE_NAME)[0] for field in graph if field.number == _GRAPH_INPUT]

    unpadded: dict[bytes, bytes] = {}
    kept: list[list[_Field]] = []
    states = 0
    for node in nodes:
        match _text(node, _NODE_OP_TYPE):
            case [b"Pad"]:
                padded = _text(node, _NODE_INPUT)[0]
                if padded in inputs:
                    unpadded[_text(node, _NODE_OUTPUT)[0]] = padded
                    continue
            case [b"GRU"]:
                _places(node, _NODE_INPUT)[_GRU_INITIAL_STATE].payload = b"state_%d" % states
                _places(node, _NODE_OUTPUT)[_GRU_LAST_STATE].payload = b"next_state_%d" % states
                states += 1
            case _:
                pass
        kept.append(node)
    for node in kept:
        for place in _places(node, _NODE_INPUT):
            place.payload = unpadded.get(place.payload, place.payload)

    others = [field for field in graph if field.number not in (_GRAPH_NODE, _GRAPH_INPUT)]
    names = [*inputs, *(b"state_%d" % index for index in range(states))]
    graph_field.payload = _serialise(
        [_Field(_GRAPH_NODE, _LENGTH, _serialise(node)) for node in kept]
        + others
        + [_value(_GRAPH_INPUT, name, _FLOAT_OF_ANY_SHAPE) for name in names]
        + [_value(_GRAPH_OUTPUT, b"next_state_%d" % index, b"") for index in range(states)]
    )
    return Stateful(_serialise(fields), states)


def _value(number: int, name: bytes, kind: bytes) -> _Field:
    described = [_Field(_VALUE_NAME, _LENGTH, name)]
    if kind:
        described.append(_Field(_VALUE_TYPE, _LENGTH, kind))
    return _Field(number, _LENGTH, _serialise(described))


def _places(message: list[_Field], number: int) -> list[_Field]:
    return [field for field in message if field.number == number]


def _text(message: "list[_Field] | Iterator[_Field]", number: int) -> list[bytes]:
    return [field.payload for field in message if field.number == number]


def _parse(message: bytes) -> Iterator[_Field]:
    position = 0
    while position < len(message):
        key, start = _varint(message, position)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            _, position = _varint(message, start)
        elif wire == _LENGTH:
            length, start = _varint(message, start)
            position = start + length
        elif wire in (_FIXED64, _FIXED32):
            position = start + (8 if wire == _FIXED64 else 4)
        else:
            raise ValueError("not in protobuf encoding")
        if position > len(message):
            raise ValueError("the file ends too early")
        yield _Field(number, wire, message[start:position])


def _serialise(message: list[_Field]) -> bytes:
    parts: list[bytes] = []
    for field in message:
        parts.append(_encoded(field.number << 3 | field.wire))
        if field.wire == _LENGTH:
            parts.append(_encoded(len(field.payload)))
        parts.append(field.payload)
    return b"".join(parts)


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(message):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError("the file ends too early")


def _encoded(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
