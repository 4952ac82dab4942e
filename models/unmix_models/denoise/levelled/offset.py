"""The constant that lies under a recording (DC): the mean of a second, moving along.

Each frame of 20 ms counts by how quiet its neighbourhood is: what is loud has means of its own, which would lie
under a quiet voice beside it. Single quiet frames say too little, where there is rumble.
"""

import numpy as np

from unmix_models.audio import Block
from unmix_models.denoise.levelled.frames import FRAME, FRAMES_PER_SECOND, Values, between, moments

_EACH_WAY = FRAMES_PER_SECOND // 2
_NEIGHBOURHOOD = FRAMES_PER_SECOND // 5
"""Frames of 20 ms each way: of the mean, and of what a frame's weight is judged by."""
_REACH = _EACH_WAY + _NEIGHBOURHOOD + 1
"""Frames of 20 ms that are heard beyond the one that an offset is told for."""
_ROUNDING = 1e-13
"""Of float32, in power: nothing is more constant than its samples can say."""
_LEAST = 1e-40


class Offset:
    """Takes the offset of one recording away, channel by channel, about 0.7 s late.

    Digital silence has none, and counts nowhere: a voice behind it has the offset that it has alone.
    """

    def __init__(self, channels: int) -> None:
        self._samples = np.zeros((0, channels), np.float32)
        """Those that the offset is not known of yet."""
        self._means = np.zeros((_REACH, channels))
        self._variances = np.zeros((_REACH, channels))
        """Of each frame from `_REACH` before the first of `_samples` on; the variance is 0 in digital silence alone."""

    def process(self, samples: Block, *, last: bool = False) -> tuple[Block, Block]:
        """Return samples without their offset, and that offset, in whole frames of 20 ms both."""
        self._samples = np.concatenate([self._samples, samples])
        means, powers = moments(samples)
        variances = np.where(powers > 0, powers - means**2 * (1 - _ROUNDING) + _LEAST, 0)
        behind = np.zeros((_REACH if last else 0, samples.shape[1]))
        self._means = np.concatenate([self._means, means, behind])
        self._variances = np.concatenate([self._variances, variances, behind])
        known = len(self._means) - 2 * _REACH
        if known <= 0:
            return self._samples[:0], self._samples[:0]
        offsets = self._of_samples()
        self._means, self._variances = self._means[known:], self._variances[known:]
        ready, self._samples = np.split(self._samples, [len(offsets)])
        return ready - offsets, offsets

    def _of_samples(self) -> Block:
        loudest: Values = _windows(self._variances, _NEIGHBOURHOOD).max(axis=-1)
        inner = slice(_NEIGHBOURHOOD, -_NEIGHBOURHOOD)
        sounds = self._variances[inner] > 0
        weights = sounds / np.sqrt(np.where(sounds, loudest, 1))
        total: Values = _windows(weights, _EACH_WAY).sum(axis=-1)
        weighted: Values = _windows(self._means[inner] * weights, _EACH_WAY).sum(axis=-1)
        means = weighted / np.where(total > 0, total, 1)
        sounds = sounds[_EACH_WAY:-_EACH_WAY]
        here, before, behind = means[1:-1], means[:-2], means[2:]
        offsets = between(np.where(sounds[:-2], before, here), here, np.where(sounds[2:], behind, here))
        return offsets * np.repeat(sounds[1:-1], FRAME, axis=0)


def _windows(values: Values, each_way: int) -> Values:
    """The values around each that has as many on both sides, on a last axis of their own."""
    return np.lib.stride_tricks.sliding_window_view(values, 2 * each_way + 1, axis=0)
