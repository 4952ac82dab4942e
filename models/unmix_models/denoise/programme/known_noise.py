"""The Wiener filter where noise is known; elsewhere nothing runs."""

import numpy as np

from unmix_models.audio import Block, empty
from unmix_models.denoise.base import DenoiseStream
from unmix_models.denoise.wiener import filter_known
from unmix_models.listen.noise_floor import NoiseFloor


class KnownNoise:
    """Filters stretches of one recording, piece by piece; it settles in the piece before each stretch."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._channels = channels
        self._sample_rate = sample_rate
        self._noise: NoiseFloor | None = None
        self._stream: DenoiseStream | None = None
        self._before = empty(channels)
        self._unwanted = 0

    def process(self, piece: Block, noise: NoiseFloor | None, *, wanted: bool) -> Block:
        """Take the next piece, the noise in it, None where that is as before, and whether it is to be filtered.

        Return what is ready, in total as long as what was taken; what was not to be filtered comes back as anything.
        """
        before, self._before = self._before, piece
        self._noise = noise or self._noise
        if self._stream is None and not wanted:
            return piece
        ready: list[Block] = []
        if self._stream is None:
            self._stream = filter_known(self._channels, self._sample_rate, lambda: self._noise)
            self._unwanted = len(before)
            ready.append(self._wanted(self._stream.process(before)))
        ready.append(self._wanted(self._stream.process(piece)))
        if not wanted:
            ready.append(self.flush())
        return np.concatenate(ready)

    def flush(self) -> Block:
        """Return the rest."""
        if self._stream is None:
            return empty(self._channels)
        rest = self._wanted(self._stream.flush())
        self._stream = None
        return rest

    def _wanted(self, filtered: Block) -> Block:
        """Without what the filter settled in."""
        unwanted = min(self._unwanted, len(filtered))
        self._unwanted -= unwanted
        return filtered[unwanted:]
