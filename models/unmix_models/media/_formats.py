"""What results can be stored in, and which of these a source's result gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from unmix_models.audio import AudioInfo, Depth
from unmix_models.errors import UnsupportedFormat
from unmix_models.media._samples import BYTES
from unmix_models.media._source import MAX_CHANNELS

_ALL_DEPTHS = tuple(Depth)
_MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_AAC_RATES = (7_350, *_MP3_RATES, 64_000, 88_200, 96_000)
_LOSSY_RATE = 24_000
"""Bytes per second and channel, a half more than any of our encoders takes for stereo."""
_VORBIS_LIMIT = 200_000  # libvorbis has no mode above, and libsndfile crashes where it fails


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """One format that results can be written in."""

    name: str
    extension: str
    """Of file names, without the dot."""
    description: str
    lossless: bool
    sample_rates: tuple[int, ...] | None
    """Hz, rising; None for any up to `max_sample_rate`."""
    max_channels: int
    depths: tuple[Depth, ...] = ()
    """What it stores exactly, rising; empty for lossy formats, which have none."""
    max_sample_rate: int | None = None
    """Hz; None for no limit but that of this package."""

    def nearest_rate(self, sample_rate: int) -> int:
        """The lowest rate it holds that loses nothing, else its highest; in Hz."""
        if self.sample_rates is not None:
            above = [rate for rate in self.sample_rates if rate >= sample_rate]
            return above[0] if above else self.sample_rates[-1]
        if self.max_sample_rate is not None and sample_rate > self.max_sample_rate:
            return 192_000
        return sample_rate

    def nearest_depth(self, depth: Depth) -> Depth:
        """The depth itself, else the smallest that loses nothing, else the best it has."""
        if not self.depths:
            return Depth.F32
        if depth in self.depths:
            return depth
        return Depth.S16 if depth is Depth.U8 else self.depths[-1]


_FORMATS = (
    OutputFormat("aiff", "aiff", "AIFF, uncompressed", True, None, MAX_CHANNELS, _ALL_DEPTHS),
    # FFmpeg 8.1's encoder aborts the process where 3 channels or more end in a packet of one or two frames.
    OutputFormat("alac", "m4a", "Apple Lossless in M4A", True, None, 2, (Depth.S16, Depth.S24)),
    OutputFormat("flac", "flac", "FLAC, lossless", True, None, 8, (Depth.S16, Depth.S24)),
    OutputFormat("m4a", "m4a", "AAC in M4A, 256 kbit/s for stereo", False, _AAC_RATES, 8),
    OutputFormat("mp3", "mp3", "MP3, 256 kbit/s for stereo", False, _MP3_RATES, 2),
    OutputFormat("ogg", "ogg", "Ogg Vorbis, quality 8", False, None, 8, (), _VORBIS_LIMIT),
    OutputFormat("opus", "opus", "Ogg Opus, 192 kbit/s for stereo", False, (48_000,), 8),
    OutputFormat("wav", "wav", "WAV, uncompressed; RF64 above 4 GiB", True, None, MAX_CHANNELS, _ALL_DEPTHS),
    OutputFormat("webm", "webm", "Opus in WebM, 192 kbit/s for stereo", False, (48_000,), 8),
)
FORMATS: Mapping[str, OutputFormat] = MappingProxyType({entry.name: entry for entry in _FORMATS})
"""Every output format by name."""

_BY_CODEC = {
    "aac": "m4a",
    "alac": "alac",
    "flac": "flac",
    "mp3": "mp3",
    "opus": "opus",
    "vorbis": "ogg",
}


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """How one result is stored."""

    format: str
    """A name in FORMATS."""
    extension: str
    """Of file names, without the dot."""
    depth: Depth
    """`f32` for lossy formats, as their decoders give it."""
    sample_rate: int
    """Hz; what the file holds, which is not always the source's."""
    channels: int
    notes: tuple[str, ...]
    """Sentences for the user about what the format could not keep."""

    def most_bytes(self, seconds: float) -> int:
        """Bytes that a result of this length takes on the disk at most, but for tags and side chunks."""
        if FORMATS[self.format].lossless:
            rate = self.sample_rate * self.channels * BYTES[self.depth]
        else:
            rate = _LOSSY_RATE * self.channels
        return int(seconds * rate)


def resolve_output(
    info: AudioInfo,
    format: str | None,  # noqa: A002  # what users call it
    depth: Depth | None = None,
) -> OutputSpec:
    """How to store a result of `info`: in `format` and at `depth`, by default the source's own.

    Raises UnsupportedFormat where the format is unknown or holds too few channels.
    """
    chosen = FORMATS.get(format.lower()) if format else _own_format(info)
    if chosen is None:
        names = ", ".join(FORMATS)
        raise UnsupportedFormat(f"There is no output format {format!r}: choose one of {names}.")
    if info.channels > chosen.max_channels:
        others = ", ".join(name for name, other in FORMATS.items() if other.max_channels >= info.channels)
        raise UnsupportedFormat(
            f"{chosen.name} holds at most {chosen.max_channels} channels and the audio has {info.channels}: "
            f"choose one of {others}."
        )
    wanted = depth or info.depth
    stored_depth, sample_rate = chosen.nearest_depth(wanted), chosen.nearest_rate(info.sample_rate)
    title = chosen.description.split(",", maxsplit=1)[0]
    notes: list[str] = []
    if sample_rate != info.sample_rate:
        notes.append(
            f"{title} cannot hold {_kilohertz(info.sample_rate)}: resampled to {_kilohertz(sample_rate)}."
        )
    if chosen.lossless and stored_depth is not wanted and wanted is not Depth.U8:
        notes.append(f"{title} holds {stored_depth} at most: rounded from {wanted}.")
    if not chosen.lossless and info.channels >= 6:
        notes.append(f"{title} takes channel 4 of {info.channels} for a subwoofer: it may lose treble.")
    return OutputSpec(
        format=chosen.name,
        extension=chosen.extension,
        depth=stored_depth,
        sample_rate=sample_rate,
        channels=info.channels,
        notes=tuple(notes),
    )


def _own_format(info: AudioInfo) -> OutputFormat:
    if info.container in {"wav", "aiff"}:
        name = info.container
    elif info.codec.startswith("pcm_"):
        name = "wav"
    else:
        name = _BY_CODEC.get(info.codec, "flac")
    # Decoders know more channels than some encoders. Nobody asked for this format, so take a wider one.
    return next(
        FORMATS[wide] for wide in (name, "flac", "wav") if FORMATS[wide].max_channels >= info.channels
    )


def _kilohertz(sample_rate: int) -> str:
    return f"{sample_rate / 1000:g} kHz"
