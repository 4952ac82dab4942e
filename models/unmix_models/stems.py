"""One stem on its way into a file, or into several: stages, levels measured, the file's rate, the encoder."""

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Protocol, Self

import numpy as np

from unmix_models.audio import Block
from unmix_models.media import Metadata, OutputSpec, open_writer
from unmix_models.resample import Resampler


@dataclass(frozen=True, slots=True)
class Level:
    """How loud a stem is, over all channels, in dB relative to full scale; −inf for silence."""

    rms_dbfs: float
    peak_dbfs: float


class LevelMeter:
    """Root mean square and peak of everything it is shown."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._sum = 0.0
        self._samples = 0
        self._peak = 0.0

    def add(self, block: Block) -> None:
        """Take a block of any shape."""
        if block.size:
            flat = block.ravel()
            # float32 in pairwise blocks is exact enough for a level, and ten times as fast as float64
            self._sum += float(np.dot(flat, flat))
            self._samples += flat.size
            self._peak = max(self._peak, float(flat.max()), -float(flat.min()))

    def result(self) -> Level:
        """The level so far."""
        mean = self._sum / self._samples if self._samples else 0.0
        return Level(
            10 * math.log10(mean) if mean > 0 else -math.inf,
            20 * math.log10(self._peak) if self._peak > 0 else -math.inf,
        )


class Stage(Protocol):
    """Something that is done to a stem behind the model, such as a filter or a limiter, at the recording's rate.

    Blocks are `[frames, channels]`. In total it gives as many frames as it takes, at lag 0.
    """

    def process(self, block: Block) -> Block:
        """Take the next frames; return what is final so far (may be empty)."""
        ...

    def flush(self) -> Block:
        """Return the rest; the stage is then at its end."""
        ...


class StemOutput(Protocol):
    """What a model's stem is written to."""

    def quantise(self, block: Block) -> Block:
        """What a reader will get for these samples of the model, so that others can be made to add up with it."""
        ...

    def write(self, block: Block) -> None:
        """Append `[frames, channels]` at the recording's rate."""
        ...


class StemFile:
    """Writes one stem at the recording's rate into a file of any output format; a context manager."""

    def __init__(
        self,
        file: BinaryIO,
        spec: OutputSpec,
        *,
        sample_rate: int,
        frames: int | None,
        metadata: Metadata,
        stages: Sequence[Stage] = (),
    ) -> None:
        """`sample_rate` and `frames` are the recording's; the file's own rate is `spec.sample_rate`.

        `stages` are gone through in order before levels are measured.
        """
        self._stages = stages
        self._resampler = Resampler(sample_rate, spec.sample_rate, spec.channels)
        if frames is not None:
            frames = round(frames * spec.sample_rate / sample_rate)
        self._writer = open_writer(file, spec, frames=frames, metadata=metadata)
        self._keeps_rate = sample_rate == spec.sample_rate
        self._ratio = spec.sample_rate / sample_rate
        self._meter = LevelMeter()
        self._taken = 0
        self._written = 0

    def quantise(self, block: Block) -> Block:
        """What a reader of a lossless file will get for these samples; the block itself for others.

        Also with stages it is the rounding of what the model gave: stems add up before their stages.
        """
        return self._writer.quantise(block) if self._keeps_rate else block

    def write(self, block: Block) -> None:
        """Append `[frames, channels]`."""
        self._taken += len(block)
        self._encode(self._staged(block, self._stages))

    def close(self) -> Level:
        """Finish the file and return its level. The file has the recording's length to the nearest frame."""
        for number, stage in enumerate(self._stages, 1):
            self._encode(self._staged(stage.flush(), self._stages[number:]))
        tail = self._resampler.flush()
        expected = round(self._taken * self._ratio)
        self._append(tail[: max(0, expected - self._written)])
        if self._written < expected:
            self._append(np.zeros((expected - self._written, tail.shape[1]), np.float32))
        self._writer.close()
        return self._meter.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """After an error: let go of the encoder, which would write to the file when it is collected."""
        if error is not None:
            self._writer.__exit__(kind, error, traceback)

    @property
    def clipped(self) -> int:
        """Samples that the file's depth could not hold and that were saturated at full scale."""
        return self._writer.clipped

    @staticmethod
    def _staged(block: Block, stages: Sequence[Stage]) -> Block:
        for stage in stages:
            block = stage.process(block)
        return block

    def _encode(self, block: Block) -> None:
        self._meter.add(block)
        self._append(self._resampler.process(block))

    def _append(self, block: Block) -> None:
        if len(block):
            self._writer.write(block)
            self._written += len(block)


class StemFiles:
    """One stem on its way into one or several files, the same samples into each; a context manager."""

    def __init__(self, files: Mapping[str, StemFile]) -> None:
        """`files` are named after their outputs; stems add up by what the first of them holds."""
        self._files = dict(files)
        self._first = next(iter(self._files.values()))

    def quantise(self, block: Block) -> Block:
        """See `StemFile.quantise`, of the first file."""
        return self._first.quantise(block)

    def write(self, block: Block) -> None:
        """Append `[frames, channels]` to each file."""
        for file in self._files.values():
            file.write(block)

    def close(self) -> dict[str, Level]:
        """Finish the files; the level of each."""
        return {name: file.close() for name, file in self._files.items()}

    @property
    def clipped(self) -> int:
        """See `StemFile.clipped`: of the file with the most, as the same samples go into each."""
        return max(file.clipped for file in self._files.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """After an error: let go of every encoder."""
        with ExitStack() as stack:
            for file in self._files.values():
                stack.callback(file.__exit__, kind, error, traceback)
