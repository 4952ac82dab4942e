"""What the network sees: a mel spectrogram in half seconds, relative to the level of the surroundings.

The power is averaged over channels, so that what is in antiphase counts; a constant and rumble lie below the
lowest band.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block
from unmix_models.listen.ear import CELL, SAMPLE_RATE

Floats = NDArray[np.float32]

FRAMES = 32
"""Frames in a cell: one each 15.6 ms."""
BANDS = 64
BEFORE, BEHIND = 3, 2
"""Cells that have a say in the level of the surroundings, besides the present one."""

_HOP = CELL // FRAMES
_WINDOW = 3 * 256
"""48 ms: the partials of a chord in the middle octaves stand apart, and so do syllables."""
MARGIN = (_WINDOW - _HOP) // 2
"""Samples beyond a cell, on each side, that its frames reach."""
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7600.0
_LEAST_SHARE = np.float32(1e-7)
"""Of the power of the surroundings: what is below is one."""
_NOTHING = np.float32(1e-30)
"""Power that only digital silence is below."""


def mel_cell(samples: Block) -> Floats:
    """Power in each frame and band, `[FRAMES, BANDS]`, of a cell with its margins, `[CELL + 2 × MARGIN, channels]`."""
    window, bands = _tables()
    frames = np.lib.stride_tricks.sliding_window_view(samples.T, _WINDOW, axis=1)[:, ::_HOP]
    spectra = np.fft.rfft(frames * window, axis=2)
    power = np.square(spectra.real) + np.square(spectra.imag)
    return power.mean(axis=0, dtype=np.float32) @ bands


def relative(cells: Floats) -> Floats:
    """Natural logarithm of power over that of the surroundings, `[FRAMES, BANDS]`.

    `cells` are the power of `BEFORE` cells, the present one and `BEHIND` ones, `[cells × FRAMES, BANDS]`. The
    surroundings of a frame are 1.5 s before and 1 s behind it, all bands together.
    """
    reach = (BEFORE + BEHIND) * FRAMES + 1
    levels = np.lib.stride_tricks.sliding_window_view(cells.mean(axis=1), reach).mean(axis=1)[:, None]
    present = cells[BEFORE * FRAMES : (BEFORE + 1) * FRAMES]
    return np.log((present + levels * _LEAST_SHARE + _NOTHING) / (levels + _NOTHING))


@cache
def _tables() -> tuple[Floats, Floats]:
    """The window, and the share of each bin of the spectrum in each band, `[bins, BANDS]`."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
    window /= np.sqrt(np.square(window).sum() * _WINDOW / 2)
    frequencies = np.arange(_WINDOW // 2 + 1, dtype=np.float64) * (SAMPLE_RATE / _WINDOW)
    lowest, highest = _mel(np.array([_LOWEST_HZ, _HIGHEST_HZ]))
    corners = lowest + (highest - lowest) / (BANDS + 1) * np.arange(BANDS + 2, dtype=np.float64)
    place = _mel(frequencies)[:, None]
    rise = (place - corners[:-2]) / (corners[1:-1] - corners[:-2])
    fall = (corners[2:] - place) / (corners[2:] - corners[1:-1])
    bands = np.maximum(np.minimum(rise, fall), 0)
    return window.astype(np.float32), bands.astype(np.float32)


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mel scale of D. O'Shaughnessy, "Speech communication", 1987."""
    return 2595 * np.log10(1 + hertz / 700)
