"""A source of sound as a take holds it: a file, a section of another source, or notes."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import soundfile
from numpy.typing import NDArray

if TYPE_CHECKING:
    from fake_reaper.model.take import Take

TYPES = {
    ".wav": "WAVE",
    ".aif": "WAVE",
    ".aiff": "WAVE",
    ".flac": "FLAC",
    ".mp3": "MP3",
    ".ogg": "VORBIS",
    ".mp4": "VIDEO",
}
"""Suffixes that can be inserted as media, and the type that REAPER calls them."""
SECONDS_A_QUARTER = 0.5


@dataclass(eq=False, slots=True)
class Source:
    """One source, owned by one take, or by nobody while it is new.

    `kind` is what REAPER calls it. A section plays `length` seconds of `parent` from `offset`, backwards if
    `reverse`; a length of 0 goes to the end. Sources that play the same file are different sources.
    """

    kind: str
    path: Path | None = None
    parent: "Source | None" = None
    offset: float = 0.0
    length: float = 0.0
    reverse: bool = False
    quarter_notes: float = 0.0
    offline: bool = False
    destroyed: bool = False
    owner: "Take | None" = None

    @classmethod
    def from_file(cls, path: Path) -> Self:
        return cls(TYPES.get(path.suffix.lower(), ""), path)

    @classmethod
    def section(
        cls, parent: "Source", offset: float = 0.0, length: float = 0.0, *, reverse: bool = False
    ) -> Self:
        return cls("SECTION", None, parent, offset, length, reverse)

    @classmethod
    def midi(cls, quarter_notes: float = 4.0) -> Self:
        return cls("MIDI", quarter_notes=quarter_notes)

    @property
    def file(self) -> "Source":
        """The source at the bottom, below every section."""
        return self if self.parent is None else self.parent.file

    @property
    def chain(self) -> "list[Source]":
        """This source and those below it."""
        return [self] if self.parent is None else [self, *self.parent.chain]

    @property
    def take(self) -> "Take | None":
        return self.owner

    @property
    def alive(self) -> bool:
        if self.owner is None:
            return not self.destroyed
        return self.owner.source is not None and self in self.owner.source.chain and self.owner.alive

    @property
    def plays(self) -> bool:
        """Whether there is a file to play, and it is online."""
        return self.exists and not self.file.offline

    @property
    def exists(self) -> bool:
        """Whether there is a file of sound."""
        path = self.file.path
        return path is not None and path.is_file()

    @property
    def sample_rate(self) -> int:
        """Frames a second, 0 where there is no file to ask."""
        return soundfile.info(self.file.path).samplerate if self.exists else 0

    @property
    def channels(self) -> int:
        return soundfile.info(self.file.path).channels if self.exists else 0

    @property
    def frames(self) -> int:
        """What the source plays, once."""
        if not self.exists:
            return 0
        if self.parent is None:
            return soundfile.info(self.path).frames
        first, last = self.section_of(self.parent.frames)
        return last - first

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate if self.exists else 0.0

    def read(self) -> NDArray[np.float64]:
        """Return what the source plays, `[frames, channels]`, with every section and reversal done."""
        if not self.plays:
            return np.zeros((0, 1))
        if self.parent is None:
            return soundfile.read(self.path, dtype="float64", always_2d=True)[0]
        below = self.parent.read()
        first, last = self.section_of(len(below))
        return below[first:last][:: -1 if self.reverse else 1]

    def copy(self) -> Self:
        """Return a source of its own that plays the same."""
        parent = self.parent.copy() if self.parent is not None else None
        return type(self)(
            self.kind,
            self.path,
            parent,
            self.offset,
            self.length,
            self.reverse,
            self.quarter_notes,
            self.offline,
        )

    def belong_to(self, take: "Take | None") -> None:
        for source in self.chain:
            source.owner = take

    def section_of(self, frames: int) -> tuple[int, int]:
        """Return where this section begins and ends in a parent of so many frames."""
        rate = self.sample_rate
        first = min(frames, max(0, round(self.offset * rate)))
        last = frames if self.length <= 0 else min(frames, first + round(self.length * rate))
        return first, last
