"""A part of a recording, read as if it were one of its own."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace

from unmix_models.audio import Block
from unmix_models.media._source import Source, out_of_recording


@dataclass(frozen=True, slots=True)
class Section:
    """Which frames of a recording; neither number is negative."""

    first_frame: int = 0
    frames: int = 0
    """0: all up to the recording's end."""


class SectionSource:
    """Some frames of another source.

    Tags stay. Side chunks do not: cue points and time references count from the recording's first frame.
    """

    def __init__(self, source: Source, section: Section) -> None:
        """Nothing is read before `arrays`, which finds out whether the recording has that section."""
        self._source = source
        self._section = section
        frames = source.info.frames
        if frames is not None:
            frames = max(0, frames - section.first_frame)
            frames = min(frames, section.frames) if section.frames else frames
        self.info = replace(source.info, frames=frames)
        self.metadata = replace(source.metadata, side_chunks=())

    def arrays(self, first_frame: int = 0) -> Generator[Block]:
        """All samples of the section from its own `first_frame` on; raises InvalidSection and InvalidAudio."""
        start = position = self._section.first_frame + first_frame
        end = self._section.first_frame + self._section.frames if self._section.frames else None
        with closing(self._source.arrays(start)) as arrays:
            for array in arrays:
                if end is not None and position + len(array) >= end:
                    yield array[: end - position]
                    return
                position += len(array)
                yield array
        if end is not None:
            raise out_of_recording(position)
