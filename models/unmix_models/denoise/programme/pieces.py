"""The recording in half seconds: what each holds and what it gets."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from unmix_models.audio import Block
from unmix_models.denoise.programme.plan import Plan, Treatment
from unmix_models.fifo import Fifo
from unmix_models.listen.ear import Sound
from unmix_models.listen.listener import Cell

_QUIET = 8.0
"""Power of what is no voice over that of the quietest moments of speech, up to which it is the noise of that: 9 dB."""
_MOMENTS = 10
"""In half a second."""
_REMEMBERED = 30
"""Cells of speech: 15 s."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Half a second; the last one may be shorter."""

    cell: Cell
    treatment: Treatment
    samples: Block
    """`[frames, channels]`, as it was recorded."""


class Pieces:
    """Joins what the listener says with the samples that it is about."""

    def __init__(self, sample_rate: int, channels: int, *, keep_music: bool) -> None:
        """Without `keep_music` everything is treated as speech."""
        self._rate = sample_rate
        self._keep_music = keep_music
        self._samples = Fifo(channels)
        self._heard: list[Cell] = []
        self._taken = 0
        self._plan = Plan()
        self._open: list[Block] = []
        """Samples of the cells whose treatment is not settled."""
        self._pauses = deque[float](maxlen=_REMEMBERED)
        """Power of the quietest moment in each of the last cells of speech."""

    def process(self, samples: Block, heard: list[Cell]) -> list[Piece]:
        """Take any number of frames, and cells; return the next pieces whose treatment is settled."""
        self._samples.put(samples)
        self._heard.extend(heard)
        settled: list[Piece] = []
        while self._heard and len(self._samples) >= self._length():
            settled.extend(self._take(self._length(), self._heard.pop(0)))
        return settled

    def flush(self) -> list[Piece]:
        """Return the rest, to the last frame that was recorded."""
        settled: list[Piece] = []
        cell = Cell(Sound.UNKNOWN, silent=False)
        while frames := min(len(self._samples), self._length()):
            cell = self._heard.pop(0) if self._heard else cell
            settled.extend(self._take(frames, cell))
        return settled + self._joined(self._plan.flush())

    def _length(self) -> int:
        """Frames of the next cell."""
        return (self._taken + 1) * self._rate // 2 - self._taken * self._rate // 2

    def _take(self, frames: int, cell: Cell) -> list[Piece]:
        samples = self._samples.take(frames)
        self._taken += 1
        self._open.append(samples)
        if cell.sound is Sound.SPEECH and not cell.silent:
            moments = np.array_split(samples, _MOMENTS)
            self._pauses.append(min(_power(moment) for moment in moments if len(moment)))
        return self._joined(self._plan.process(cell, is_quiet=cell.silent or self._is_quiet(samples)))

    def _is_quiet(self, samples: Block) -> bool:
        return bool(self._pauses) and _power(samples) <= _QUIET * float(np.median(self._pauses))

    def _joined(self, planned: list[tuple[Cell, Treatment]]) -> list[Piece]:
        samples, self._open = self._open[: len(planned)], self._open[len(planned) :]
        return [
            Piece(cell, treatment if self._keep_music else Treatment.VOICE, part)
            for (cell, treatment), part in zip(planned, samples, strict=True)
        ]


def _power(samples: Block) -> float:
    return float(np.square(samples).mean())
