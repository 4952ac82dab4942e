"""Which noise of a recording is proved: the same for many seconds, whatever else sounds.

The floor of dense music breathes with the music, and a filter that takes it for noise takes music away. So a band
counts only where its floor, a low quantile over neighbouring bins and over two seconds, stays the same for twelve
seconds and more while the level of the whole changes. Measured on 30 pieces of games, rock and music on hold: hiss
20 dB below shows in half of the bands, music alone in hardly any. Music that is equally loud all the time proves
nothing. Noise that was heard in a talk is known, too, once enough bands prove that it goes on.
"""

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block
from unmix_models.fifo import Fifo
from unmix_models.listen.framing import Framing
from unmix_models.listen.noise_floor import FRAMES_PER_PIECE, Neighbours, NoiseFloor

_PIECES = 16
"""Of 0.12 s: a block is 2 s."""
_QUANTILE = 0.1
_BIAS_DB = 2.7
"""Mean of white noise over its floor as it is taken here, measured over a minute of it."""
_SAME_DB = 1.8
_SHORTEST, _PAST, _AHEAD = 6, 12, 5
"""Blocks: of a proof, and how far back and ahead it reaches at most."""
_LIVELY_DB = 4.0
"""Between the 10th and the 90th percentile of the pieces' levels: less is a wall of sound."""
_LOW, _BREATH_DB = 0.3, 2.5
"""How much higher a low quantile of a band may be in the loudest third than in the quietest."""
_LEAST_DB = -140.0
"""Power per Hz of what is noise at all: as much as the rounding to 16 bit adds."""
_FEWEST_BANDS = 3
"""Proved in a row."""
_OUTSIDE = 15
"""Blocks of talk that are remembered."""
_FEWEST_OUTSIDE = 2
_OUTSIDE_QUANTILE = 0.2
_ALIKE_DB, _ALIKE_SHARE, _FEWEST_ALIKE = 2.0, 0.8, 6
"""How well noise of a talk and noise proved under music agree where they are one."""
_SILENT_DB = -150.0
_NOTHING_DB = -220.0

Decibels = NDArray[np.float64]
Proved = NDArray[np.bool_]


class SteadyNoise:
    """The noise of one recording, block by block of about two seconds."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._framing = Framing(sample_rate)
        self._neighbours = Neighbours(self._framing.frequencies)
        self.block_frames = _PIECES * FRAMES_PER_PIECE * self._framing.hop
        """Frames of audio in a block."""
        self._waiting = Fifo(channels)
        self._frames: list[NDArray[np.float32]] = []
        """Power per Hz of the frames of the block that is not complete, `[frames, bins]` each."""
        self._floors: list[Decibels] = []
        self._bands: list[Decibels] = []
        self._levels: list[Decibels] = []
        """Of each block from `_first` on: its floors, those of its pieces, `[pieces, bands]`, and their levels."""
        self._first = 0
        self._outside: list[Decibels] = []
        self._ended = False

    def hear(self, block: Block) -> None:
        """Hear the next `[frames, channels]`."""
        self._waiting.put(block)
        while len(self._waiting) >= self.block_frames:
            density = self._framing.densities(self._waiting.take(self.block_frames))
            frames = np.concatenate([*self._frames, density.mean(axis=0)])
            if len(frames) >= _PIECES * FRAMES_PER_PIECE:
                self._add(frames[: _PIECES * FRAMES_PER_PIECE])
                frames = frames[_PIECES * FRAMES_PER_PIECE :]
            self._frames = [frames]

    def end(self) -> None:
        """There is no more to hear."""
        self._ended = True

    @property
    def blocks(self) -> int:
        """Blocks that have been heard to their end."""
        return self._first + len(self._floors)

    def knows(self, block: int) -> bool:
        """Whether all has been heard that a block is judged by."""
        return self._ended or self.blocks > block + _AHEAD

    def learn(self, block: int) -> None:
        """There is talk in a block and no music: what is always there is noise, unless an editor made it silent."""
        if self._has(block) and self._levels[block - self._first].min() > _SILENT_DB:
            self._outside = [*self._outside, self._floors[block - self._first]][-_OUTSIDE:]

    def forget(self, block: int) -> None:
        """Nothing more is asked of what lies before a block."""
        old = min(max(block - _PAST - self._first, 0), len(self._floors))
        self._first += old
        del self._floors[:old], self._bands[:old], self._levels[:old]

    def under_music(self, block: int, *, with_speech: bool = False) -> NoiseFloor | None:
        """Return the noise that is known to lie under the music of a block; None where none is.

        Where there is speech as well, its noise goes on, as it was heard outside of music. The rest of the recording,
        short of a block, is as the last one.
        """
        block = min(block, self.blocks - 1)
        if not self._has(block):
            return None
        noise, proved = self._proved(block - self._first)
        outside = self._known_outside()
        if not proved.any() and (outside is None or not with_speech):
            return None
        if outside is not None and (with_speech or self._go_on(outside, noise, proved)):
            noise = np.where(proved, noise, np.minimum(outside, self._floors[block - self._first]))
        return self._floor(noise)

    def without_music(self, block: int) -> NoiseFloor | None:
        """Return the noise of a block without music: what goes on from a talk, or is the same for twelve seconds."""
        block = min(block, self.blocks - 1)
        if not self._has(block):
            return None
        noise, proved = self._proved(block - self._first, at_every_level=False)
        outside = self._known_outside()
        if outside is not None:
            noise = np.where(proved, noise, np.minimum(outside, self._floors[block - self._first]))
        return self._floor(noise) if proved.any() or outside is not None else None

    def _add(self, frames: NDArray[np.float32]) -> None:
        pieces = frames.reshape(_PIECES, FRAMES_PER_PIECE, -1).mean(axis=1, dtype=np.float64)
        bands = 10 * np.log10(self._neighbours.floors(pieces) + 1e-30)
        self._floors.append(np.quantile(bands, _QUANTILE, axis=0))
        self._bands.append(bands)
        self._levels.append(10 * np.log10(pieces.sum(axis=1) * self._framing.frequencies[1] + 1e-30))

    def _has(self, block: int) -> bool:
        return self._first <= block < self.blocks

    def _known_outside(self) -> Decibels | None:
        if len(self._outside) < _FEWEST_OUTSIDE:
            return None
        return np.quantile(self._outside, _OUTSIDE_QUANTILE, axis=0)

    def _go_on(self, outside: Decibels, noise: Decibels, proved: Proved) -> bool:
        """Whether the noise that was heard outside is that which is proved inside."""
        alike = np.abs(outside - noise)[proved] <= _ALIKE_DB
        return len(alike) >= _FEWEST_ALIKE and float(alike.mean()) >= _ALIKE_SHARE

    def _proved(self, at: int, *, at_every_level: bool = True) -> tuple[Decibels, Proved]:
        """The noise of each band around the block at this place, `_NOTHING_DB` where it is not proved."""
        floors = np.stack(self._floors[max(at - _PAST, 0) : at + _AHEAD + 1])
        here = min(at, _PAST)
        start, end = _runs(floors, here)
        noise = np.full(floors.shape[1], _NOTHING_DB)
        for first, last in {*zip(start.tolist(), end.tolist(), strict=True)}:
            if last - first >= _SHORTEST:
                bands = (start == first) & (end == last)
                if at_every_level:
                    bands &= self._at_every_level(at - here + first, at - here + last)
                noise[bands] = floors[first:last, bands].mean(axis=0)
        proved = _in_a_row(noise > _LEAST_DB, _FEWEST_BANDS)
        return np.where(proved, noise, _NOTHING_DB), proved

    def _at_every_level(self, first: int, last: int) -> Proved:
        """In which bands the floor is the same where the recording is loud as where it is quiet."""
        levels, bands = np.concatenate(self._levels[first:last]), np.concatenate(self._bands[first:last])
        low, high = np.quantile(levels, [0.1, 0.9])
        ordered = bands[np.argsort(levels)]
        third = len(ordered) // 3
        quiet, loud = (np.quantile(part, _LOW, axis=0) for part in (ordered[:third], ordered[-third:]))
        return np.asarray((high - low >= _LIVELY_DB) & (loud - quiet <= _BREATH_DB), np.bool_)

    def _floor(self, noise: Decibels) -> NoiseFloor:
        return NoiseFloor(self._neighbours.frequencies, 10 ** ((noise + _BIAS_DB) / 10))


def _runs(floors: Decibels, here: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For each band: the first and one past the last of the blocks around `here` with the same floor.

    They grow by a block at a time, ahead and back in turn.
    """
    blocks, bands = floors.shape
    start, end = np.full(bands, here), np.full(bands, here + 1)
    least, most = floors[here].copy(), floors[here].copy()
    every = np.flatnonzero(np.ones(bands))
    growing = np.ones((2, bands), bool)
    while growing.any():
        for way, next_block in ((0, end), (1, start - 1)):
            inside = growing[way] & (next_block >= 0) & (next_block < blocks)
            value = floors[np.clip(next_block, 0, blocks - 1), every]
            low, high = np.minimum(least, value), np.maximum(most, value)
            growing[way] = inside & (high - low <= _SAME_DB)
            least, most = np.where(growing[way], low, least), np.where(growing[way], high, most)
            if way == 0:
                end = end + growing[way]
            else:
                start = start - growing[way]
    return start, end


def _in_a_row(marked: Proved, fewest: int) -> Proved:
    """Those that are marked together with their neighbours, so many in a row."""
    kept: list[bool] = []
    for mark, run in groupby(marked.tolist()):
        length = len(list(run))
        kept.extend([mark and length >= fewest] * length)
    return np.array(kept, bool)
