"""Noise and signals that are made, not recorded; train and test draw from ranges that do not meet.

All are 16 kHz, mono, at about `material.LEVEL_DB`. What is steady can lie under a whole programme.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from unmix_models.listen.ear import SAMPLE_RATE

from training.listening.filters import convolved, passed
from training.listening.sources import Split

Samples = NDArray[np.float32]
Random = np.random.Generator

_LEVEL = 10 ** (-22 / 20)


def _between(random: Random, split: Split, low: float, high: float) -> float:
    """A number of the lower three quarters of a range to train with, of the upper quarter to test with."""
    border = low + 0.75 * (high - low)
    return float(random.uniform(low, border) if split is Split.TRAIN else random.uniform(border, high))


def _coloured(random: Random, frames: int, slope: float) -> Samples:
    """Noise whose power falls by `slope` × 10 dB a decade above 20 Hz."""
    spectrum = np.fft.rfft(random.standard_normal(frames))
    frequencies = np.fft.rfftfreq(frames, 1 / SAMPLE_RATE)
    shaped = spectrum / np.maximum(frequencies, 20) ** (slope / 2) * (frequencies > 20)
    return np.fft.irfft(shaped, frames).astype(np.float32)


def _white(random: Random, frames: int, split: Split) -> Samples:
    del split
    return random.standard_normal(frames, np.float32)


def _pink(random: Random, frames: int, split: Split) -> Samples:
    return _coloured(random, frames, _between(random, split, 0.6, 1.2))


def _brown(random: Random, frames: int, split: Split) -> Samples:
    return _coloured(random, frames, _between(random, split, 1.6, 2.4))


def _fan(random: Random, frames: int, split: Split) -> Samples:
    """Blade frequency and harmonics in noise."""
    time = np.arange(frames) / SAMPLE_RATE
    blade = _between(random, split, 40, 320)
    wobble = 0.3 * np.sin(2 * np.pi * random.uniform(0.1, 1) * time)
    tones = sum(
        np.sin(2 * np.pi * blade * n * time + n * wobble + random.uniform(0, 6)) / n for n in range(1, 10)
    )
    air = _coloured(random, frames, random.uniform(0.3, 1.5))
    return (np.asarray(tones) / 2 + random.uniform(0.3, 2) * air / (air.std() + 1e-9)).astype(np.float32)


def _hum(random: Random, frames: int, split: Split) -> Samples:
    """Mains, 50 or 60 Hz."""
    time = np.arange(frames) / SAMPLE_RATE
    mains = random.choice([50, 60]) * (1 + _between(random, split, -0.002, 0.002))
    tones = sum(np.sin(2 * np.pi * mains * n * time) * random.uniform(0.1, 1) / n for n in range(1, 16))
    return (np.asarray(tones) + 0.02 * random.standard_normal(frames)).astype(np.float32)


def _beeps(random: Random, frames: int, split: Split) -> Samples:
    """One or two tones, on and off: busy and dialling tones, alarms, lorries in reverse."""
    time = np.arange(frames) / SAMPLE_RATE
    period = _between(random, split, 0.3, 4)
    on = (time % period) < period * random.uniform(0.15, 0.6)
    smooth = np.convolve(on, np.full(80, 1 / 80), "same")
    low = _between(random, split, 300, 2500)
    pitches = (low, low * random.uniform(1.1, 1.6)) if random.random() < 0.5 else (low,)
    tones = sum(np.sin(2 * np.pi * pitch * time) for pitch in pitches)
    return (np.asarray(tones) * smooth + 0.01 * random.standard_normal(frames)).astype(np.float32)


def _siren(random: Random, frames: int, split: Split) -> Samples:
    """A tone that sweeps up and down."""
    time = np.arange(frames) / SAMPLE_RATE
    sweep = np.sin(2 * np.pi * _between(random, split, 0.1, 3) * time)
    if random.random() < 0.4:
        sweep = np.sign(sweep)
    pitch = _between(random, split, 500, 1400) * 2 ** (0.4 * sweep)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    return (np.sin(phase) + 0.3 * np.sin(3 * phase) + 0.02 * random.standard_normal(frames)).astype(
        np.float32
    )


def _struck(random: Random, frames: int, rate: float, strike: NDArray[np.float64]) -> NDArray[np.float64]:
    """`strike` at random times, `rate` a second, at random levels."""
    count = max(1, int(frames / SAMPLE_RATE * rate))
    made = np.zeros(frames)
    np.add.at(made, random.integers(0, frames, count), random.uniform(0.2, 1, count))
    return convolved(made, strike)


def _burst(random: Random, seconds: float, decay: float, low: float, high: float) -> NDArray[np.float64]:
    """A decaying burst of noise between two frequencies."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    noise = random.standard_normal(len(time)) * np.exp(-time / decay)
    return passed(noise, low, high, order=2)


def _applause(random: Random, frames: int, split: Split) -> Samples:
    """Many hands."""
    clap = _burst(random, 0.03, _between(random, split, 0.002, 0.006), 500, 4500)
    hands = _struck(random, frames, _between(random, split, 25, 300), clap)
    swell = np.interp(np.arange(frames), np.linspace(0, frames, 6), random.uniform(0.5, 1, 6))
    return (hands * swell).astype(np.float32)


def _rain(random: Random, frames: int, split: Split) -> Samples:
    """Drops on a bed of noise."""
    drop = _burst(random, 0.01, _between(random, split, 0.0006, 0.003), 1500, 7000)
    drops = _struck(random, frames, _between(random, split, 100, 1500), drop)
    air = _coloured(random, frames, 0.7)
    mixed = drops / (drops.std() + 1e-9) + random.uniform(0.2, 1) * air / air.std()
    return mixed.astype(np.float32)


def _keys(random: Random, frames: int, split: Split) -> Samples:
    """A keyboard: clicks in bursts."""
    click = _burst(random, 0.03, _between(random, split, 0.001, 0.005), 900, 6500)
    typed = _struck(random, frames, _between(random, split, 3, 11), click)
    typing = np.repeat(random.random(frames // SAMPLE_RATE + 1) < 0.8, SAMPLE_RATE)[:frames]
    return (typed * typing + 0.02 * typed.std() * random.standard_normal(frames)).astype(np.float32)


def _knocks(random: Random, frames: int, split: Split) -> Samples:
    """Steps, doors, things put down."""
    knock = _burst(random, 0.2, _between(random, split, 0.01, 0.06), 80, 1200)
    struck = _struck(random, frames, _between(random, split, 0.7, 3), knock)
    return (struck + 0.03 * struck.std() * random.standard_normal(frames)).astype(np.float32)


def _wind(random: Random, frames: int, split: Split) -> Samples:
    """Gusts of low noise."""
    points = max(3, int(frames / SAMPLE_RATE * _between(random, split, 0.5, 2)))
    gusts = np.interp(np.arange(frames), np.linspace(0, frames, points), random.uniform(0.1, 1, points))
    return (_coloured(random, frames, random.uniform(1.2, 2.2)) * gusts).astype(np.float32)


_Maker = Callable[[Random, int, Split], Samples]

STEADY: Mapping[str, _Maker] = {
    "white": _white,
    "pink": _pink,
    "brown": _brown,
    "fan": _fan,
    "hum": _hum,
    "rain": _rain,
    "wind": _wind,
}
"""What can lie under a recording from start to end."""

PASSING: Mapping[str, _Maker] = {
    "beeps": _beeps,
    "siren": _siren,
    "applause": _applause,
    "keys": _keys,
    "knocks": _knocks,
}


def noise(random: Random, frames: int, split: Split, *, steady: bool = False) -> tuple[Samples, str]:
    """Return some noise and its name; `steady` asks for one that can lie under all."""
    makers = STEADY if steady or random.random() < 0.5 else PASSING
    name = list(makers)[random.integers(len(makers))]
    made = makers[name](random, frames, split)
    return made * np.float32(_LEVEL / (np.sqrt(np.mean(np.square(made))) + 1e-9)), name
