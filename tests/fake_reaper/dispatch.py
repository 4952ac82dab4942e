"""From a script's call to the function that carries it out: all of the table, or a refusal that is noted."""

import ctypes
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from fake_reaper import marshal, table
from fake_reaper.functions import implemented

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper

NULL_ALLOWED = {"SetMediaItemTake_Source": {1}, "SetOnlyTrackSelected": {0}, "ValidatePtr2": {1}}
"""Arguments that a function looks at even where they are NULL, by their places; any other then does nothing."""


class Call(NamedTuple):
    """One call by a script, with its arguments as the script gave them."""

    name: str
    arguments: tuple[Any, ...]


class Dispatch:
    """Calls the functions, and keeps what was called."""

    def __init__(self, reaper: "FakeReaper") -> None:
        self._reaper = reaper
        self._functions = implemented()
        self.calls: list[Call] = []
        self.nulls: list[str] = []
        self.strings = 0
        """How many strings of 4 MiB were made."""
        self.seconds = 0.0
        self.busy = 0.0
        """How long the functions took, which says nothing about REAPER's."""

    def namespace(self) -> dict[str, Callable[..., Any]]:
        """Return what `from reaper_python import *` brings."""
        pointers = self._reaper.pointers
        wrapped = {
            f"RPR_{name}": marshal.wrapper(function, pointers, self._call)
            for name, function in table.load().functions.items()
        }
        return {**wrapped, "RPR_ValidatePtr": self._validate}

    def _validate(self, address: int, kind: str) -> int:
        """Take a bare number: a pointer as a script has it raises TypeError."""
        self.calls.append(Call("RPR_ValidatePtr", (address, kind)))
        return int(self._reaper.pointers.is_valid(ctypes.c_uint64(address).value, str(kind)))

    def _call(self, function: table.Function, given: tuple[Any, ...], arguments: list[Any]) -> Any:
        name = f"RPR_{function.name}"
        self.calls.append(Call(name, given))
        if function.name not in self._functions:
            self._reaper.note(f"The stand-in does not model {name}.")
            raise NotImplementedError(name)
        for index, argument in enumerate(function.arguments):
            self.strings += argument.kind == "str" and argument.comes_back
            if argument.kind == "ReaProject*" and arguments[index] is None:
                arguments[index] = self._reaper.active
            elif _is_null(argument, arguments[index]) and index not in NULL_ALLOWED.get(function.name, ()):
                self.nulls.append(name)
                return marshal.ZERO.get(function.returns)
            elif argument.name.endswith("_sz") and not argument.comes_back:
                self._check_size(name, arguments[index])
        began, busy = time.perf_counter(), time.thread_time()
        try:
            with self._reaper.guard.host():
                return self._functions[function.name](self._reaper, *arguments)
        finally:
            self.seconds += time.perf_counter() - began
            self.busy += time.thread_time() - busy

    def _check_size(self, name: str, size: int) -> None:
        if size > marshal.STRING_BUFFER:
            self._reaper.note(
                f"{name} was told of a buffer of {size} bytes: REAPER would write past the end."
            )


def _is_null(argument: table.Argument, value: Any) -> bool:
    return argument.kind in table.CORE and value is None
