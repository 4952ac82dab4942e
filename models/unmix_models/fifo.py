"""Frames that wait for their processed counterparts."""

import numpy as np

from unmix_models.audio import Block, empty


class Fifo:
    """First in, first out; takes any number of frames, whatever the blocks they came in."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._blocks: list[Block] = []
        self._frames = 0

    def __len__(self) -> int:
        return self._frames

    def put(self, block: Block) -> None:
        """Append a block `[frames, channels]`."""
        self._blocks.append(block)
        self._frames += len(block)

    def take(self, frames: int) -> Block:
        """Remove the first `frames` frames; there are as many. They may be a part of a block that was put."""
        taken: list[Block] = []
        self._frames -= frames
        while frames:
            first = self._blocks[0]
            if len(first) <= frames:
                taken.append(self._blocks.pop(0))
            else:
                taken.append(first[:frames])
                self._blocks[0] = first[frames:]
            frames -= len(taken[-1])
        if len(taken) == 1:
            return taken[0]
        return np.concatenate(taken) if taken else empty(self._channels)
