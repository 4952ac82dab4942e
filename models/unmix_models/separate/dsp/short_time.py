"""Short-time spectra at 44.1 kHz: Hann windows of 93 ms, four of them over each sample."""

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block

SAMPLE_RATE = 44100
"""Hz."""
WINDOW = 4096
"""Samples: long enough to part the partials of a bass, short enough to show a drum's attack."""
HOP = 1024
"""Samples."""
DELAY = WINDOW - HOP
"""Samples by which `Synthesis` lags the input of `Analysis`."""
FREQUENCIES: NDArray[np.float64] = np.arange(WINDOW // 2 + 1, dtype=np.float64) * (SAMPLE_RATE / WINDOW)
"""Hz of each bin."""

Spectra = NDArray[np.complex64]
"""`[channels, hops, bins]`."""

_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
_OVERLAP = WINDOW // HOP
_SQUARES = np.float32(1.5)
"""Sum of the squared windows over each sample."""


class Analysis:
    """Spectra of one track, hop after hop."""

    def __init__(self, channels: int) -> None:
        self._heard = np.zeros((channels, DELAY), np.float32)

    def spectra(self, samples: Block) -> Spectra:
        """Return a spectrum for each hop of `[hops × HOP, channels]`; its window ends with that hop."""
        known = np.concatenate([self._heard, samples.T], axis=1)
        self._heard = known[:, -DELAY:].copy()
        frames = np.lib.stride_tricks.sliding_window_view(known, WINDOW, axis=1)[:, ::HOP]
        return np.fft.rfft(frames * _HANN, axis=2).astype(np.complex64, copy=False)


class Synthesis:
    """Samples of one stem from its spectra, hop after hop."""

    def __init__(self, channels: int) -> None:
        self._unfinished = np.zeros((channels, _OVERLAP - 1, HOP), np.float32)

    def samples(self, spectra: Spectra) -> Block:
        """Return a hop of audio for each spectrum, `[hops × HOP, channels]`, `DELAY` samples late."""
        frames = np.fft.irfft(spectra, n=WINDOW, axis=2).astype(np.float32, copy=False)
        frames *= _HANN / _SQUARES
        channels, hops, _ = frames.shape
        total = np.zeros((channels, hops + _OVERLAP - 1, HOP), np.float32)
        total[:, : _OVERLAP - 1] = self._unfinished
        for part in range(_OVERLAP):
            total[:, part : part + hops] += frames[:, :, part * HOP : (part + 1) * HOP]
        self._unfinished = total[:, hops:].copy()
        return np.ascontiguousarray(total[:, :hops].reshape(channels, -1).T)
