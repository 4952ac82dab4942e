"""Small recordings that tests make themselves."""

from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

_BLOCK = 1 << 16
_POINTS = 1 << 16


def voice(seconds: float, sample_rate: int = 48000, channels: int = 1, seed: int = 0) -> NDArray[np.float32]:
    """Something like speech in noise: syllables of a buzzing voice, pauses, and hiss. `[frames, channels]`."""
    random = np.random.default_rng(seed)
    frames = round(seconds * sample_rate)
    made = random.standard_normal((frames, channels), np.float32)
    made *= 0.02
    period = _period()
    phase = 0.0
    for begin in range(0, frames, _BLOCK):
        time = np.arange(begin, min(frames, begin + _BLOCK)) / sample_rate
        pitch = 120 * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * time))
        turns = phase + np.cumsum(pitch) / sample_rate
        phase = turns[-1] % 1
        buzz = period[(turns * len(period)).astype(np.int64) % len(period)]
        syllables = np.clip(np.sin(2 * np.pi * 2.2 * time), 0, 1) ** 2
        pauses = np.sin(2 * np.pi * 0.3 * time) > -0.7
        made[begin : begin + _BLOCK] += (0.1 * buzz * syllables * pauses).astype(np.float32)[:, None]
    return made


@cache
def _period() -> NDArray[np.float64]:
    """One turn of a buzzing voice: an hour of it is made in seconds, sines would take minutes."""
    phase = 2 * np.pi * np.arange(_POINTS) / _POINTS
    return np.sum([np.sin(k * phase) / k for k in range(1, 20)], axis=0)


def write(
    path: Path, samples: NDArray[np.float32], sample_rate: int = 48000, subtype: str = "PCM_16"
) -> Path:
    """Write a file in the format that its name says."""
    soundfile.write(path, samples, sample_rate, subtype=subtype)
    return path


def without_length(flac: Path) -> Path:
    """Make a FLAC say that its length is not known, as one that was streamed does."""
    data = bytearray(flac.read_bytes())
    data[21] &= 0xF0  # STREAMINFO's number of samples: 36 bits
    data[22:26] = bytes(4)
    flac.write_bytes(data)
    return flac
