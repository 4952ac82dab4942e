"""Results as files of any output format."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray
from soundfile import SoundFileError

from unmix_models.audio import Block
from unmix_models.errors import UnsupportedFormat
from unmix_models.media._ffmpeg_writer import FFmpegEncoder
from unmix_models.media._formats import FORMATS, OutputSpec
from unmix_models.media._samples import BITS, from_integers, to_integers
from unmix_models.media._sink import Sink
from unmix_models.media._sndfile_writer import SndfileEncoder
from unmix_models.media._source import Metadata
from unmix_models.media._wave import WaveEncoder

_NO_METADATA = Metadata()
_ENCODER_ERRORS = (FFmpegError, SoundFileError)


class _Encoder(Protocol):
    """One encoder at work: integers of the depth or floats in, bytes to a Sink out."""

    def write(self, samples: NDArray[Any]) -> None: ...
    def finish(self) -> None: ...
    def abandon(self) -> None: ...


def open_writer(
    file: BinaryIO, spec: OutputSpec, *, frames: int | None = None, metadata: Metadata = _NO_METADATA
) -> "AudioWriter":
    """Begin a result in `file`, which is empty, can `write`, `seek` and `tell`, and stays the caller's.

    `frames` is the expected length at `spec.sample_rate`: with it a WAV has the right header from its first
    byte. Raises UnsupportedFormat, StorageFull, and any other OSError of the file object.
    """
    return AudioWriter(file, spec, frames=frames, metadata=metadata)


class AudioWriter:
    """One result in the making; a context manager that on an error leaves the file as it is."""

    def __init__(self, file: BinaryIO, spec: OutputSpec, *, frames: int | None, metadata: Metadata) -> None:
        """Use `open_writer`."""
        if spec.format not in FORMATS:
            names = ", ".join(FORMATS)
            raise UnsupportedFormat(f"There is no output format {spec.format!r}: choose one of {names}.")
        self.spec = spec
        self.clipped = 0
        """Samples saturated so far by `quantise` and `write`; what `quantise` gave is not counted again."""
        self._bits = BITS.get(spec.depth) if FORMATS[spec.format].lossless else None
        self._sink = Sink(file)
        self._open = True
        with self._reporting():
            self._encoder = _start(self._sink, spec, frames, metadata)

    def quantise(self, block: Block) -> Block:
        """What a reader of the finished file gets for these samples where the format is lossless.

        Rounds to the depth's grid and saturates integers at full scale. The identity for floats and for lossy
        formats. Writing the result gives the same file as writing the block.
        """
        self._check(block)
        return block if self._bits is None else from_integers(self._to_integers(block), self._bits)

    def write(self, block: Block) -> None:
        """Append float32 `[frames, channels]` at `spec.sample_rate`.

        Raises StorageFull, UnsupportedFormat where the format's largest size is passed, and any other OSError
        of the file object.
        """
        self._check(block)
        with self._reporting():
            self._encoder.write(block if self._bits is None else self._to_integers(block))

    def close(self) -> None:
        """Finish the container; raises as `write` does. Closing again does nothing."""
        if self._open:
            self._open = False
            with self._reporting():
                self._encoder.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        elif self._open:
            self._open = False
            self._sink.discard()
            with suppress(*_ENCODER_ERRORS):
                self._encoder.abandon()

    def _to_integers(self, block: Block) -> NDArray[np.int32]:
        assert self._bits is not None  # noqa: S101  # both callers have checked
        samples, clipped = to_integers(block, self._bits)
        self.clipped += clipped
        return samples

    def _check(self, block: Block) -> None:
        if block.ndim != 2 or block.shape[1] != self.spec.channels or block.dtype != np.float32:
            raise ValueError(f"blocks are float32 of shape [frames, {self.spec.channels}]")
        if not np.isfinite(block).all():
            raise ValueError("samples are finite")

    @contextmanager
    def _reporting(self) -> Generator[None]:
        """Raise what the file object raised, else what the codec library did."""
        try:
            yield
        except _ENCODER_ERRORS as error:
            self._sink.check()
            message = f"The result cannot be written as {self.spec.format} ({error}): choose another format."
            raise UnsupportedFormat(message) from error
        self._sink.check()


def _start(sink: Sink, spec: OutputSpec, frames: int | None, metadata: Metadata) -> _Encoder:
    if spec.format == "wav":
        return WaveEncoder(sink, spec, frames, metadata)
    if spec.format in {"mp3", "ogg"}:
        return SndfileEncoder(sink, spec, metadata)
    return FFmpegEncoder(sink, spec, frames, metadata)
