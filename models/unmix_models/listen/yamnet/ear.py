"""An `Ear` that hears with YAMNet, in less than a hundredth of the recording's time on one core."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block
from unmix_models.fifo import Fifo
from unmix_models.listen.ear import CELL, HEARD, EarStream, Likelihoods
from unmix_models.listen.yamnet import log_mel
from unmix_models.listen.yamnet.level import gain
from unmix_models.listen.yamnet.network import Network
from unmix_models.listen.yamnet.regression import Regression
from unmix_models.listen.yamnet.tflite import BANDS, FRAMES
from unmix_models.listen.yamnet.traits import COUNT, FARTHEST, grouped, summed_up

Values = NDArray[np.float64]

_STEP = CELL // log_mel.HOP
"""Frames in a cell."""
_BEFORE = 22
"""Frames of a patch before its cell, so that their middles are 2.5 ms apart."""
_REMEMBERED = 300
"""Frames before a cell, 3 s, that have a say in its level."""
_PATCH = slice(_REMEMBERED - _BEFORE, _REMEMBERED - _BEFORE + FRAMES)


def load(folder: Path) -> "YamnetEar":
    """Open the network in a model's folder. Raises InvalidWeights."""
    return YamnetEar(Network(folder), Regression.read())


class YamnetEar:
    """See `Ear`. An answer is known 3.5 s after its cell has begun."""

    name = "yamnet"
    device = "cpu"
    precision = "float32"
    trust = 0.0

    def __init__(self, network: Network, regression: Regression) -> None:
        self._network = network
        self._regression = regression
        self.memory_bytes = network.memory_bytes

    def stream(self, channels: int) -> EarStream:
        """See `Ear.stream`."""
        return _Stream(self.traits(channels), self._regression)

    def traits(self, channels: int) -> "TraitsStream":
        """Begin one recording of which the numbers are wanted that the regression judges by."""
        return TraitsStream(self._network, channels)

    def close(self) -> None:
        """Give the memory back; the ear and its streams are of no use afterwards."""
        self._network.close()


class TraitsStream:
    """As an `EarStream`, but the answers are `[cells, COUNT]` numbers, those of `traits`."""

    def __init__(self, network: Network, channels: int) -> None:
        self._network = network
        self._channels = channels
        self._length = 0
        self._input = Fifo(channels)
        self._tail = np.zeros((log_mel.WINDOW - log_mel.HOP, channels), np.float32)
        """The end of what was heard, with which the next frame begins."""
        self._mel = np.zeros((_REMEMBERED, BANDS))
        self._levels = np.zeros(_REMEMBERED)
        """Both of the frames from `_REMEMBERED` before the next cell on."""
        self._groups: list[Values] = []
        """Of the cells from `FARTHEST` before the next answer on; what lies outside is like the first and the last."""

    def process(self, block: Block) -> Values:
        """See `EarStream.process`."""
        self._input.put(np.array(block, np.float32))  # a copy: the caller may reuse its buffer
        self._length += len(block)
        return self._answers()

    def flush(self) -> Values:
        """See `EarStream.flush`."""
        cells = -(-self._length // CELL)
        self._input.put(np.zeros(((cells + 1) * CELL - self._length, self._channels), np.float32))
        answers = [self._answers()]
        for _ in range(FARTHEST if cells else 0):
            answers.append(self._answer(self._groups[-1]))
        return np.concatenate(answers)

    def _answers(self) -> Values:
        answers = [np.zeros((0, COUNT))]
        while len(self._input) >= CELL:
            logits = self._hear(self._input.take(CELL))
            if logits is not None:
                answers.append(self._answer(grouped(logits)))
        return np.concatenate(answers)

    def _hear(self, samples: Block) -> Values | None:
        """Always as many at once, since sums depend on how many there are, to the last bit."""
        heard = np.concatenate([self._tail, samples])
        self._tail = heard[CELL:]
        mel, levels = log_mel.magnitudes(heard)
        self._mel, self._levels = np.concatenate([self._mel, mel]), np.concatenate([self._levels, levels])
        if len(self._mel) < _PATCH.stop:
            return None
        factor = gain(self._levels[: _PATCH.start], self._levels[_PATCH])
        patch = np.log(self._mel[_PATCH] * factor + log_mel.OFFSET).astype(np.float32)
        self._mel, self._levels = self._mel[_STEP:], self._levels[_STEP:]
        return self._network.logits(patch)

    def _answer(self, groups: Values) -> Values:
        """The numbers for the cell that is known now, if there is one."""
        if not self._groups:
            self._groups = [groups] * FARTHEST
        self._groups.append(groups)
        if len(self._groups) <= 2 * FARTHEST:
            return np.zeros((0, COUNT))
        numbers = summed_up(np.stack(self._groups))
        del self._groups[0]
        return numbers[None]


class _Stream:
    """See `EarStream`."""

    def __init__(self, traits: TraitsStream, regression: Regression) -> None:
        self._traits = traits
        self._regression = regression

    def process(self, block: Block) -> Likelihoods:
        return self._judged(self._traits.process(block))

    def flush(self) -> Likelihoods:
        return self._judged(self._traits.flush())

    def _judged(self, cells: Values) -> Likelihoods:
        judged = [self._regression.likelihoods(numbers) for numbers in cells]
        return np.stack(judged) if judged else np.zeros((0, len(HEARD)), np.float32)
