"""Any audio file as a stream of blocks."""

from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from unmix_models.audio import AudioInfo, Block
from unmix_models.errors import InvalidAudio, TooLong
from unmix_models.media._ffmpeg_reader import FFmpegSource
from unmix_models.media._riff import is_wave
from unmix_models.media._section import Section, SectionSource
from unmix_models.media._source import BLOCK_FRAMES, Metadata, Source, no_audio
from unmix_models.media._wave import WaveSource


def open_reader(path: Path, section: Section | None = None, *, longest: float = 0.0) -> "AudioReader":
    """Open an audio file, or a video's audio, whatever its name; with `section` only that part of it.

    Raises InvalidAudio where it is empty, damaged, not audio or beyond the limits, TooLong where it goes on for more
    than `longest` seconds (0: no limit), and OSError where the system does not open it.
    """
    with path.open("rb") as file:
        head = file.read(12)
    if not head:
        raise InvalidAudio("The file is empty: copy or export it again.")
    source = (WaveSource.open(path) if is_wave(head) else None) or FFmpegSource(path)
    if section is None:
        return AudioReader(source, longest=longest)
    return AudioReader(SectionSource(source, section), section.first_frame, longest=longest)


class AudioReader:
    """One opened file; a context manager. Memory does not grow with the file's length."""

    def __init__(self, source: Source, first_frame: int = 0, *, longest: float = 0.0) -> None:
        """Use `open_reader`; `first_frame` is where in the file the source begins."""
        self.info: AudioInfo = source.info
        self.metadata: Metadata = source.metadata
        self._source = source
        self._first_frame = first_frame
        self._longest = longest
        self._arrays: Generator[Block] | None = None
        self._check_length(first_frame + (self.info.frames or 0))

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[Block]:
        """All samples from the start, as float32 `[frames, channels]`; only the last block may be shorter.

        Raises InvalidAudio for damage, missing frames, a stream without one frame, and samples that are not
        finite; TooLong; InvalidSection where the file does not have the section. One iteration at a time: a new one
        ends the last.
        """
        if frames < 1:
            raise ValueError("blocks hold at least one frame")
        self.close()
        self._arrays = self._source.arrays()
        return self._regroup(self._arrays, frames)

    def close(self) -> None:
        """Close the file; iterating on ends at once."""
        if self._arrays is not None:
            self._arrays.close()
            self._arrays = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _regroup(self, arrays: Iterator[Block], frames: int) -> Iterator[Block]:
        position, filled = self._first_frame, 0
        block = np.empty((frames, self.info.channels), np.float32)
        for array in arrays:
            self._check_finite(array, position)
            position += len(array)
            self._check_length(position)
            taken = 0
            while taken < len(array):
                count = min(frames - filled, len(array) - taken)
                block[filled : filled + count] = array[taken : taken + count]
                taken += count
                filled += count
                if filled == frames:
                    yield block
                    block = np.empty((frames, self.info.channels), np.float32)
                    filled = 0
        if position == self._first_frame:
            raise no_audio()
        if filled:
            yield block[:filled]

    def _check_length(self, frames: int) -> None:
        if self._longest and frames > self._longest * self.info.sample_rate:
            raise TooLong(
                f"The recording lasts longer than {self._longest:g} s, the setting `longest`: split it, or raise that."
            )

    def _check_finite(self, array: Block, position: int) -> None:
        wrong = ~np.isfinite(array)
        if not wrong.any():
            return
        frame, channel = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        kind = "NaN" if np.isnan(array[frame, channel]) else "an infinite sample"
        raise InvalidAudio(
            f"The file holds {kind} at {(position + int(frame)) / self.info.sample_rate:.6f} s in channel "
            f"{int(channel) + 1}: find out what wrote it, and export it again."
        )
