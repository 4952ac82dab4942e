"""One stem on its way into a file: levels measured, converted to the file's rate, encoded."""

import math
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from .audio import Block
from .media import Metadata, OutputSpec, open_writer
from .resample import Resampler


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


class StemFile:
    """Writes one stem at the recording's rate into a file of any output format; a context manager."""

    def __init__(
        self, file: BinaryIO, spec: OutputSpec, *, sample_rate: int, frames: int | None, metadata: Metadata
    ) -> None:
        """`sample_rate` and `frames` are the recording's; the file's own rate is `spec.sample_rate`."""
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
        """What a reader of a lossless file will get for these samples; the block itself for others."""
        return self._writer.quantise(block) if self._keeps_rate else block

    def write(self, block: Block) -> None:
        """Append `[frames, channels]`."""
        self._meter.add(block)
        self._taken += len(block)
        self._append(self._resampler.process(block))

    def close(self) -> Level:
        """Finish the file and return its level. The file has the recording's length to the nearest frame."""
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

    def _append(self, block: Block) -> None:
        if len(block):
            self._writer.write(block)
            self._written += len(block)
