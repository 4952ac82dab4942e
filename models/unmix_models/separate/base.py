"""What every separation model is: audio at the model's rate in, stems of the same length out, at lag 0."""

from collections.abc import Sequence
from typing import Any, Protocol

from unmix_models.audio import Block
from unmix_models.separate.statistics import TrackStatistics


class SeparateStream(Protocol):
    """One track on its way through a model; blocks are `[frames, channels]` at the model's sample rate.

    `push` frames, however they are cut; `accept` the output of the model's `forward` for each segment that is
    `pending`; `take` what is final. When no more frames come: `finish`, and the same once more. So somebody else
    may run the forward passes, those of several streams in one batch.
    """

    def push(self, block: Block) -> None:
        """Take frames."""
        ...

    def finish(self) -> None:
        """No more frames come."""
        ...

    def pending(self) -> Any:
        """The segment to compute next; None where more frames are needed, or none is ever computed apart."""
        ...

    def accept(self, output: Any) -> None:
        """Take what `forward` gave for the segment that `pending` gave last."""
        ...

    def take(self) -> dict[str, Block]:
        """What became final since the last call, equally much per stem: in the end, as much as was pushed."""
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
    def partition(self) -> bool:
        """Whether the stems add up to the mixture."""
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
        self,
        wanted: Sequence[str],
        statistics: TrackStatistics | None,
        *,
        overlap: float | None = None,
        shifts: int = 0,
    ) -> SeparateStream:
        """Start a track.

        `wanted` are some of `stems`, and only these are computed. `statistics` are those of the whole track, for
        families that want them (`Family.wants_statistics`). `overlap` is the part of a segment that the next one
        repeats, None for the model's own; `shifts` above 0 averages as many runs with shifted segment borders.
        """
        ...

    def forward(self, segments: Sequence[Any]) -> Sequence[Any]:
        """The outputs of segments, of one stream or of several, in order. Raises OutOfMemory."""
        ...

    def close(self) -> None:
        """Free the device's memory; no stream may be used afterwards."""
        ...
