"""The constant that lies under a recording (DC): the mean of a second, moving along."""

import numpy as np

from unmix_models.audio import Block
from unmix_models.denoise.levelled.frames import FRAMES_PER_SECOND, Values, between, in_frames

_EACH_WAY = FRAMES_PER_SECOND // 2
_REACH = _EACH_WAY + 1
"""Frames of 20 ms that are heard beyond the one that an offset is told for."""


class Offset:
    """Takes the offset of one recording away, channel by channel, about half a second late.

    Digital silence has none, and counts nowhere: a voice behind it has the offset that it has alone.
    """

    def __init__(self, channels: int) -> None:
        self._samples = np.zeros((0, channels), np.float32)
        """Those that the offset is not known of yet."""
        self._means = np.zeros((_REACH, channels))
        self._sounds = np.zeros((_REACH, channels), np.bool_)
        """Mean and whether there is any sound, for each frame from `_REACH` before the first of `_samples` on."""

    def process(self, samples: Block, *, last: bool = False) -> tuple[Block, Block]:
        """Return samples without their offset, and that offset, in whole frames of 20 ms both."""
        frames = in_frames(samples)
        self._samples = np.concatenate([self._samples, samples])
        self._means = np.concatenate([self._means, frames.mean(axis=1, dtype=np.float64)])
        self._sounds = np.concatenate([self._sounds, frames.any(axis=1)])
        if last:
            end = np.zeros((_REACH, samples.shape[1]))
            self._means = np.concatenate([self._means, end])
            self._sounds = np.concatenate([self._sounds, end.astype(np.bool_)])
        known = len(self._means) - 2 * _REACH
        if known <= 0:
            return self._samples[:0], self._samples[:0]
        offsets = self._of_frames()
        self._means, self._sounds = self._means[known:], self._sounds[known:]
        ready, self._samples = np.split(self._samples, [len(offsets)])
        return ready - offsets, offsets

    def _of_frames(self) -> Block:
        """One offset a sample."""
        means = _moving_sum(self._means) / np.maximum(_moving_sum(self._sounds.astype(np.float64)), 1)
        sounds = self._sounds[_EACH_WAY:-_EACH_WAY]
        here = means[1:-1]
        before = np.where(sounds[:-2], means[:-2], here)
        behind = np.where(sounds[2:], means[2:], here)
        here, before, behind = (np.where(sounds[1:-1], values, 0) for values in (here, before, behind))
        return between(before, here, behind)


def _moving_sum(values: Values) -> Values:
    """Sum over `_EACH_WAY` frames before and behind; as many fewer come out."""
    return np.lib.stride_tricks.sliding_window_view(values, 2 * _EACH_WAY + 1, axis=0).sum(axis=-1)
