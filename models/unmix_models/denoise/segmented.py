"""A stream in segments of fixed length: what all denoisers here share.

Models want their audio in hops and answer late. This takes blocks of any length, hands on segments
whose borders depend on the position in the recording alone, drops the lag, and mixes the input back
where only part of the noise is to be removed.
"""

from collections import deque
from typing import Protocol

import numpy as np

from unmix_models.audio import Block, empty


class SegmentRun(Protocol):
    """A model at work on one recording, segment after segment."""

    @property
    def hop(self) -> int:
        """Frames that every segment is a multiple of."""
        ...

    @property
    def delay(self) -> int:
        """Frames by which the output lags the input."""
        ...

    def run(self, segment: Block) -> Block:
        """Return as many frames as given, `delay` frames late."""
        ...


class SegmentedStream:
    """A `DenoiseStream` over a `SegmentRun`."""

    def __init__(
        self, model: SegmentRun, *, channels: int, segment: int, attenuation_limit_db: float | None
    ) -> None:
        self._model = model
        self._channels = channels
        self._segment = max(segment // model.hop, 1) * model.hop
        self._input = _Frames(channels)
        self._dry_share = kept_share(attenuation_limit_db)
        self._dry = _Frames(channels)
        self._late = model.delay
        self._taken = 0
        self._given = 0

    def process(self, block: Block) -> Block:
        """See `DenoiseStream.process`."""
        self._taken += len(block)
        self._input.append(block)
        if self._dry_share:
            self._dry.append(block)
        return self._run_whole_segments()

    def flush(self) -> Block:
        """See `DenoiseStream.flush`."""
        missing = self._taken + self._model.delay
        silence = -missing % self._model.hop + self._model.delay if self._taken else 0
        self._input.append(np.zeros((silence, self._channels), np.float32))
        done = [self._run_whole_segments()]
        if len(self._input):
            done.append(self._finish(self._model.run(self._input.take(len(self._input)))))
        return np.concatenate(done)

    def _run_whole_segments(self) -> Block:
        done = [empty(self._channels)]
        while len(self._input) >= self._segment:
            done.append(self._finish(self._model.run(self._input.take(self._segment))))
        return np.concatenate(done) if len(done) > 1 else done[0]

    def _finish(self, wet: Block) -> Block:
        early = min(self._late, len(wet))
        self._late -= early
        wet = wet[early : early + self._taken - self._given]
        self._given += len(wet)
        if not self._dry_share:
            return wet
        mixed = self._dry.take(len(wet))
        mixed *= self._dry_share
        mixed += wet * (1 - self._dry_share)
        return mixed


def kept_share(attenuation_limit_db: float | None) -> float:
    """Share of the input that stays in the result: l = 10^(−|dB|/20), 0 where there is no limit."""
    return 0.0 if attenuation_limit_db is None else float(10 ** (-abs(attenuation_limit_db) / 20))


class _Frames:
    """A queue of frames that copies each frame once on its way in and at most once on its way out."""

    def __init__(self, channels: int) -> None:
        self._blocks: deque[Block] = deque()
        self._channels = channels
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, block: Block) -> None:
        if len(block):
            self._blocks.append(np.array(block, np.float32))  # a copy: the caller may reuse its buffer
            self._length += len(block)

    def take(self, frames: int) -> Block:
        """Remove and return the oldest `frames` frames, in an array of their own."""
        taken = np.empty((frames, self._channels), np.float32)
        filled = 0
        while filled < frames:
            block = self._blocks.popleft()
            part = block[: frames - filled]
            taken[filled : filled + len(part)] = part
            filled += len(part)
            if len(part) < len(block):
                self._blocks.appendleft(block[len(part) :])
        self._length -= frames
        return taken
