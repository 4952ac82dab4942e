"""Our own ear; see `listen.ear`. It is 3.02 s behind: 2 s for the network, 1 s for the level, and half a window."""

from collections import deque

import numpy as np

from unmix_models.audio import Block, empty
from unmix_models.listen.ear import CELL, HEARD, EarStream, Likelihoods
from unmix_models.listen.own import features
from unmix_models.listen.own import network as layers
from unmix_models.listen.own.features import BANDS, FRAMES, MARGIN, Floats


class OwnEar:
    """The network of `own.network`."""

    name = "own_ear"
    device = "cpu"
    precision = "float32"
    memory_bytes = 4_000_000
    trust = 0.75
    """Measured: beds at −12 dB behind some seconds of talk are found in all cells instead of 83 %, those at −18 dB in
    half instead of 17 %; talk is taken for one in 0.6 % instead of 0.5 %, and in 14 noisy sentences, one after the
    other, nowhere. With 1.25, 9 s of those are."""

    def __init__(self) -> None:
        self._network = layers.network()

    def stream(self, channels: int) -> EarStream:
        """See `Ear.stream`."""
        return OwnEarStream(self._network, channels)

    def close(self) -> None:
        """See `Ear.close`; the weights stay, being small."""


class OwnEarStream:
    """See `EarStream`. All steps go cell by cell, so that the cutting into blocks does not matter.

    Before the start and behind the end there is silence, at the value of the first and the last sample: a constant
    under a recording must not sound like a stroke there.
    """

    def __init__(self, network: layers.Network, channels: int) -> None:
        self._network = network
        self._samples = empty(channels)
        """From `MARGIN` before the next cell on."""
        self._powers = _Neighbours(features.BEFORE + 1 + features.BEHIND)
        self._frames = _Neighbours(2)
        self._vectors = _Neighbours(layers.BEFORE + 1 + layers.BEHIND)
        for _ in range(features.BEFORE + 1 + layers.BEFORE):
            self._hear(_SILENCE)

    def process(self, block: Block) -> Likelihoods:
        """See `EarStream.process`."""
        if not len(self._samples):
            block = _held(block, before=MARGIN)
        self._samples = np.concatenate([self._samples, block])
        answers = [_NONE]
        while len(self._samples) >= CELL + 2 * MARGIN:
            answers += self._hear(features.mel_cell(self._samples[: CELL + 2 * MARGIN]))
            self._samples = self._samples[CELL:]
        return np.concatenate(answers)

    def flush(self) -> Likelihoods:
        """See `EarStream.flush`."""
        if not len(self._samples):
            return _NONE
        missing = -(len(self._samples) - MARGIN) % CELL
        answers = [self.process(_held(self._samples[-1:], behind=missing + MARGIN)[1:])]
        for _ in range(features.BEHIND + layers.BEHIND):
            answers += self._hear(_SILENCE)
        return np.concatenate(answers)

    def _hear(self, power: Floats) -> list[Likelihoods]:
        """Take the power of a cell; return the answer that is known by it, if there is one."""
        if (powers := self._powers.add(power)) is None:
            return []
        if (frames := self._frames.add(features.relative(powers))) is None:
            return []
        heard = frames[FRAMES - layers.OVERLAP :]
        if (vectors := self._vectors.add(self._network.vectors(heard))) is None:
            return []
        return [self._network.answer(vectors)]


def _held(block: Block, before: int = 0, behind: int = 0) -> Block:
    """Repeat the first and the last sample; of nothing there is nothing to repeat."""
    return np.pad(block, ((before, behind), (0, 0)), mode="edge") if len(block) else block


class _Neighbours:
    """The last cells of something, joined as soon as there are enough."""

    def __init__(self, cells: int) -> None:
        self._cells = deque[Floats](maxlen=cells)

    def add(self, cell: Floats) -> Floats | None:
        self._cells.append(cell)
        return np.concatenate(self._cells) if len(self._cells) == self._cells.maxlen else None


_SILENCE = np.zeros((FRAMES, BANDS), np.float32)
_NONE = np.zeros((0, len(HEARD)), np.float32)
