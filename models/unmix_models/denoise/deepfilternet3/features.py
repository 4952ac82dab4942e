"""What DeepFilterNet3 hears: normalised band levels and normalised low bins.

As in libDF (`feat_erb`, `feat_cplx`): the level of each ERB band less its running mean, and the complex
bins below 4.8 kHz over the root of their running magnitude; both means forget within a second.
"""

import numpy as np
from numpy.typing import NDArray

from unmix_models.denoise.deepfilternet3.spectrum import BINS, FRAME, Spectra

BANDS = 32
FILTERED_BINS = 96

_SAMPLE_RATE = 48000
_NARROWEST_BAND = 2
_DECAY = 0.99
"""Per hop of 10 ms: exp(−0.01 s / 1 s), rounded as libDF rounds it."""
_FIRST_LEVELS = np.linspace(-60, -90, BANDS, dtype=np.float32)
_FIRST_MAGNITUDES = np.linspace(1e-3, 1e-4, FILTERED_BINS, dtype=np.float32)
_LEAST_POWER = np.float32(1e-10)
_LEAST_MAGNITUDE = np.float32(1e-12)
"""Far below any signal. Without it minutes of digital silence end in 0/0."""


class Features:
    """Normalisation with carried means, for one recording."""

    def __init__(self, channels: int) -> None:
        self._levels = np.tile(_FIRST_LEVELS, (channels, 1))
        self._magnitudes = np.tile(_FIRST_MAGNITUDES, (channels, 1))

    def restart(self, channels: NDArray[np.bool_]) -> None:
        """Forget what was heard of these channels."""
        self._levels[channels] = _FIRST_LEVELS
        self._magnitudes[channels] = _FIRST_MAGNITUDES

    def of(self, spectra: Spectra) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the features of the bands and of the low bins.

        Shapes are `[channels, 1, frames, BANDS]` and `[channels, 2, frames, FILTERED_BINS]`; the two
        planes of the latter are the real and the imaginary part.
        """
        power = np.square(spectra.real) + np.square(spectra.imag)
        bands = np.log10(np.add.reduceat(power, _FIRST_BINS, axis=2) * _MEAN + _LEAST_POWER)
        bands *= 10
        mean_levels = _running_mean(bands, self._levels)
        self._levels = mean_levels[:, -1].copy()
        bands -= mean_levels
        bands /= 40

        low = spectra[:, :, :FILTERED_BINS]
        magnitudes = np.maximum(_running_mean(np.abs(low), self._magnitudes), _LEAST_MAGNITUDE)
        self._magnitudes = magnitudes[:, -1].copy()
        root = np.sqrt(magnitudes)
        planes = np.empty((len(low), 2, *low.shape[1:]), np.float32)
        np.divide(low.real, root, out=planes[:, 0])
        np.divide(low.imag, root, out=planes[:, 1])
        return bands[:, None], planes


def band_widths() -> NDArray[np.int64]:
    """Bins in each band: equal steps on the ERB scale, none under two bins (`erb_fb` in libDF)."""

    def erb(hertz: float) -> float:
        return 9.265 * float(np.log1p(hertz / (24.7 * 9.265)))

    def hertz(erb: float) -> float:
        return 24.7 * 9.265 * (float(np.exp(erb / 9.265)) - 1)

    step = erb(_SAMPLE_RATE / 2) / BANDS
    widths: list[int] = []
    last_border = borrowed = 0
    for band in range(1, BANDS + 1):
        border = int(np.floor(hertz(band * step) / (_SAMPLE_RATE / FRAME) + 0.5))
        wanted = border - last_border - borrowed
        width = max(wanted, _NARROWEST_BAND)
        borrowed = width - wanted
        widths.append(width)
        last_border = border
    widths[-1] += BINS - sum(widths)
    return np.array(widths)


_WIDTHS = band_widths()
_MEAN = (1 / _WIDTHS).astype(np.float32)
_FIRST_BINS = np.concatenate([[0], np.cumsum(_WIDTHS)[:-1]])
BAND_OF_BIN = np.repeat(np.arange(BANDS), _WIDTHS)


def _running_mean(values: NDArray[np.float32], first: NDArray[np.float32]) -> NDArray[np.float32]:
    """Exponential mean over the frames of `[channels, frames, bins]`, going on from `first`."""
    means = values * np.float32(1 - _DECAY)
    before = first
    for frame in range(means.shape[1]):
        means[:, frame] += _DECAY * before
        before = means[:, frame]
    return means
