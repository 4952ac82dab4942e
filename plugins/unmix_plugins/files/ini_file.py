"""REAPER's .ini files as bytes, so that every line that is not ours stays as it is, whatever its encoding."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"\s*\[([^\]]*)\]")
_PAIR = re.compile(rb"\s*([^=;\[\s][^=]*?)\s*=[ \t]*(.*?)\s*", re.DOTALL)
_ENDING = re.compile(rb"\r?\n\Z")


@dataclass(frozen=True, slots=True)
class Section:
    """A section's place: `lines[begin]` is its header, `lines[end]` the next one's."""

    name: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class IniFile:
    """The lines of a file, with their endings."""

    mark: bytes
    """A byte order mark, or nothing."""
    lines: tuple[bytes, ...]

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Take a file's bytes apart; `content` gives them back."""
        mark = _BOM if content.startswith(_BOM) else b""
        return cls(mark, tuple(content[len(mark) :].splitlines(keepends=True)))

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return self.mark + b"".join(self.lines)

    @property
    def newline(self) -> bytes:
        """How lines end here; in an empty file, as they do on this system."""
        found = next((ending for line in self.lines if (ending := _ENDING.search(line))), None)
        return found[0] if found else os.linesep.encode()

    def sections(self) -> Iterator[Section]:
        """Every section in order. Names are compared without case, and the first of a name counts, as on Windows."""
        headers = [(at, found[1]) for at, line in enumerate(self.lines) if (found := _HEADER.match(line))]
        for (begin, name), (end, _) in pairwise([*headers, (len(self.lines), b"")]):
            yield Section(name.decode("utf-8", "replace"), begin, end)

    def section(self, name: str) -> Section | None:
        """The section of this name."""
        return next((found for found in self.sections() if found.name.casefold() == name.casefold()), None)

    def pairs(self, section: Section) -> Iterator[tuple[int, str, bytes]]:
        """The line, the key and the value of each setting of a section."""
        for at in range(section.begin + 1, section.end):
            if found := _PAIR.fullmatch(self.lines[at]):
                yield at, found[1].decode("utf-8", "replace"), found[2]

    def value(self, section_name: str, key: str) -> bytes | None:
        """A setting, or None where the section or the key is missing."""
        section = self.section(section_name)
        if section is None:
            return None
        return next(
            (value for _, name, value in self.pairs(section) if name.casefold() == key.casefold()), None
        )

    def with_lines(self, at: int, texts: Iterable[str]) -> Self:
        """The file with new lines before line `at`.

        Behind a last line that has no ending they would join it, and giving it one would change it: so they go
        before that line, which means the same wherever the order of lines does not count.
        """
        if at == len(self.lines) and at and not self.lines[-1].endswith((b"\n", b"\r")):
            at -= 1
        new = tuple(text.encode() + self.newline for text in texts)
        return type(self)(self.mark, self.lines[:at] + new + self.lines[at:])

    def without(self, gone: Iterable[int]) -> Self:
        """The file without these lines."""
        dropped = set(gone)
        return type(self)(self.mark, tuple(line for at, line in enumerate(self.lines) if at not in dropped))
