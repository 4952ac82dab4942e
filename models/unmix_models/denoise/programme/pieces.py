"""The recording in half seconds: what each holds, what it gets, and its samples before and behind the network."""

from dataclasses import dataclass

import numpy as np

from unmix_models.audio import Block
from unmix_models.denoise.programme.plan import Plan, Treatment
from unmix_models.fifo import Fifo
from unmix_models.listen.ear import Sound
from unmix_models.listen.listener import Cell

_QUIET = 4.0
"""Power of what is no voice over that of the noise in speech, up to which it is taken for that noise: 6 dB."""
_REMEMBERED = 30
"""Cells of speech that its noise is averaged over: 15 s."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Half a second; the last one may be shorter."""

    cell: Cell
    treatment: Treatment
    dry: Block
    """As it was recorded."""
    wet: Block
    """As the network returns it."""


class Pieces:
    """Joins what the listener says with the samples that it is about."""

    def __init__(self, sample_rate: int, channels: int, *, keep_music: bool) -> None:
        """Without `keep_music` everything is treated as speech."""
        self._rate = sample_rate
        self._channels = channels
        self._keep_music = keep_music
        self._dry, self._wet = Fifo(channels), Fifo(channels)
        self._heard: list[Cell] = []
        self._taken = 0
        self._plan = Plan()
        self._waiting: list[tuple[Block, Block]] = []
        """Samples of the cells whose treatment is open."""
        self._noise = 0.0
        """Mean power of what the network took away from speech."""

    def process(self, dry: Block, wet: Block, heard: list[Cell]) -> list[Piece]:
        """Take any number of frames of both, and cells; return the next pieces whose treatment is settled."""
        self._dry.put(dry)
        self._wet.put(wet)
        self._heard.extend(heard)
        settled: list[Piece] = []
        while self._heard and min(len(self._dry), len(self._wet)) >= self._length():
            settled.extend(self._take(self._length(), self._heard.pop(0)))
        return settled

    def flush(self) -> list[Piece]:
        """Return the rest, to the last frame that was recorded."""
        settled: list[Piece] = []
        cell = Cell(Sound.UNKNOWN, silent=False)
        while frames := min(len(self._dry), self._length()):
            cell = self._heard.pop(0) if self._heard else cell
            missing = max(frames - len(self._wet), 0)
            self._wet.put(np.zeros((missing, self._channels), np.float32))
            settled.extend(self._take(frames, cell))
        return settled + self._joined(self._plan.flush())

    def _length(self) -> int:
        """Frames of the next cell."""
        return (self._taken + 1) * self._rate // 2 - self._taken * self._rate // 2

    def _take(self, frames: int, cell: Cell) -> list[Piece]:
        dry, wet = self._dry.take(frames), self._wet.take(frames)
        self._taken += 1
        removed = float(np.square(dry - wet).mean())
        if cell.sound is Sound.SPEECH and not cell.silent:
            weight = 1 / min(self._taken, _REMEMBERED)
            self._noise += weight * (removed - self._noise)
        is_quiet = float(np.square(dry).mean()) <= _QUIET * self._noise or cell.silent
        self._waiting.append((dry, wet))
        return self._joined(self._plan.process(cell, is_quiet=is_quiet))

    def _joined(self, planned: list[tuple[Cell, Treatment]]) -> list[Piece]:
        samples, self._waiting = self._waiting[: len(planned)], self._waiting[len(planned) :]
        return [
            Piece(cell, treatment if self._keep_music else Treatment.VOICE, dry, wet)
            for (cell, treatment), (dry, wet) in zip(planned, samples, strict=True)
        ]
