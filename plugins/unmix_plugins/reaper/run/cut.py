"""A section of a WAVE file, read as a file of its own: of an hour, the daemon need not be sent all for one word."""

import errno
import io
import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from unmix.words import Section

from unmix_plugins.files.wave_file import WaveFile, read_wave

_MOST_BYTES = 0xFFFF_0000
"""Of samples: the sizes in the header must fit 32 bits."""


@contextmanager
def cut(path: Path, section: Section) -> Generator[BinaryIO | None]:
    """The section with a header of its own, as bytes to read once.

    None where the daemon has to find it in the whole file, or to tell what is wrong with that.
    """
    with ExitStack() as stack:
        found = None
        with suppress(OSError):
            file = stack.enter_context(path.open("rb"))
            wave = read_wave(file)
            if wave and _has(wave, section):
                found = _Cut(path.name, file, wave, section)
        yield cast("BinaryIO | None", found)


def _has(wave: WaveFile, section: Section) -> bool:
    is_inside = section.first_frame + section.frames <= wave.frames
    return is_inside and 0 < section.frames * wave.frame_size <= _MOST_BYTES


class _Cut(io.RawIOBase):
    def __init__(self, name: str, file: BinaryIO, wave: WaveFile, section: Section) -> None:
        self.name = name
        self._head = wave.header(section.frames)
        self._file = file
        self._left = section.frames * wave.frame_size
        self._facts = self._present_facts()
        file.seek(wave.data_start + section.first_frame * wave.frame_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises OSError when the file changes meanwhile."""
        data = self._head[: len(buffer)] or self._file.read(min(len(buffer), self._left))
        if self._head:
            self._head = self._head[len(data) :]
        else:
            self._left -= len(data)
            if (self._left and not data) or self._present_facts() != self._facts:
                raise OSError(errno.EIO, "it changed while it was sent")
        buffer[: len(data)] = data
        return len(data)

    def _present_facts(self) -> tuple[int, int]:
        facts = os.fstat(self._file.fileno())
        return facts.st_size, facts.st_mtime_ns
