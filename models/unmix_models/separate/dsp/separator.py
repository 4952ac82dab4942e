"""A separator that is nothing but arithmetic."""

from collections.abc import Sequence
from typing import Any

from unmix_models.errors import UnsupportedFormat
from unmix_models.separate.dsp.short_time import HOP, SAMPLE_RATE
from unmix_models.separate.dsp.stream import CHUNK_HOPS, DspStream
from unmix_models.separate.statistics import TrackStatistics


def load() -> "DspSeparator":
    """Return the separator; there are no weights."""
    return DspSeparator()


class DspSeparator:
    """See `unmix_models.separate.base.Separator`."""

    name = "dsp"
    stems: tuple[str, ...] = ("drums", "bass", "vocals", "other")
    partition = True
    sample_rate = SAMPLE_RATE
    channels = 2
    device = "cpu"
    precision = "float32"
    memory_bytes = 64_000_000
    segment_frames = CHUNK_HOPS * HOP

    def stream(
        self,
        wanted: Sequence[str],
        statistics: TrackStatistics | None = None,
        *,
        overlap: float | None = None,
        shifts: int = 0,
    ) -> DspStream:
        """Start a track; raises `UnsupportedFormat` for a stem that is not there.

        The result depends on no level and on no segment's border: `statistics`, `overlap` and `shifts` change
        nothing.
        """
        strange = [stem for stem in wanted if stem not in self.stems]
        if strange or not wanted:
            missing = ", ".join(strange) or "without a name"
            raise UnsupportedFormat(f"{self.name} has no stem {missing}; ask for {', '.join(self.stems)}.")
        return DspStream(tuple(dict.fromkeys(wanted)))

    def forward(self, segments: Sequence[Any]) -> Sequence[Any]:
        """Nothing: its streams have no segment that is computed apart."""
        return []

    def close(self) -> None:
        """Nothing to give back."""
