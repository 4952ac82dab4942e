"""What `reaper_python.py` does to every call: the arguments on their way in, the results on their way out.

Each rule follows that file's: numbers go through C's types, pointers are looked up and become NULL where
nothing is found, a string that comes back has a buffer of 4 MiB of its own, and a function that changes an
argument returns all of them.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fake_reaper.pointers import Pointers, written
from fake_reaper.table import Argument, Function

STRING_BUFFER = 4 * 1024 * 1024
NUMBERS: dict[str, Any] = {"int": ctypes.c_int, "bool": ctypes.c_byte, "float": ctypes.c_double}
NOT_UTF8 = "surrogateescape"
"""How bytes of an old project that are not UTF-8 are kept in the model; a script's decoding fails on them."""
ZERO: dict[str, Any] = {"": None, "int": 0, "bool": 0, "float": 0.0}

Call = Callable[[Function, tuple[Any, ...], list[Any]], Any]
"""What carries a call out, with its arguments as given and as REAPER sees them."""


@dataclass(slots=True)
class Reference:
    """An argument that the host may write to; `value` is a number or a text."""

    value: Any
    written: bool = False

    def write(self, value: Any) -> None:
        self.value, self.written = value, True


def wrapper(function: Function, pointers: Pointers, call: Call) -> Callable[..., Any]:
    """Return the function as `from reaper_python import *` would bring it."""

    def marshalled(*arguments: Any) -> Any:
        if len(arguments) != len(function.arguments):
            raise TypeError(
                f"RPR_{function.name}() takes {len(function.arguments)} positional arguments "
                f"but {len(arguments)} were given"
            )
        inside = [
            _inwards(argument, value, pointers)
            for argument, value in zip(function.arguments, arguments, strict=True)
        ]
        returned = _outwards(function.returns, call(function, arguments, inside), pointers)
        if not function.returns_tuple:
            return returned
        back = [
            _back(function, place, inside, arguments[place])
            if function.arguments[place].comes_back
            else arguments[place]
            for place in function.returned
        ]
        return tuple([returned, *back] if function.returns else back)

    marshalled.__name__ = marshalled.__qualname__ = f"RPR_{function.name}"
    return marshalled


def _inwards(argument: Argument, value: Any, pointers: Pointers) -> Any:
    if argument.kind == "str":
        encoded = str(value).encode()
        if argument.comes_back:
            buffer = ctypes.create_string_buffer(encoded, STRING_BUFFER)  # too long a text raises ValueError
            return Reference(buffer.value.decode())
        return encoded.split(b"\0")[0].decode()
    if argument.pointer:
        return pointers.at(pointers.read(argument.kind, value))
    if argument.kind == "list":
        return value
    number = NUMBERS[argument.kind](value).value
    return Reference(number) if argument.comes_back else number


def _outwards(kind: str, value: Any, pointers: Pointers) -> Any:
    if kind == "str":
        return value.encode(
            errors=NOT_UTF8
        ).decode()  # NULL is None, and raises AttributeError as it does there
    if kind in NUMBERS:
        return NUMBERS[kind](value).value
    if kind == "":
        return None
    return written(kind, value) if isinstance(value, int) else pointers.pointer_to(value, kind)


def _back(function: Function, index: int, inside: list[Any], given: Any) -> Any:
    argument, value = function.arguments[index], inside[index]
    if argument.kind == "list":
        return given
    if argument.kind != "str":
        return NUMBERS[argument.kind](value.value).value
    return _cut(value, _size_of(function, index, inside)).decode()


def _cut(text: Reference, size: int) -> bytes:
    """Cut what the host wrote at the size that the script named, in the middle of a character if need be."""
    encoded = text.value.encode(errors=NOT_UTF8).split(b"\0")[0]
    return encoded[: max(0, size - 1)] if text.written else encoded


def _size_of(function: Function, index: int, inside: list[Any]) -> int:
    name = f"{function.arguments[index].name}_sz"
    for argument, value in zip(function.arguments, inside, strict=True):
        if argument.name == name:
            return value.value if isinstance(value, Reference) else value
    return STRING_BUFFER
