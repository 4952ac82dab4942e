"""Addresses of the things in the projects, as REAPER hands them to a script: "(MediaItem*)0x00007F…".

An address is good as long as its thing is in an open project. A pointer that is malformed, of another kind
or stale becomes NULL, and nothing tells the script.
"""

import re
from typing import Any

from fake_reaper.model.item import Item
from fake_reaper.model.project import Project
from fake_reaper.model.source import Source
from fake_reaper.model.take import Take
from fake_reaper.model.track import Track
from fake_reaper.switches import Switches

KINDS = {
    Project: "ReaProject*",
    Track: "MediaTrack*",
    Item: "MediaItem*",
    Take: "MediaItem_Take*",
    Source: "PCM_source*",
}
FIRST_ADDRESS = 0x00007F31_A0000000
"""Above 4 GiB, so that both halves of the sixteen digits matter."""
STEP = 0x1C0
WRITTEN = re.compile(r"^\((\w+\*|HWND)\)0x([0-9A-F]+)$")


def written(kind: str, address: int) -> str:
    """Return a pointer as a script sees it."""
    return f"({kind})0x{address >> 32:08X}{address & 0xFFFFFFFF:08X}"


class Pointers:
    """Gives addresses and finds what is there."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._things: dict[int, Any] = {}
        self._addresses: dict[int, int] = {}
        self._next = FIRST_ADDRESS

    def address_of(self, thing: Any) -> int:
        """Return the address of a thing; 0 for None."""
        if thing is None:
            return 0
        if id(thing) not in self._addresses:
            address = self._free_address(type(thing))
            self._things[address] = thing
            self._addresses[id(thing)] = address
        return self._addresses[id(thing)]

    def pointer_to(self, thing: Any, kind: str = "") -> str:
        """Return the pointer to a thing as a script sees it; None is NULL of the kind."""
        return written(kind or KINDS[type(thing)], self.address_of(thing))

    def read(self, kind: str, pointer: object) -> int:
        """Return the address that a pointer holds, or 0: the rules of `reaper_python.py`."""
        match = WRITTEN.match(str(pointer))
        if match is None or (match[1] != kind and kind != "void*"):
            return 0
        digits = match[2]  # fewer than nine of them raise ValueError, as in REAPER
        address = (int(digits[:8], 16) << 32 | int(digits[8:], 16)) & 0xFFFFFFFF_FFFFFFFF
        return address if self.is_valid(address, kind) else 0

    def is_valid(self, address: int, kind: str) -> bool:
        """Whether a thing of this kind is at an address now."""
        thing = self.at(address)
        if thing is None or (kind == "void*" and self._switches.void_ptr_invalid):
            return False
        return kind in ("void*", KINDS[type(thing)])

    def at(self, address: int) -> Any:
        """Return the living thing at an address, or None."""
        thing = self._things.get(address)
        return thing if thing is not None and self._alive(thing) else None

    def belongs(self, thing: Any, kind: str, project: Project) -> bool:
        """Whether a thing is of a kind and in a project; a project and a new source are in any."""
        if thing is None or KINDS[type(thing)] != kind:
            return False
        if isinstance(thing, Source) and thing.take is not None:
            thing = thing.take
        if isinstance(thing, Take):
            thing = thing.item
        if isinstance(thing, Item):
            thing = thing.track
        return not isinstance(thing, Track) or thing.project is project

    def move(self, old: Any, new: Any) -> None:
        """Let a thing take over the address of another, as a track's that an undo brings back."""
        if id(old) in self._addresses:
            address = self._addresses.pop(id(old))
            self._things[address] = new
            self._addresses[id(new)] = address

    def _alive(self, thing: Any) -> bool:
        if isinstance(thing, Source) and thing.take is None:
            return not thing.destroyed and not self._switches.strict_new_source
        return thing.alive

    def _free_address(self, kind: type) -> int:
        if self._switches.reuse_addresses:
            for address, thing in self._things.items():
                if type(thing) is kind and not thing.alive:
                    del self._addresses[id(thing)]
                    return address
        self._next += STEP
        return self._next
