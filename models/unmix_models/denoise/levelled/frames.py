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

_RISE = ((np.arange(FRAME) + 0.5) / (FRAME / 2) - 1).clip(0).astype(np.float32)
"""How near each sample of a frame is to the border behind it: 0 up to the middle, then up to 1."""
_LINES = np.stack([np.ones_like(_RISE), _RISE[::-1], _RISE])
"""What a value, and half its distances to the ones before and behind, are multiplied by."""


def moments(samples: Block) -> tuple[Values, Values]:
    """Return the mean and the mean power of each whole frame."""
    frames = np.ascontiguousarray(samples.T, np.float64).reshape(samples.shape[1], -1, FRAME)
    return frames.mean(axis=2).T, np.einsum("cfs,cfs->fc", frames, frames) / FRAME


def between(before: Values, values: Values, behind: Values) -> Block:
    """Return one value for each sample: straight lines between the middles of the frames.

    `before` and `behind` are the values of the frames before and behind each.
    """
    frames, channels = values.shape
    parts = np.stack([values, (before - values) / 2, (behind - values) / 2], axis=2).astype(np.float32)
    lines = np.empty((frames, FRAME, channels), np.float32)
    for channel in range(channels):
        lines[:, :, channel] = parts[:, channel] @ _LINES
    return lines.reshape(-1, channels)
