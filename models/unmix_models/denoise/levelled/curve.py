"""The gain of each sample: lines between frames, and sharp switches at steps.

The network hears windows of 20 ms and more. Where the level of a recording steps, a ramp would put a stretch that
is far too loud beside the quiet side: the gain has to switch at the very sample at which the level does.
Where the gain jumps by more than the level does, as within a tone before a pause, what the network makes of the
lifted side reaches into the other one, and clicks there: such a jump becomes a ramp of 0.2 s.
"""

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block
from unmix_models.denoise.levelled.frames import FRAME, Values, between

_STEP = 10 ** (10 / 20)
_SEARCHED = 5
"""Frames each way within which the sample of a step is looked for."""
_TOUCHED = _SEARCHED + 1
_CONTEXT = _TOUCHED + 2 * _SEARCHED + 1
"""Frames beyond a frame that have a say in its gains."""
_STEEP = np.log(10 ** (20 / 20))
"""Jump of the gain, as a natural logarithm, up to which it does no harm wherever it is."""
_SHARE = 0.25
"""Of a steeper one, how much the level has to step by, the other way, both in dB."""
_SHORTEST = 48
"""Samples on each side of a step."""


class GainCurve:
    """Gains for the samples of one recording, channel by channel, 0.34 s late."""

    def __init__(self, channels: int) -> None:
        self._samples = np.zeros((0, channels), np.float32)
        self._gains = np.zeros((0, channels))
        """Both from `_before` frames before the first unfinished one on."""
        self._before = 0

    def process(self, samples: Block, gains: Values, *, last: bool = False) -> tuple[Block, Block]:
        """Take samples in whole frames, and gains for as many of the frames as are known; both may run ahead.

        Return samples and a factor for each, in whole frames.
        """
        self._samples = np.concatenate([self._samples, samples])
        self._gains = np.concatenate([self._gains, gains])
        end = len(self._gains) - (0 if last else _CONTEXT)
        if end <= self._before:
            return self._samples[:0], self._samples[:0]
        heard = self._samples[: len(self._gains) * FRAME]
        done = slice(self._before * FRAME, end * FRAME)
        curve, ready = self._curve(heard)[done], heard[done]
        forgotten = max(end - _CONTEXT, 0)
        self._before = end - forgotten
        self._samples, self._gains = self._samples[forgotten * FRAME :], self._gains[forgotten:]
        return ready, curve

    def _curve(self, samples: Block) -> Block:
        sharp, gains = self._steps(samples)
        curve = between(
            np.concatenate([gains[:1], gains[:-1]]), gains, np.concatenate([gains[1:], gains[-1:]])
        )
        for frame, channel, step in sharp:
            border = (frame + 1) * FRAME
            left, right = max(min(border, step) - FRAME, 0), max(border, step) + FRAME
            curve[left:step, channel] = gains[frame, channel]
            curve[step:right, channel] = gains[frame + 1, channel]
        return curve

    def _steps(self, samples: Block) -> tuple[list[tuple[int, int, int]], Values]:
        """Frame, channel and sample of each step, and the gains with ramps where they jump and the level does not."""
        ratio = self._gains[1:] / self._gains[:-1]
        frames = np.arange(len(self._gains))
        sharp: list[tuple[int, int, int]] = []
        gains = self._gains.copy()
        for frame, channel in np.argwhere((ratio > _STEP) | (ratio < 1 / _STEP)).tolist():
            border = (frame + 1) * FRAME
            start, end = max(border - _SEARCHED * FRAME, 0), min(border + _SEARCHED * FRAME, len(samples))
            step, fall = _likeliest_step(samples[start:end, channel])
            jump = np.log(ratio[frame, channel])
            if abs(jump) < _STEEP or fall / jump >= _SHARE:
                sharp.append((frame, channel, start + step))
            else:
                ramp = ((frames - frame - 0.5) / (2 * _SEARCHED) + 0.5).clip(0, 1)
                gains[:, channel] *= np.exp(jump * (ramp - (frames > frame)))
        return sharp, gains


def _likeliest_step(samples: NDArray[np.float32]) -> tuple[int, float]:
    """The sample at which the variance most likely changes: two Gaussians are likeliest to have met there.

    And by how much the level falls there, as a natural logarithm.
    """
    power = samples.astype(np.float64) ** 2
    power += power.mean() * 1e-12 + 1e-300
    energy = np.cumsum(power)
    before = np.arange(_SHORTEST, len(power) - _SHORTEST)
    behind = len(power) - before
    left, right = energy[before - 1], energy[-1] - energy[before - 1]
    unlikely = before * np.log(left / before) + behind * np.log(right / behind)
    best = int(np.argmin(unlikely))
    fall = np.log(left[best] / before[best] / (right[best] / behind[best])) / 2
    return int(before[best]), float(fall)
