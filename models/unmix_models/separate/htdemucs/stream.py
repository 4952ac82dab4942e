"""One track on its way through a bag of networks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unmix_models.audio import Block, empty
from unmix_models.errors import UnsupportedFormat
from unmix_models.separate.htdemucs.bag import Part
from unmix_models.separate.overlap_add import OverlapAdd
from unmix_models.separate.statistics import TrackStatistics


@dataclass(frozen=True, slots=True)
class Segment:
    """One forward pass that a stream waits for."""

    wave: Tensor
    """`[channels, segment frames]`, float32, scaled by the track's statistics."""
    network: int
    """Which network of the bag."""
    stems: tuple[int, ...]
    """Which of its stems."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One network's way along the track, at one shift."""

    part: Part
    overlap_add: OverlapAdd


class DemucsStream:
    """See `unmix_models.separate.base.SeparateStream`."""

    def __init__(
        self,
        wanted: Sequence[tuple[str, int]],
        channels: int,
        lanes: Sequence[Lane],
        statistics: TrackStatistics,
    ) -> None:
        """`wanted` are stems by name and number."""
        self._wanted, self._channels, self._lanes = wanted, channels, lanes
        self._statistics = statistics
        self._waiting: list[list[Tensor]] = [[] for _ in lanes]
        """Final output of each lane, `[stems, channels, frames]`, that the others have yet to reach."""
        self._current: Lane | None = None

    def push(self, block: Block) -> None:
        """Take `[frames, channels]` at the model's rate; raises `UnsupportedFormat` for another shape."""
        if block.ndim != 2 or block.shape[1] != self._channels:
            raise UnsupportedFormat(
                f"A block of shape {block.shape} came where {self._channels} channels go."
            )
        if not len(block):
            return
        audio: Tensor = torch.from_numpy(np.ascontiguousarray(block.T))  # pyright: ignore[reportUnknownMemberType]  # untyped
        audio = (audio - self._statistics.mean) / self._statistics.divisor
        for lane in self._lanes:
            lane.overlap_add.push(audio)

    def finish(self) -> None:
        """No more frames come."""
        for lane in self._lanes:
            lane.overlap_add.finish()

    def pending(self) -> Segment | None:
        """What to compute next, or None until there are more frames; the lane that is behind comes first."""
        for lane in sorted(self._lanes, key=lambda lane: lane.overlap_add.offset):
            wave = lane.overlap_add.pending()
            if wave is not None:
                self._current = lane
                return Segment(wave, lane.part.network, lane.part.stems)
        return None

    def accept(self, output: Tensor) -> None:
        """Take `[stems, channels, segment frames]`, on the CPU, for the segment that `pending` gave last."""
        if self._current is None:
            raise RuntimeError("accept() was called before pending() gave a segment.")
        self._current.overlap_add.accept(output)
        self._current = None

    def take(self) -> dict[str, Block]:
        """What became final since the last call."""
        for waiting, lane in zip(self._waiting, self._lanes, strict=True):
            waiting.extend(lane.overlap_add.take())
        frames = min(sum(part.shape[-1] for part in waiting) for waiting in self._waiting)
        if not frames:
            return {stem: empty(self._channels) for stem, _ in self._wanted}
        rows = {number: row for row, (_, number) in enumerate(self._wanted)}
        total = torch.zeros(len(rows), self._channels, frames)
        for index, lane in enumerate(self._lanes):
            final = torch.cat(self._waiting[index], -1)
            for stem, share, signal in zip(lane.part.stems, lane.part.shares, final, strict=True):
                total[rows[stem]] += share * signal[:, :frames]
            self._waiting[index] = [final[..., frames:].clone()]
        total = total * self._statistics.factor + self._statistics.mean
        return {stem: np.ascontiguousarray(total[rows[number]].T.numpy()) for stem, number in self._wanted}
