"""Mel spectra as YAMNet has learnt them: windows of 25 ms every 10 ms, 64 bands from 125 to 7500 Hz.

The numbers are those of `params.py` and `features.py` in YAMNet's repository; the bands are triangles over the mel
scale of the HTK book, as in `tf.signal.linear_to_mel_weight_matrix`.
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unmix_models.audio import Block
from unmix_models.listen.ear import SAMPLE_RATE
from unmix_models.listen.yamnet.tflite import BANDS

HOP = SAMPLE_RATE // 100
WINDOW = SAMPLE_RATE // 40
OFFSET = 0.001
"""Added before the logarithm is taken."""

_TRANSFORM = 512
_LOWEST_HZ, _HIGHEST_HZ = 125.0, 7500.0

Values = NDArray[np.float64]


def magnitudes(samples: Block) -> tuple[Values, Values]:
    """Return mel magnitudes `[frames, BANDS]`, and the level (root mean square) of each frame within the bands.

    `samples` are `[(frames − 1) × HOP + WINDOW, channels]`. What counts is the power of all channels: what is the same
    in two of them with opposite signs is heard as well.
    """
    windows = np.lib.stride_tricks.sliding_window_view(samples.T.astype(np.float64), WINDOW, axis=1)[:, ::HOP]
    spectra = np.fft.rfft(windows * _window(), n=_TRANSFORM, axis=2)
    power = (np.square(spectra.real) + np.square(spectra.imag)).mean(axis=0)
    heard = slice(int(_LOWEST_HZ / _SPACING), int(_HIGHEST_HZ / _SPACING) + 1)
    levels = np.sqrt(power[:, heard].sum(axis=1) * (2 / _TRANSFORM / np.square(_window()).sum()))
    return np.sqrt(power) @ _bands(), levels


_SPACING = SAMPLE_RATE / _TRANSFORM


@cache
def _window() -> Values:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)


@cache
def _bands() -> Values:
    """Share of each bin in each band, `[bins, BANDS]`; none of the constant."""
    edges = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 2)
    bins = _mel(np.arange(_TRANSFORM // 2 + 1) * _SPACING)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    shares = np.maximum(np.minimum(rising, falling), 0)
    shares[0] = 0
    return shares


def _mel(hertz: ArrayLike) -> Values:
    return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)
