"""What every separation model is: audio at the model's rate in, stems of the same length out, at lag 0."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from unmix_models.audio import Block
from unmix_models.separate.statistics import TrackStatistics


class SeparateStream(Protocol):
    """One track on its way through a model; blocks are `[frames, channels]` at the model's sample rate."""

    def process(self, block: Block) -> dict[str, Block]:
        """Take the next frames, however they are cut; give what is final by now, equally much per stem."""
        ...

    def flush(self) -> dict[str, Block]:
        """The rest: with it, each stem is as long as the input was. The stream is then over."""
        ...


@runtime_checkable
class SteppedStream(SeparateStream, Protocol):
    """A stream whose forward passes somebody else may run, several streams' in one batch.

    Instead of `process`: `push`, then `accept` the output for each `pending` segment, then `take`. Instead of
    `flush`: `finish`, and the same.
    """

    def push(self, block: Block) -> None:
        """Take frames."""
        ...

    def finish(self) -> None:
        """No more frames come."""
        ...

    def pending(self) -> Any:
        """The segment to compute next, or None."""
        ...

    def accept(self, output: Any) -> None:
        """Take what `forward` gave for the segment that `pending` gave last."""
        ...

    def take(self) -> dict[str, Block]:
        """What became final since the last call."""
        ...


class SteppedSeparator(Protocol):
    """A model that computes segments of several streams together."""

    def forward(self, segments: Sequence[Any]) -> Sequence[Any]:
        """The outputs in order. Raises OutOfMemory."""
        ...


class Separator(Protocol):
    """A model, resident on a device."""

    @property
    def name(self) -> str:
        """Name in the catalogue."""
        ...

    @property
    def stems(self) -> tuple[str, ...]:
        """What it can separate into."""
        ...

    @property
    def sample_rate(self) -> int:
        """Hz."""
        ...

    @property
    def channels(self) -> int:
        """Channels in and out; the caller duplicates mono."""
        ...

    @property
    def device(self) -> str:
        """`cpu`, `cuda:0`, `mps`."""
        ...

    @property
    def precision(self) -> str:
        """`float32`, `bfloat16` or `float16`: what the products are computed in."""
        ...

    @property
    def memory_bytes(self) -> int:
        """Estimate of what the model and one segment need on its device."""
        ...

    @property
    def segment_frames(self) -> int:
        """Frames of one forward pass: the granularity of progress, cancelling and sharing a device."""
        ...

    def stream(
        self, wanted: Sequence[str], statistics: TrackStatistics, *, overlap: float = 0.25, shifts: int = 0
    ) -> SeparateStream:
        """Start a track.

        `wanted` are some of `stems`, and only these are computed. `statistics` are those of the whole track.
        `overlap` is the part of a segment that the next one repeats; `shifts` above 0 averages as many runs
        with shifted segment borders.
        """
        ...

    def close(self) -> None:
        """Free the device's memory; no stream may be used afterwards."""
        ...
