"""Steady and sudden parts of a spectrogram, by the median filters of D. FitzGerald (DAFx 2010).

A tone is a line along time, which the median over time keeps and a drum's hit does not pass; a hit is a line
along frequency, which the median over frequency keeps and a tone does not pass.
"""

import numpy as np

from unmix_models.separate.dsp.medians import Floats, running_median

REACH = 8
"""Hops before and after that the steady part depends on: 17 of them are 0.4 s, longer than a hit rings."""

_BINS = 25
"""270 Hz, wider than the main lobes of two partials."""
_BIAS = np.float32(1.1)
"""Hits are denser in time than a median shows; measured."""
_LEAST = np.float32(1e-30)


def steady_part(magnitude: Floats) -> Floats:
    """Return the median over time of `[REACH + hops + REACH, bins]`, `[hops, bins]`."""
    return running_median(magnitude, 2 * REACH + 1)


def sudden_share(magnitude: Floats, steady: Floats) -> Floats:
    """Return the share of each bin, 0 to 1, that is a hit: a Wiener filter of the two medians."""
    padded = np.pad(magnitude, ((0, 0), (_BINS // 2, _BINS // 2)), mode="symmetric")
    sudden: Floats = np.square(_BIAS * running_median(padded.T, _BINS).T)
    return np.divide(sudden, sudden + np.square(steady) + _LEAST)
