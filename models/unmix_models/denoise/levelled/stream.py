"""A `DenoiseStream` around a network's, which hears every voice at one level, around zero.

Networks have heard voices of a certain level: the same voice 40 dB lower, or with an offset, is taken for noise.
So each channel's level is followed and evened out before the network, and put back exactly behind it; the offset
goes around the network.
"""

import numpy as np

from unmix_models.audio import Block, empty
from unmix_models.denoise.base import DenoiseStream
from unmix_models.denoise.levelled.curve import GainCurve
from unmix_models.denoise.levelled.frames import FRAME, FRAMES_PER_SECOND, Values, moments
from unmix_models.denoise.levelled.offset import Offset
from unmix_models.denoise.levelled.track import GainTrack
from unmix_models.denoise.segmented import kept_share
from unmix_models.fifo import Fifo

_STRIDE = FRAMES_PER_SECOND * FRAME
"""Samples that are looked at in one go; its borders depend on the position in the recording alone."""


class LevelledStream:
    """See `base.DenoiseStream`. `network` works at 48 kHz and has no limit: it is applied here.

    `target_db` is the level, the 75th percentile of 20-ms frames, at which the network hears voices best.
    """

    def __init__(
        self,
        network: DenoiseStream,
        *,
        channels: int,
        attenuation_limit_db: float | None,
        target_db: float,
    ) -> None:
        self._network = network
        self._channels = channels
        self._offset = Offset(channels)
        self._track = GainTrack(channels, target_db)
        self._curve = GainCurve(channels)
        self._input, self._dry = Fifo(channels), Fifo(channels)
        self._offsets, self._gains = Fifo(channels), Fifo(channels)
        self._dry_share = np.float32(kept_share(attenuation_limit_db))

    def process(self, block: Block) -> Block:
        """See `DenoiseStream.process`."""
        block = np.array(block, np.float32)  # a copy: the caller may reuse its buffer
        self._input.put(block)
        if self._dry_share:
            self._dry.put(block)
        done = [empty(self._channels)]
        while len(self._input) >= _STRIDE:
            done.append(self._denoise(self._input.take(_STRIDE), last=False))
        return np.concatenate(done)

    def flush(self) -> Block:
        """See `DenoiseStream.flush`."""
        rest = self._input.take(len(self._input))
        missing = -len(rest) % FRAME
        # What completes the last frame is like the rest of it, so that its level and mean are right.
        whole = np.pad(rest, ((0, missing), (0, 0)), mode="symmetric") if missing else rest
        done = [self._denoise(whole, last=True, surplus=missing)]
        done.append(self._finish(self._network.flush()))
        return np.concatenate(done)

    def _denoise(self, samples: Block, *, last: bool, surplus: int = 0) -> Block:
        centred, offsets = self._offset.process(samples, last=last)
        gains = self._track.process(_levels_db(centred), last=last)
        heard, curve = self._curve.process(centred, gains, last=last)
        self._offsets.put(offsets)
        self._gains.put(curve)
        levelled = heard * curve
        return self._finish(self._network.process(levelled[: len(levelled) - surplus]))

    def _finish(self, wet: Block) -> Block:
        clean = wet / self._gains.take(len(wet)) + self._offsets.take(len(wet))
        share = self._dry_share
        if not share:
            return clean
        return np.asarray(self._dry.take(len(wet)) * share + clean * (1 - share), np.float32)


def _levels_db(samples: Block) -> Values:
    """Mean power of each frame of 20 ms."""
    return 10 * np.log10(moments(samples)[1] + 1e-300)
