"""A look at what a filter takes from a recording as noise: is it proved to be noise?"""

import numpy as np

from unmix_models.audio import Block, empty
from unmix_models.denoise.base import DenoiseStream
from unmix_models.fifo import Fifo
from unmix_models.listen.steady_noise import SteadyNoise

_NOTE = (
    "Hardly any of what was taken away is proved to be noise: dense music may be part of it; "
    "compare by ear, and lower the strength where it is."
)
_LITTLE, _NEARLY_ALL = 10 ** (-40 / 10), 10 ** (-3 / 10)
"""Share of the recording's power: less than the first is no harm, and more than the second is a recording of noise."""


class GuardedStream:
    """See `base.DenoiseStream`; a stream, unchanged, that is watched."""

    def __init__(self, stream: DenoiseStream, sample_rate: int, channels: int) -> None:
        self._stream = stream
        self._channels = channels
        self._steady = SteadyNoise(sample_rate, channels)
        self._waiting = Fifo(channels)
        self._heard = self._taken = 0.0
        """Energy."""
        self._blocks = self._proved = 0

    def process(self, block: Block) -> Block:
        """See `DenoiseStream.process`."""
        self._waiting.put(block)
        self._steady.hear(block)
        return self._watched(self._stream.process(block))

    def flush(self) -> Block:
        """See `DenoiseStream.flush`."""
        self._steady.end()
        return self._watched(self._stream.flush())

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know."""
        harmful = _LITTLE * self._heard < self._taken < _NEARLY_ALL * self._heard
        return (_NOTE,) if harmful and 2 * self._proved < self._blocks else ()

    def _watched(self, filtered: Block) -> Block:
        frames = min(len(filtered), len(self._waiting))
        original = self._waiting.take(frames) if frames else empty(self._channels)
        self._heard += float(np.square(original).sum())
        self._taken += float(np.square(original - filtered[:frames]).sum())
        while self._blocks < self._steady.blocks and self._steady.knows(self._blocks):
            self._proved += self._steady.under_music(self._blocks) is not None
            self._blocks += 1
            self._steady.forget(self._blocks)
        return filtered
