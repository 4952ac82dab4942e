"""Recordings and measures for the tests of the denoisers."""

from functools import cache

import numpy as np
import soundfile
import soxr
from support import shared
from unmix_models.audio import Block
from unmix_models.denoise import deepfilternet3, rnnoise, wiener
from unmix_models.denoise.base import Denoiser
from unmix_models.listen.noise_floor import NoiseFloor

RATE = 48000


@cache
def load(name: str) -> Denoiser:
    if name == "deepfilternet3":
        return deepfilternet3.load(shared("weights/deepfilternet3"))
    return rnnoise.load() if name == "rnnoise" else wiener.load()


@cache
def recording(path: str, rate: int = RATE) -> Block:
    samples, found = soundfile.read(shared("audio/" + path), dtype="float32", always_2d=True)
    return soxr.resample(samples, found, rate, "VHQ").astype(np.float32)


def speech(seconds: float, channels: int = 1) -> Block:
    """Noisy speech, another sentence in each channel."""
    names = ("p232_023", "p232_021")[:channels]
    frames = int(seconds * RATE)
    return np.concatenate(
        [np.resize(recording(f"speech16k/noisy/{name}.wav"), (frames, 1)) for name in names], axis=1
    )


def denoise(
    denoiser: Denoiser,
    samples: Block,
    *,
    block: int | None = None,
    limit: float | None = None,
    first_look: NoiseFloor | None = None,
    rate: int = RATE,
) -> Block:
    stream = denoiser.stream(samples.shape[1], rate, limit, first_look)
    step = block or max(len(samples), 1)
    done = [stream.process(samples[start : start + step]) for start in range(0, len(samples), step)]
    return np.concatenate([*done, stream.flush()])


def hiss(frames: int, channels: int, rate: int = RATE) -> Block:
    """White noise, 10 dB weaker below 600 Hz."""
    frequencies = np.fft.rfftfreq(frames, 1 / rate)
    white = np.fft.rfft(np.random.default_rng(0).standard_normal((frames, channels)), axis=0)
    shaped = white * np.clip(frequencies / 2000, 0.3, 1)[:, None]
    return np.fft.irfft(shaped, n=frames, axis=0).astype(np.float32)


def with_noise(clean: Block, noise: Block, snr_db: float) -> Block:
    gain = np.sqrt(np.mean(clean**2) / np.mean(noise**2) / 10 ** (snr_db / 10))
    return clean + noise * np.float32(gain)


def level_db(samples: Block) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-30))


def snr_db(wanted: Block, found: Block) -> float:
    return level_db(wanted) - level_db(found - wanted)


def si_sdr_db(wanted: Block, found: Block) -> float:
    a, b = wanted.ravel() - wanted.mean(), found.ravel() - found.mean()
    target = (a @ b) / (a @ a) * a
    return float(10 * np.log10(target @ target / ((b - target) @ (b - target))))
