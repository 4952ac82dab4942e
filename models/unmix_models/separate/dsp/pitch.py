"""The pitch of one voice in a mix, and the bins of its partials.

The strength of a pitch is that of SWIPE' (A. Camacho and J. G. Harris, "A sawtooth waveform inspired pitch
estimator for speech and music", JASA 2008): the square root of the spectrum against cosine lobes, up at the
first and the prime harmonics, down between them. The path through time is the best one that moves little.
"""

import math

import numpy as np
from numpy.typing import NDArray

from unmix_models.separate.dsp.medians import Floats
from unmix_models.separate.dsp.short_time import FREQUENCIES

_STEP_COST = np.float32(0.02)
"""For each step of pitch from one hop to the next."""
_LEAP_COST = np.float32(0.3)
"""For any leap: the next note may be anywhere."""
_LEAST = np.float32(1e-30)


class PitchTracker:
    """Follows one voice along a track."""

    def __init__(
        self, *, lowest: float, highest: float, steps_per_octave: int, harmonics: int, top: float
    ) -> None:
        """Pitches are sought from `lowest` to `highest` Hz by their `harmonics` below `top` Hz."""
        count = int(steps_per_octave * math.log2(highest / lowest))
        self._pitches = lowest * 2 ** (np.arange(count) / steps_per_octave)
        frequencies = FREQUENCIES[: int(np.searchsorted(FREQUENCIES, top))]
        self._bins = len(frequencies)
        self._kernels = np.stack([_kernel(pitch, frequencies, harmonics) for pitch in self._pitches], axis=1)
        steps = np.abs(np.arange(count)[:, np.newaxis] - np.arange(count)).astype(np.float32)
        self._costs = np.minimum(steps * _STEP_COST, _LEAP_COST)
        self._scores = np.zeros(count, np.float32)
        """Of the best path to each pitch so far, relative to the best of all."""

    def track(self, magnitude: Floats) -> NDArray[np.float64]:
        """Return Hz at each of the next hops `[hops, bins]`; where nothing has a pitch, it means nothing."""
        roots = np.sqrt(magnitude[:, : self._bins])
        lengths = np.sqrt(np.square(roots).sum(axis=1, keepdims=True)) + _LEAST
        strengths = (roots / lengths) @ self._kernels
        hops, count = strengths.shape
        origins = np.empty((hops, count), np.intp)
        for hop, strength in enumerate(strengths):
            paths = self._scores - self._costs
            origins[hop] = paths.argmax(axis=1)
            self._scores = paths.max(axis=1) + strength
            self._scores -= self._scores.max()
        path = np.empty(hops, np.intp)
        step = int(self._scores.argmax())
        for hop in reversed(range(hops)):
            path[hop] = step
            step = int(origins[hop, step])
        return self._pitches[path]


def partials(pitch: NDArray[np.float64], *, count: int, full: float, none: float) -> Floats:
    """Return which bins hold the first `count` partials of each hop's pitch in Hz, `[hops, bins]`.

    1 up to `full` Hz from a partial, falling to 0 at `none` Hz.
    """
    nearest = np.clip(np.round(FREQUENCIES / pitch[:, np.newaxis]), 1, count)
    distance = np.abs(FREQUENCIES - nearest * pitch[:, np.newaxis])
    return np.clip((none - distance) / (none - full), 0, 1).astype(np.float32)


def _kernel(pitch: float, frequencies: NDArray[np.float64], harmonics: int) -> Floats:
    ratio = frequencies / pitch
    kernel = np.zeros(len(frequencies))
    for harmonic in range(1, harmonics + 1):
        if any(harmonic % divisor == 0 for divisor in range(2, harmonic)):
            continue
        distance = np.abs(ratio - harmonic)
        lobe = np.cos(2 * np.pi * ratio)
        kernel += np.where(distance < 0.25, lobe, np.where(distance < 0.75, lobe / 2, 0))
    kernel *= np.sqrt(1 / np.maximum(frequencies, pitch / 4))
    return (kernel / np.sqrt(np.square(kernel[kernel > 0]).sum())).astype(np.float32)
