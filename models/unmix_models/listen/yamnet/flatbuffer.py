"""Tables of a FlatBuffers file, read without trusting it: whatever an offset says, nothing outside is touched.

The encoding: https://flatbuffers.dev/internals/. A table begins with the distance back to its list of fields (its
vtable), which says how far into the table each field lies; vectors and other tables are reached by distances, too.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmix_models.errors import InvalidWeights

_DISTANCE, _BACKWARDS, _SHORT = "<I", "<i", "<H"
_VTABLE_HEADER = 4
"""Bytes of a vtable before its fields: its own size and that of the table."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table; fields are numbered in the order of the schema. Every method raises InvalidWeights."""

    data: bytes
    """The whole file."""
    position: int

    def integer(self, field: int, kind: str, default: int) -> int:
        """A number, whose encoding is as in `struct`."""
        place = self._place(field)
        return default if place is None else _number(self.data, place, f"<{kind}")

    def table(self, field: int) -> "Table | None":
        """The table that a field leads to; None where it is left out."""
        place = self._place(field)
        return None if place is None else _follow(self.data, place)

    def tables(self, field: int, most: int) -> "list[Table]":
        """A vector of tables; none where it is left out."""
        count, start = self._vector(field, 4)
        if count > most:
            raise broken(f"{count} entries where no more than {most} are usual")
        return [_follow(self.data, start + 4 * index) for index in range(count)]

    def numbers(self, field: int, kind: str) -> NDArray[Any]:
        """A vector of numbers, whose kind is as in `numpy.dtype`; empty where it is left out. It is not copied."""
        dtype = np.dtype(kind).newbyteorder("<")
        count, start = self._vector(field, dtype.itemsize)
        return np.frombuffer(self.data, dtype, count, start)

    def _vector(self, field: int, item: int) -> tuple[int, int]:
        place = self._place(field)
        if place is None:
            return 0, 0
        start = place + _number(self.data, place, _DISTANCE)
        count = _number(self.data, start, _DISTANCE)
        if start + 4 + count * item > len(self.data):
            raise broken("a list that ends beyond the file")
        return count, start + 4

    def _place(self, field: int) -> int | None:
        vtable = self.position - _number(self.data, self.position, _BACKWARDS)
        entry = _VTABLE_HEADER + 2 * field
        if entry + 2 > _number(self.data, vtable, _SHORT):
            return None
        within = _number(self.data, vtable + entry, _SHORT)
        return self.position + within if within else None


def root(data: bytes, identifier: bytes) -> Table:
    """The outermost table of a file of this kind. Raises InvalidWeights."""
    if data[4:8] != identifier:
        raise broken(f"no {identifier.decode()} where the kind of the file is said")
    return _follow(data, 0)


def broken(what: str) -> InvalidWeights:
    """The error for a file that is not what its name says."""
    return InvalidWeights(f"The file is no TFLite model that unmix can read ({what}); download it again.")


def _follow(data: bytes, place: int) -> Table:
    return Table(data, place + _number(data, place, _DISTANCE))


def _number(data: bytes, place: int, encoding: str) -> int:
    if not 0 <= place <= len(data) - struct.calcsize(encoding):
        raise broken("an offset leads out of it")
    (value,) = struct.unpack_from(encoding, data, place)
    return value
