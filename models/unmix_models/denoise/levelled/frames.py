"""Frames of 20 ms, which levels and offsets are told by."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block

FRAME = 960
"""Samples: 20 ms at 48 kHz, which is what both networks work at."""
FRAMES_PER_SECOND = 50

Values: TypeAlias = NDArray[np.float64]
"""One for each 20-ms frame and channel, `[frames, channels]`."""

_RISE = ((np.arange(FRAME) + 0.5) / (FRAME / 2) - 1).clip(0)[:, None]
"""How near each sample of a frame is to the border behind it: 0 up to the middle, then up to 1."""
_FALL = _RISE[::-1]


def in_frames(samples: Block) -> Block:
    """View whole frames of 20 ms as `[frames, FRAME, channels]`."""
    return samples.reshape(-1, FRAME, samples.shape[1])


def between(before: Values, values: Values, behind: Values) -> Block:
    """Return one value for each sample: straight lines between the middles of the frames.

    `before` and `behind` are the values of the frames before and behind each.
    """
    to_left, to_right = (before - values) / 2, (behind - values) / 2
    lines = values[:, None] + to_left[:, None] * _FALL + to_right[:, None] * _RISE
    return lines.reshape(-1, values.shape[1]).astype(np.float32)
