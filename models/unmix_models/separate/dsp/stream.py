"""One track on its way through the separator."""

from collections import deque
from collections.abc import Sequence

import numpy as np

from unmix_models.audio import Block, empty
from unmix_models.errors import UnsupportedFormat
from unmix_models.separate.dsp.panning import magnitude
from unmix_models.separate.dsp.shares import Chunk, Divider
from unmix_models.separate.dsp.short_time import DELAY, HOP, Analysis, Synthesis

CHUNK_HOPS = 64
"""1.5 s; chunks begin at multiples of it, so a track's result does not depend on how it comes."""

_CHANNELS = 2
_CHUNK_FRAMES = CHUNK_HOPS * HOP
_NEIGHBOURS = 3
"""Chunks before and after, 4.5 s each way, that a chunk is divided by."""


class DspStream:
    """See `unmix_models.separate.base.SeparateStream`; memory does not grow with the track."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self._analysis = Analysis(_CHANNELS)
        self._divider = Divider()
        self._syntheses = {stem: Synthesis(_CHANNELS) for stem in wanted}
        self._input: list[Block] = []
        self._waiting = 0
        """Frames in `_input`."""
        self._chunks: deque[Chunk] = deque()
        self._current = 0
        """Number in `_chunks` of the next one to divide."""
        self._taken = 0
        self._given = -DELAY
        self._done: list[dict[str, Block]] = []
        """What is final and was not taken."""

    def push(self, block: Block) -> None:
        """See `SeparateStream.push`; raises `UnsupportedFormat` for another shape than `[frames, 2]`."""
        if block.ndim != 2 or block.shape[1] != _CHANNELS:
            raise UnsupportedFormat(f"A block of shape {block.shape} came where {_CHANNELS} channels go.")
        self._taken += len(block)
        while len(block):
            part = block[: _CHUNK_FRAMES - self._waiting]
            block = block[len(part) :]
            self._input.append(part.copy())  # the caller may reuse its buffer
            self._waiting += len(part)
            if self._waiting == _CHUNK_FRAMES:
                self._analyse()
                self._divide(_NEIGHBOURS)

    def finish(self) -> None:
        """See `SeparateStream.finish`."""
        if self._taken:
            # Silence until the last window that touches the track, and to a whole number of hops.
            silence = DELAY + -(self._waiting + DELAY) % HOP
            self._input.append(np.zeros((silence, _CHANNELS), np.float32))
            self._analyse()
        self._divide(0)

    def pending(self) -> None:
        """See `SeparateStream.pending`: nothing here is worth a batch."""

    def accept(self, output: object) -> None:
        """See `SeparateStream.accept`: never called, as nothing is pending."""

    def take(self) -> dict[str, Block]:
        """See `SeparateStream.take`."""
        done, self._done = self._done, []
        return {
            stem: np.concatenate([empty(_CHANNELS), *(part[stem] for part in done)])
            for stem in self._syntheses
        }

    def _analyse(self) -> None:
        spectra = self._analysis.spectra(np.concatenate(self._input))
        self._input, self._waiting = [], 0
        self._chunks.append(Chunk(spectra, magnitude(spectra)))

    def _divide(self, ahead: int) -> None:
        """Divide every chunk that has `ahead` others after it."""
        while self._current + ahead < len(self._chunks):
            spectra = self._chunks[self._current].spectra
            visible = list(self._chunks)[: self._current + _NEIGHBOURS + 1]
            shares = self._divider.shares(visible, self._current)
            self._done.append(
                self._trimmed(
                    {
                        stem: synthesis.samples(spectra * shares[stem])
                        for stem, synthesis in self._syntheses.items()
                    }
                )
            )
            self._current += 1
            if self._current > _NEIGHBOURS:
                self._chunks.popleft()
                self._current -= 1

    def _trimmed(self, late: dict[str, Block]) -> dict[str, Block]:
        """Drop the lag at the start of the track and the silence behind its end."""
        frames = len(next(iter(late.values())))
        first, last = max(0, -self._given), self._taken - self._given
        self._given += frames
        return {stem: samples[first:last] for stem, samples in late.items()}
