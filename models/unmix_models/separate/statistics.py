"""Mean and deviation of a whole track, which the networks want their input scaled by."""

import math
from dataclasses import dataclass

import numpy as np

from unmix_models.audio import Block

EPSILON = 1e-8
"""Added to the deviation by `demucs.api.Separator`."""


@dataclass(frozen=True, slots=True)
class TrackStatistics:
    """Of the mono mix of a track, full scale ±1.0."""

    mean: float
    std: float
    """With Bessel's correction, as `torch.std`; 0 for silence, a constant, or fewer than two frames."""

    @property
    def divisor(self) -> float:
        """What the input is divided by."""
        return self.std + EPSILON if self.std else 1.0

    @property
    def factor(self) -> float:
        """What the output is multiplied by: 0 for a track that is nothing but its mean, so silence stays."""
        return self.std + EPSILON if self.std else 0.0


class TrackStatisticsMeter:
    """A first pass over a track; any cutting into blocks gives the same result to float64's rounding."""

    def __init__(self) -> None:
        self._frames = 0
        self._mean = 0.0
        self._squares = 0.0

    def add(self, block: Block) -> None:
        """Take a block `[frames, channels]`."""
        frames = len(block)
        if not frames:
            return
        mono = block.mean(1, dtype=np.float64)
        mean = float(mono.mean())
        squares = float(np.square(mono - mean).sum())
        # Chan, Golub and LeVeque's sum of two variances, which does not cancel as Σx² − (Σx)²/n does.
        total = self._frames + frames
        difference = mean - self._mean
        self._squares += squares + difference * difference * self._frames * frames / total
        self._mean += difference * frames / total
        self._frames = total

    def result(self) -> TrackStatistics:
        """Statistics of all blocks so far."""
        variance = self._squares / (self._frames - 1) if self._frames > 1 else 0.0
        return TrackStatistics(self._mean, math.sqrt(variance))
