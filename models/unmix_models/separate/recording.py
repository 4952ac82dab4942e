"""Separate a recording: read, convert to the model's rate, separate, convert back, write — as one stream.

Families that want a track's mean and deviation need a pass before, which `measure` is. Memory does not grow with
the recording's length. Frames out equal frames in, at lag 0.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from unmix_models.audio import Block
from unmix_models.errors import UnsupportedFormat
from unmix_models.fifo import Fifo
from unmix_models.forward import Forward
from unmix_models.media import AudioReader
from unmix_models.resample import Resampler
from unmix_models.separate.base import Separator
from unmix_models.separate.statistics import TrackStatistics, TrackStatisticsMeter
from unmix_models.stem_names import StemChoice
from unmix_models.stems import StemOutput

BLOCK_FRAMES = 32768
_STEREO = 2


class Consistency(StrEnum):
    """How the stems relate to the mixture."""

    MIXTURE = "mixture"
    """The model's error is shared out, so that all stems add up to the mixture, where the model has all there is."""
    NONE = "none"
    """The model's raw output."""


@dataclass(frozen=True, slots=True)
class SeparateOptions:
    """How to run a separation model."""

    consistency: Consistency = Consistency.MIXTURE
    shifts: int = 0
    """How many runs with shifted segment borders are averaged; 0 for one without a shift."""
    overlap: float | None = None
    """Part of a segment that the next one repeats, 0–1; None for the model's own."""


def check_channels(channels: int) -> None:
    """Raises UnsupportedFormat for what is neither mono nor stereo."""
    if channels > _STEREO:
        raise UnsupportedFormat(
            f"Separation takes mono or stereo and the recording has {channels} channels; export it as stereo."
        )


def measure(reader: AudioReader, model: Separator) -> Iterator[TrackStatistics | None]:
    """The first pass, for families that want it: None after each block, the track's statistics at the end."""
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
    statistics: TrackStatistics | None,
    options: SeparateOptions,
    choices: Sequence[StemChoice],
    outputs: Mapping[str, StemOutput],
) -> Generator[Forward | int, Any, None]:
    """Write the chosen stems to `outputs`, by their names; `statistics` are what `measure` gave, if it was asked.

    Yields the frames finished after each step, and each `Forward`, to be sent its output.

    With `Consistency.MIXTURE` all stems of a model add up to the input where they are a partition of it
    (`Separator.partition`), and a complement is the input minus what its stem's file holds: exactly where the files
    keep the input's depth, to 1e-6 in float.
    """
    channels = reader.info.channels
    wanted = tuple(dict.fromkeys(choice.stem for choice in choices))
    passage = _Passage(model, reader.info.sample_rate, channels, wanted, statistics, options)
    whole = options.consistency is Consistency.MIXTURE and model.partition and set(wanted) == set(model.stems)
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
        statistics: TrackStatistics | None,
        options: SeparateOptions,
    ) -> None:
        self._channels = channels
        self._model_channels = model.channels
        self._there = Resampler(rate, model.sample_rate, model.channels)
        self._back = {stem: Resampler(model.sample_rate, rate, channels) for stem in wanted}
        self._model = model
        self._stream = model.stream(wanted, statistics, overlap=options.overlap, shifts=options.shifts)

    def process(self, block: Block) -> Generator[Forward, Any, dict[str, Block]]:
        self._stream.push(self._there.process(_widened(block, self._model_channels)))
        return (yield from self._final())

    def flush(self) -> Generator[Forward, Any, dict[str, Block]]:
        self._stream.push(self._there.flush())
        self._stream.finish()
        pieces = [(yield from self._final()), {stem: back.flush() for stem, back in self._back.items()}]
        return {stem: np.concatenate([piece[stem] for piece in pieces]) for stem in self._back}

    def _final(self) -> Generator[Forward, Any, dict[str, Block]]:
        """Have every pending segment computed; return what is final, at the recording's rate."""
        while (segment := self._stream.pending()) is not None:
            self._stream.accept((yield Forward(self._model, segment)))
        return {
            stem: self._back[stem].process(_narrowed(block, self._channels))
            for stem, block in self._stream.take().items()
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
