"""Small recordings that tests make themselves."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray


def voice(seconds: float, sample_rate: int = 48000, channels: int = 1, seed: int = 0) -> NDArray[np.float32]:
    """Something like speech in noise: syllables of a buzzing voice, pauses, and hiss. `[frames, channels]`."""
    random = np.random.default_rng(seed)
    frames = round(seconds * sample_rate)
    time = np.arange(frames) / sample_rate
    pitch = 120 * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * time))
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
    buzz = sum(np.sin(k * phase) / k for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 2.2 * time), 0, 1) ** 2 * (np.sin(2 * np.pi * 0.3 * time) > -0.7)
    mono = 0.1 * buzz * syllables
    noise = 0.02 * random.standard_normal((frames, channels))
    return (mono[:, None] + noise).astype(np.float32)


def write(
    path: Path, samples: NDArray[np.float32], sample_rate: int = 48000, subtype: str = "PCM_16"
) -> Path:
    """Write a file in the format that its name says."""
    soundfile.write(path, samples, sample_rate, subtype=subtype)
    return path
