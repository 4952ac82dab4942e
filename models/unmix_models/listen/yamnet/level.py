"""The gain that brings what is heard to one level, whatever that of the recording is."""

import numpy as np
from numpy.typing import NDArray

_TARGET = 10 ** (-20 / 20)
"""Root mean square of the louder frames: about that of the recordings that YAMNet has learnt from."""
_LOUD = 75
"""Percentile that is taken for the level of a stretch, so that pauses do not count."""


def gain(before: NDArray[np.float64], patch: NDArray[np.float64]) -> float:
    """A factor for a patch, by the levels of its frames and of those before it.

    The louder of both stretches says it: a pause stays quiet beside the voice that it belongs to, and the first
    word after it is as loud as all others. Frames of digital silence say nothing; where there is nothing else, the
    gain is 1.
    """
    level = max(_level(np.concatenate([before, patch])), _level(patch))
    return _TARGET / level if level else 1.0


def _level(levels: NDArray[np.float64]) -> float:
    sounding = levels[levels > 0]
    return float(np.percentile(sounding, _LOUD)) if len(sounding) else 0.0
