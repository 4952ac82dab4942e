"""Separate a recording: read, convert to the model's rate, separate, convert back, write — as one stream.

Two passes: the first measures the whole track's mean and deviation, which the networks want. Memory does not
grow with the recording's length. Frames out equal frames in, at lag 0.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import numpy as np

from .audio import Block
from .errors import UnsupportedFormat
from .fifo import Fifo
from .media import AudioReader
from .resample import Resampler
from .separate.base import SeparateStream, Separator, SteppedSeparator, SteppedStream
from .separate.statistics import TrackStatistics, TrackStatisticsMeter
from .stem_names import StemChoice
from .stems import StemFile

BLOCK_FRAMES = 32768
_STEREO = 2


class Consistency(StrEnum):
    """How the stems relate to the mixture."""

    MIXTURE = "mixture"
    """The model's error is shared out, so that all its stems add up to the mixture."""
    NONE = "none"
    """The model's raw output."""


@dataclass(frozen=True, slots=True)
class Forward:
    """A forward pass that a separation waits for; whoever drives it runs `model.forward` and sends the output."""

    model: SteppedSeparator
    segment: Any


@dataclass(frozen=True, slots=True)
class SeparateOptions:
    """How to run a separation model."""

    consistency: Consistency = Consistency.MIXTURE
    shifts: int = 0
    overlap: float = 0.25


def check_channels(channels: int) -> None:
    """Raises UnsupportedFormat for what is neither mono nor stereo."""
    if channels > _STEREO:
        raise UnsupportedFormat(
            f"Separation takes mono or stereo and the recording has {channels} channels; export it as stereo."
        )


def measure(reader: AudioReader, model: Separator) -> Iterator[TrackStatistics | None]:
    """The first pass: None after each block, the track's statistics at the end."""
    meter = TrackStatisticsMeter()
    there = Resampler(reader.info.sample_rate, model.sample_rate, model.channels)
    for block in reader.blocks(BLOCK_FRAMES):
        meter.add(there.process(_widened(block, model.channels)))
        yield None
    meter.add(there.flush())
    yield meter.result()


def separate(
    reader: AudioReader,
    model: Separator,
    statistics: TrackStatistics,
    options: SeparateOptions,
    choices: Sequence[StemChoice],
    outputs: Mapping[str, StemFile],
) -> Generator[Forward | int, Any, None]:
    """Write the chosen stems to `outputs`, by their names.

    Yields the frames finished after each step, and each `Forward`, to be sent its output.

    With `Consistency.MIXTURE` all stems of the model add up to the input, and a complement is the input minus
    what its stem's file holds: exactly where the files keep the input's depth, to 1e-6 in float.
    """
    channels = reader.info.channels
    wanted = tuple(dict.fromkeys(choice.stem for choice in choices))
    passage = _Passage(model, reader.info.sample_rate, channels, wanted, statistics, options)
    whole = options.consistency is Consistency.MIXTURE and set(wanted) == set(model.stems)
    complements = any(choice.complement for choice in choices)
    quantise = next(iter(outputs.values())).quantise
    waiting = Fifo(channels)
    finished = 0

    def deliver(stems: dict[str, Block], frames: int) -> int:
        mixture = waiting.take(frames)
        if whole:
            stems = _summing(stems, mixture, quantise)
        elif complements:
            stems = {name: quantise(stem) for name, stem in stems.items()}
        for choice in choices:
            stem = stems[choice.stem]
            outputs[choice.name].write(mixture - stem if choice.complement else stem)
        return frames

    for block in reader.blocks(BLOCK_FRAMES):
        waiting.put(block)
        stems = yield from passage.process(block)
        ready = min(len(waiting), *map(len, stems.values()))
        if ready:
            finished += deliver({name: stem[:ready] for name, stem in stems.items()}, ready)
        yield finished
    rest = len(waiting)
    tail = {name: _fitted(stem, rest) for name, stem in (yield from passage.flush()).items()}
    finished += deliver(tail, rest)
    yield finished


def _summing(stems: dict[str, Block], mixture: Block, quantise: Callable[[Block], Block]) -> dict[str, Block]:
    """Share the model's error out equally; the last stem also takes what rounding to the depth leaves."""
    error = _without(mixture, stems.values()) / np.float32(len(stems))
    *names, last = stems
    result = {name: quantise(np.asarray(stems[name] + error, np.float32)) for name in names}
    result[last] = _without(mixture, result.values())
    return result


def _without(mixture: Block, stems: Iterable[Block]) -> Block:
    rest = mixture.copy()
    for stem in stems:
        rest -= stem
    return rest


class _Passage:
    """The recording's rate and channels → the model's → stems → back."""

    def __init__(
        self,
        model: Separator,
        rate: int,
        channels: int,
        wanted: Sequence[str],
        statistics: TrackStatistics,
        options: SeparateOptions,
    ) -> None:
        self._channels = channels
        self._model_channels = model.channels
        self._there = Resampler(rate, model.sample_rate, model.channels)
        self._back = {stem: Resampler(model.sample_rate, rate, channels) for stem in wanted}
        self._model = model
        self._stream: SeparateStream = model.stream(
            wanted, statistics, overlap=options.overlap, shifts=options.shifts
        )

    def process(self, block: Block) -> Generator[Forward, Any, dict[str, Block]]:
        there = self._there.process(_widened(block, self._model_channels))
        if not isinstance(self._stream, SteppedStream):
            return self._returned(self._stream.process(there))
        self._stream.push(there)
        return (yield from self._stepped(self._stream))

    def flush(self) -> Generator[Forward, Any, dict[str, Block]]:
        there = self._there.flush()
        if isinstance(self._stream, SteppedStream):
            self._stream.push(there)
            self._stream.finish()
            pieces = [(yield from self._stepped(self._stream))]
        else:
            pieces = [self._returned(stems) for stems in (self._stream.process(there), self._stream.flush())]
        pieces.append({stem: back.flush() for stem, back in self._back.items()})
        return {stem: np.concatenate([piece[stem] for piece in pieces]) for stem in self._back}

    def _stepped(self, stream: SteppedStream) -> Generator[Forward, Any, dict[str, Block]]:
        while (segment := stream.pending()) is not None:
            stream.accept((yield Forward(cast("SteppedSeparator", self._model), segment)))
        return self._returned(stream.take())

    def _returned(self, stems: dict[str, Block]) -> dict[str, Block]:
        return {
            stem: self._back[stem].process(_narrowed(block, self._channels)) for stem, block in stems.items()
        }


def _widened(block: Block, channels: int) -> Block:
    """Mono goes to every channel of the model."""
    return block if block.shape[1] == channels else np.repeat(block, channels, axis=1)


def _narrowed(block: Block, channels: int) -> Block:
    return block if block.shape[1] == channels else block.mean(axis=1, keepdims=True, dtype=np.float32)


def _fitted(block: Block, frames: int) -> Block:
    """Cut, or pad with silence, to `frames`: two conversions of the rate may differ by a frame."""
    missing = frames - len(block)
    return (
        block[:frames]
        if missing <= 0
        else np.concatenate([block, np.zeros((missing, block.shape[1]), np.float32)])
    )
