"""What a decoder gives to the reader, and the limits that hold for all of them."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from unmix_models.audio import AudioInfo, Block
from unmix_models.errors import InvalidAudio, InvalidSection

MAX_CHANNELS = 16
MIN_SAMPLE_RATE = 1_000
"""Hz. Below it nothing is audio, and resampling one block up to a model's rate would fill the memory."""
MAX_SAMPLE_RATE = 768_000
"""Hz. The highest that converters are sold with."""
BLOCK_FRAMES = 65_536


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says besides its samples, to be copied into the results."""

    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """`title`, `artist`, `album`, … as FFmpeg names them."""
    side_chunks: tuple[tuple[bytes, bytes], ...] = ()
    """(id, body) of the RIFF chunks that are neither format nor samples, in file order: `bext`, `cue `, …"""
    channel_mask: int = 0
    """Loudspeaker positions as in WAVEFORMATEXTENSIBLE.dwChannelMask; 0 where the file does not say."""


class Source(Protocol):
    """One decoder at work on one file."""

    @property
    def info(self) -> AudioInfo:
        """Facts about the stream."""
        ...

    @property
    def metadata(self) -> Metadata:
        """Tags and side chunks."""
        ...

    def arrays(self, first_frame: int = 0) -> Generator[Block]:
        """All samples from `first_frame` on, in arrays of any length.

        Raises InvalidAudio, and InvalidSection where the recording ends before `first_frame`.
        """
        ...


def check_limits(sample_rate: int, channels: int) -> None:
    """Raise InvalidAudio where a header asks for what no audio file has."""
    if not MIN_SAMPLE_RATE <= sample_rate <= MAX_SAMPLE_RATE:
        raise InvalidAudio(
            f"The file declares a sample rate of {sample_rate} Hz, which is not between {MIN_SAMPLE_RATE} "
            f"and {MAX_SAMPLE_RATE} Hz: convert it first."
        )
    if not 1 <= channels <= MAX_CHANNELS:
        raise InvalidAudio(
            f"The file declares {channels} channels, but 1 to {MAX_CHANNELS} can be processed: split it."
        )


def no_audio() -> InvalidAudio:
    """The error for a valid file that has not one frame."""
    return InvalidAudio(
        "The file holds no audio: its header is valid, but no samples follow; export it again."
    )


def out_of_recording(frames: int) -> InvalidSection:
    """The error for a section of which a recording of `frames` frames does not have all."""
    return InvalidSection(
        f"The section lies outside the recording, which has {frames} frames: choose one within it."
    )


def truncated(missing: int, declared: int, sample_rate: int) -> InvalidAudio:
    """The error for a file with fewer frames than its header declares; lengths are in frames."""
    return InvalidAudio(
        f"The file is truncated or damaged: {missing} of the {declared} frames that it declares are missing "
        f"({missing / sample_rate:.3f} s of {declared / sample_rate:.3f} s); copy or export it again."
    )
