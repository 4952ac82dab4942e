"""What a stream of audio is: blocks of float32 samples, and the facts that come with them.

A block is a `float32` array of shape `[frames, channels]`, full scale is ±1.0. A frame is one sample
of every channel.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Block: TypeAlias = NDArray[np.float32]


class Depth(StrEnum):
    """How one sample is stored."""

    U8 = "u8"
    S16 = "s16"
    S24 = "s24"
    S32 = "s32"
    F32 = "f32"
    F64 = "f64"


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """Facts about an audio stream, as its container and codec state them."""

    container: str
    """Container by content, not by name: `wav`, `flac`, `aiff`, `mp3`, `ogg`, `mp4`, `matroska`, …"""
    codec: str
    """Codec as FFmpeg names it: `pcm_s24le`, `aac`, `opus`, …"""
    sample_rate: int
    """Hz."""
    channels: int
    depth: Depth
    """Stored depth; for lossy codecs `f32`, what their decoder gives."""
    frames: int | None
    """Length as declared, or None where the container does not say; what `blocks()` gives is the truth."""

    @property
    def duration(self) -> float | None:
        """Declared length in seconds, or None."""
        return None if self.frames is None else self.frames / self.sample_rate


def empty(channels: int) -> Block:
    """A block of no frames."""
    return np.zeros((0, channels), np.float32)
