"""Listens to a recording from start to end, at whatever rate it has: one answer for each half second."""

from dataclasses import dataclass

import numpy as np

from unmix_models.audio import Block
from unmix_models.fifo import Fifo
from unmix_models.listen.decisions import Decisions
from unmix_models.listen.ear import CELL, HEARD, SAMPLE_RATE, Ear, Likelihoods, Sound
from unmix_models.resample import Resampler

_SILENT_POWER = 1e-10
"""Mean power of a cell below which nobody hears anything: −100 dBFS, the lowest that voices are brought up from."""
_NO_EVIDENCE = np.full(len(HEARD), -np.log(len(HEARD)), np.float32)


@dataclass(frozen=True, slots=True)
class Cell:
    """Half a second of a recording; the last one may be shorter."""

    sound: Sound
    """Never silence: that goes with what is around it, or is unknown."""
    silent: bool
    """Whether nothing is heard in it."""


class Listener:
    """The cells of one recording, some seconds late."""

    def __init__(self, ear: Ear, sample_rate: int, channels: int) -> None:
        """`sample_rate` is the recording's, in Hz."""
        self._resampler = Resampler(sample_rate, SAMPLE_RATE, channels)
        self._ear = ear.stream(channels)
        self._decisions = Decisions(ear.trust)
        self._heard = Fifo(channels)
        self._silent: list[bool] = []
        """Of each cell from the first that is not settled on."""
        self._answered = 0
        """Those among them that the ear has answered for."""

    def process(self, block: Block) -> list[Cell]:
        """Hear `[frames, channels]`; return the next cells, as far as they are settled."""
        answers = self._hear(self._resampler.process(block))
        return self._cells(self._decisions.process(answers))

    def flush(self) -> list[Cell]:
        """Return the rest."""
        answers = self._hear(self._resampler.flush())
        self._listen_for_silence(len(self._heard))
        answers = np.concatenate([answers, self._evidence(self._ear.flush())])
        settled = self._decisions.process(answers) + self._decisions.flush()
        return self._cells(settled)

    def _hear(self, samples: Block) -> Likelihoods:
        self._heard.put(samples)
        while len(self._heard) >= CELL:
            self._listen_for_silence(CELL)
        return self._evidence(self._ear.process(samples))

    def _listen_for_silence(self, frames: int) -> None:
        if frames:
            self._silent.append(float(np.square(self._heard.take(frames)).mean()) < _SILENT_POWER)

    def _evidence(self, answers: Likelihoods) -> Likelihoods:
        """The answers of an ear without those for silence, which says nothing."""
        silent = self._silent[self._answered :][: len(answers)]
        self._answered += len(answers)
        return np.where(np.array(silent, bool)[:, None], _NO_EVIDENCE, answers)

    def _cells(self, settled: list[Sound]) -> list[Cell]:
        silent = self._silent[: len(settled)]
        del self._silent[: len(settled)]
        self._answered -= len(settled)
        return [Cell(sound, quiet) for sound, quiet in zip(settled, silent, strict=True)]
