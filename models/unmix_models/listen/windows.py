"""Short-time spectra at any sample rate: sine windows of about 45 ms, four of them over each sample."""

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block

OVERLAP = 4
"""Frames over each sample."""

_SECONDS = 0.045

Spectra = NDArray[np.complex64]
"""`[channels, frames, bins]`; their squared magnitude is power per Hz, full scale being 1."""


def frame_length(sample_rate: int) -> int:
    """Samples in a window: of 2^n and 3·2^n, which transform fast, the nearest to 45 ms (at least 16)."""
    wanted = _SECONDS * sample_rate
    return max(16, min((base << n for base in (2, 3) for n in range(20)), key=lambda n: abs(n - wanted)))


def sine_window(length: int) -> NDArray[np.float32]:
    """Window whose square, overlapped by half, sums to one."""
    return np.sin(np.pi * (np.arange(length) + 0.5) / length).astype(np.float32)


def bin_frequencies(length: int, sample_rate: int) -> NDArray[np.float64]:
    """Hz of each bin of a window, from 0 to half the sample rate."""
    return np.arange(length // 2 + 1, dtype=np.float64) * (sample_rate / length)


class Windows:
    """Analysis and overlap-add for one recording, hop by hop."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        length = frame_length(sample_rate)
        self.hop = length // OVERLAP
        self.delay = length - self.hop
        """Frames of audio by which `samples` lags the input of `spectra`."""
        self.frequencies = bin_frequencies(length, sample_rate)
        window = sine_window(length)
        density = np.float32(np.sqrt(np.square(window).sum() * sample_rate / 2))
        self._length = length
        self._analysis = window / density
        self._synthesis = window * density * np.float32(2 / OVERLAP)
        self._heard = np.zeros((channels, length - self.hop), np.float32)
        self._unfinished = np.zeros((channels, length - self.hop), np.float32)

    def spectra(self, segment: Block) -> Spectra:
        """Return one spectrum for each hop of `segment`, `[hops × hop, channels]`; it ends with that hop."""
        samples = np.concatenate([self._heard, segment.T], axis=1)
        self._heard = samples[:, -self._heard.shape[1] :].copy()
        frames = np.lib.stride_tricks.sliding_window_view(samples, self._length, axis=1)[:, :: self.hop]
        return np.fft.rfft(frames * self._analysis, axis=2).astype(np.complex64, copy=False)

    def samples(self, spectra: Spectra) -> Block:
        """Return one hop of audio for each spectrum, `[hops × hop, channels]`."""
        frames = np.fft.irfft(spectra, n=self._length, axis=2).astype(np.float32, copy=False)
        frames *= self._synthesis
        channels, count, _ = frames.shape
        total = np.zeros((channels, count + OVERLAP - 1, self.hop), np.float32)
        total[:, : OVERLAP - 1] = self._unfinished.reshape(channels, -1, self.hop)
        for quarter in range(OVERLAP):
            total[:, quarter : quarter + count] += frames[:, :, quarter * self.hop :][:, :, : self.hop]
        self._unfinished = total[:, count:].reshape(channels, -1).copy()
        return np.ascontiguousarray(total[:, :count].reshape(channels, -1).T)
