"""How `noisy.flac` was made: espeak-ng speaks, and a fan, a hum and some hiss are added.

Needs espeak-ng on the PATH. `python demo/make_noisy.py` writes the file again, bit for bit the same with the
same espeak-ng.
"""

import io
import subprocess
from pathlib import Path

import numpy as np
import soundfile
import soxr

RATE = 32000
TEXT = (
    "This recording was made in a small room, next to a fan. "
    "Unmix takes the noise away, on your own machine, and keeps every word."
)
SIGNAL_TO_NOISE_DB = 8.0


def main() -> None:
    """Write `noisy.flac` beside this file."""
    spoken = subprocess.run(
        ["espeak-ng", "-v", "en-us+m3", "-s", "150", "--stdout", TEXT], check=True, capture_output=True
    ).stdout
    voice, rate = soundfile.read(io.BytesIO(spoken), dtype="float64")
    voice = np.concatenate([np.zeros(RATE), soxr.resample(voice, rate, RATE), np.zeros(RATE)])
    noise = _room(len(voice))
    noise *= np.sqrt(np.mean(voice**2) / np.mean(noise**2)) * 10 ** (-SIGNAL_TO_NOISE_DB / 20)
    mixture = voice + noise
    mixture *= 0.5 / np.abs(mixture).max()
    soundfile.write(Path(__file__).with_name("noisy.flac"), mixture, RATE, subtype="PCM_16")


def _room(frames: int) -> np.ndarray:
    """A fan (noise that falls by 3 dB an octave, breathing slowly), mains hum, and hiss."""
    random = np.random.default_rng(1)
    frequencies = np.fft.rfftfreq(frames, 1 / RATE)
    spectrum = np.fft.rfft(random.standard_normal(frames)) / np.sqrt(np.maximum(frequencies, 60))
    fan = np.fft.irfft(spectrum, frames)
    fan /= fan.std()
    time = np.arange(frames) / RATE
    fan *= 1 + 0.2 * np.sin(2 * np.pi * 0.4 * time)
    hum = sum(np.sin(2 * np.pi * 50 * k * time) / k for k in (1, 2, 3, 5))
    return fan + 0.4 * hum + 0.1 * random.standard_normal(frames)


if __name__ == "__main__":
    main()
