"""REAPER's Python API as a table of facts: every function's arguments in order, and what it returns."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

FILE = Path(__file__).with_name("api_table.json")
CORE = ("ReaProject*", "MediaTrack*", "MediaItem*", "MediaItem_Take*", "PCM_source*", "TrackEnvelope*")
"""The kinds of pointer that REAPER itself validates."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. `kind` is "int", "bool", "float", "str", "list" or a pointer's type with its asterisk."""

    name: str
    kind: str
    comes_back: bool

    @property
    def pointer(self) -> bool:
        return self.kind.endswith("*") or self.kind == "HWND"


@dataclass(frozen=True, slots=True)
class Function:
    """One function; `returns` is a kind, or "" for C's void. `name` has no RPR_ prefix."""

    name: str
    returns: str
    arguments: tuple[Argument, ...]

    @property
    def returns_tuple(self) -> bool:
        """Whether every argument comes back, because one of them may have changed."""
        return any(argument.comes_back for argument in self.arguments)

    @property
    def returned(self) -> tuple[int, ...]:
        """Places of the arguments that are in the tuple: a list that is filled comes alone, else all do."""
        lists = tuple(place for place, argument in enumerate(self.arguments) if argument.kind == "list")
        return lists or tuple(range(len(self.arguments))) * self.returns_tuple


@dataclass(frozen=True, slots=True)
class Table:
    """Where each function is found, by name without RPR_."""

    functions: Mapping[str, Function]
    """What `from reaper_python import *` brings."""
    injected: Mapping[str, Function]
    """What REAPER puts into `__main__` and nowhere else: defer, runloop, atexit."""
    documented: Mapping[str, Function]
    """What the documentation has and no `reaper_python.py` was seen with."""
    absent: tuple[str, ...]
    """What only scripts in Lua and EEL have."""


@cache
def load() -> Table:
    """Read the table that is committed beside this module."""
    facts = json.loads(FILE.read_text())

    def functions(part: str) -> Mapping[str, Function]:
        return MappingProxyType({name: _function(name, *entry) for name, entry in facts[part].items()})

    return Table(
        functions("functions"), functions("injected"), functions("documented"), tuple(facts["absent"])
    )


def _function(name: str, returns: str, *arguments: list[str]) -> Function:
    named = (Argument(word, kind.removesuffix("&"), kind.endswith("&")) for word, kind in arguments)
    return Function(name, returns, tuple(named))
