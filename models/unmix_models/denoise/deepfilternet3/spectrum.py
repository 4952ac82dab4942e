"""From samples to DeepFilterNet's spectra and back, hop by hop.

Frames of 960 samples every 480, Vorbis window on both sides (its square sums to one), analysis scaled by
1/960: the constants that the network was trained with (libDF/src/lib.rs in the DeepFilterNet repository).
"""

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block

HOP = 480
FRAME = 2 * HOP
BINS = FRAME // 2 + 1

Spectra = NDArray[np.complex64]
"""`[channels, frames, BINS]`."""

_RISE = np.sin(0.5 * np.pi * (np.arange(FRAME) + 0.5) / HOP)
_WINDOW = np.sin(0.5 * np.pi * _RISE**2)
_ANALYSIS = (_WINDOW / FRAME).astype(np.float32)
_SYNTHESIS = (_WINDOW * FRAME).astype(np.float32)


class Analysis:
    """Frame t of the spectrum spans hops t−1 and t; before the first hop there is silence."""

    def __init__(self, channels: int) -> None:
        self._last_hop = np.zeros((channels, HOP), np.float32)

    def spectra(self, segment: Block) -> Spectra:
        """Return one spectrum for each hop of `segment`, `[hops × HOP, channels]`."""
        samples = np.concatenate([self._last_hop, segment.T], axis=1)
        self._last_hop = samples[:, -HOP:].copy()
        frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME, axis=1)[:, ::HOP]
        return np.fft.rfft(frames * _ANALYSIS, axis=2).astype(np.complex64, copy=False)


class Synthesis:
    """Overlap-add: spectrum t completes hop t−1."""

    def __init__(self, channels: int) -> None:
        self._second_half = np.zeros((channels, 1, HOP), np.float32)

    def samples(self, spectra: Spectra) -> Block:
        """Return one hop of samples for each spectrum, `[hops × HOP, channels]`."""
        frames = np.fft.irfft(spectra, n=FRAME, axis=2).astype(np.float32, copy=False)
        frames *= _SYNTHESIS
        second = np.concatenate([self._second_half, frames[:, :, HOP:]], axis=1)
        self._second_half = second[:, -1:].copy()
        hops = frames[:, :, :HOP] + second[:, :-1]
        samples = np.empty((hops[0].size, len(hops)), np.float32)
        for channel, heard in enumerate(hops):
            samples[:, channel] = heard.reshape(-1)
        return samples
