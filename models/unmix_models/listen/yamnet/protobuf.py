"""Messages of protocol buffers, written field by field (https://protobuf.dev/programming-guides/encoding/)."""

import struct

_VARINT, _LENGTH, _FIXED32 = 0, 2, 5


def field(number: int, value: "int | float | str | bytes") -> bytes:
    """One field: an integer ≥ 0, a float32, a text, or bytes, which a message is as well."""
    if isinstance(value, int):
        return _key(number, _VARINT) + _varint(value)
    if isinstance(value, float):
        return _key(number, _FIXED32) + struct.pack("<f", value)
    payload = value.encode() if isinstance(value, str) else value
    return _key(number, _LENGTH) + _varint(len(payload)) + payload


def _key(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _varint(value: int) -> bytes:
    if value < 0:
        raise ValueError(f"{value} is negative")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
