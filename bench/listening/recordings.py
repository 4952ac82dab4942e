"""What programmes are made of, and the measure: real music and speech at 48 kHz, mono, `[frames, 1]`."""

from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from product import SHARED
from unmix_models.audio import Block
from unmix_models.media import open_reader

from training.listening.material import load
from training.listening.sources import Kind, Split

RATE = 48_000
VOICE_DB, MUSIC_DB = -22.0, -20.0


def si_sdr(wanted: Block, found: Block) -> float:
    """Scale-invariant signal-to-distortion ratio, dB, at most 150."""
    one, other = wanted.astype(np.float64).ravel(), found.astype(np.float64).ravel()
    target = (one @ other) / (one @ one) * one
    return float(
        10 * np.log10(target @ target / (np.square(other - target).sum() + 1e-15 * (target @ target)))
    )


def at_level(samples: Block, decibels: float) -> Block:
    """Of this root mean square."""
    return np.asarray(samples * 10 ** (decibels / 20) / np.sqrt(np.mean(np.square(samples))), np.float32)


@cache
def talk(kind: str) -> Block:
    """All noisy sentences, or all clean ones, one after the other: 81 s."""
    paths = sorted((SHARED / "audio" / "speech16k" / kind).glob("*.wav"))
    sentences = [soundfile.read(path, dtype="float32") for path in paths]
    return np.concatenate([soxr.resample(samples, rate, RATE, "VHQ") for samples, rate in sentences])[:, None]


def speech(begin: float = 0, seconds: float = 47, kind: str = "noisy") -> Block:
    """A part of the talk."""
    return talk(kind)[round(begin * RATE) : round((begin + seconds) * RATE)]


@cache
def original(path: Path, seconds: float, skip: float = 10) -> Block:
    """A recording as it was made, mono, `[frames, 1]`."""
    if path.suffix == ".flac" and SHARED in path.parents:
        skip = 0
    with open_reader(path) as reader:
        rate = reader.info.sample_rate
        wanted = round((skip + seconds) * rate)
        blocks: list[Block] = []
        for block in reader.blocks(65536):
            blocks.append(block.mean(axis=1, keepdims=True))
            if sum(map(len, blocks)) >= wanted:
                break
    whole = np.concatenate(blocks)
    begin = min(round(skip * rate), max(len(whole) - round(seconds * rate), 0))
    cut = whole[begin : begin + round(seconds * rate)]
    return np.asarray(soxr.resample(cut, rate, RATE, "VHQ"), np.float32)


def music(seconds: float, source: str, number: int = 0) -> Block:
    """A real piece at `MUSIC_DB`."""
    path = paths()[source][number]
    return at_level(original(path, seconds), MUSIC_DB)


@cache
def paths() -> dict[str, list[Path]]:
    """Real music that can be read here, by source."""
    wanted = (Kind.MUSIC, Kind.RINGTONE)
    found = {
        clips.source.name: [path for path in clips.paths if path.suffix in (".ogg", ".flac", ".wav", ".opus")]
        for clips in load(Split.TEST)
        if clips.source.kind in wanted
    }
    return {name: paths for name, paths in found.items() if paths}


def telephone(samples: Block) -> Block:
    """300–3400 Hz."""
    from scipy.signal import butter, sosfiltfilt  # noqa: PLC0415  # half a second that other rows need not pay

    band = butter(4, [300, 3400], "band", fs=RATE, output="sos")
    return np.asarray(sosfiltfilt(band, samples, axis=0), np.float32)


def fan(random: np.random.Generator, frames: int) -> Block:
    """Harmonics of the blades, and rushing air."""
    time = np.arange(frames) / RATE
    blades = sum(np.sin(2 * np.pi * 90 * k * time + random.uniform(0, 6)) / k for k in range(1, 9))
    air = np.cumsum(random.standard_normal(frames))
    air -= np.convolve(air, np.ones(500) / 500, "same")
    return np.asarray(0.3 * blades + air / air.std(), np.float32)[:, None]
