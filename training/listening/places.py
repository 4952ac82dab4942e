"""The noise of places to train with: cafés, stations, streets, as far as it can be made; no test is made of it.

All are 16 kHz, mono, at no particular level.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from unmix_models.listen.ear import SAMPLE_RATE

from training.listening.filters import convolved, passed

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]
Random = np.random.Generator
Talk = Callable[[int], Samples]
"""Makes so many frames of one who talks."""

_VOICES = 6
"""Talkers of a crowd that differ; those beyond say the same at other times."""
_DECAYS = 6.9
"""Time constants in a reverberation time: 60 dB."""


def place(random: Random, frames: int, talk: Talk) -> Samples:
    """Return what is heard in a place: some of a crowd, rumble, engines, things put down, bells, a loudspeaker."""
    hall = _hall(random)
    made = np.zeros(frames)
    if random.random() < 0.75:
        made += _level(random, -6, 0) * _normal(crowd(random, frames, talk, hall))
    if random.random() < 0.6:
        made += _level(random, -12, 6) * _normal(rumble(random, frames))
    if random.random() < 0.35:
        made += _level(random, -14, 0) * _normal(engine(random, frames))
    if random.random() < 0.45:
        made += _level(random, -12, 0) * _normal(convolved(clatter(random, frames), hall))
    if random.random() < 0.3:
        made += _level(random, -12, 2) * _normal(convolved(bells(random, frames), hall))
    if random.random() < 0.2:
        made += _level(random, -12, -2) * _normal(announcement(random, talk(frames), hall))
    if random.random() < 0.7 or not made.any():
        made += _level(random, -20, 0) * _normal(_air(random, frames))
    return made.astype(np.float32)


def crowd(random: Random, frames: int, talk: Talk, hall: Floats) -> Floats:
    """Return 3–30 people, near and far, who come and go, dull and with the tail of the hall."""
    voices = [talk(frames) for _ in range(int(random.integers(3, _VOICES + 1)))]
    people = np.zeros(frames)
    for number in range(int(3 * 10 ** random.uniform(0, 1))):
        voice = np.roll(voices[number % len(voices)], int(random.integers(frames)))
        people += voice * _level(random, -14, 0) * _course(random, frames, random.uniform(0, 12))
    heard = convolved(people, hall)
    return passed(heard, None, random.uniform(900, 7000), order=1) if random.random() < 0.8 else heard


def announcement(random: Random, voice: Samples, hall: Floats) -> Floats:
    """Return a voice from a far loudspeaker, now and then."""
    narrow = passed(voice, random.uniform(200, 500), random.uniform(2000, 4500), order=2)
    return convolved(narrow * _sometimes(random, len(voice), 0.3), hall)


def rumble(random: Random, frames: int) -> Floats:
    """Return noise below 60–250 Hz that swells as cars and trains pass."""
    spectrum = np.fft.rfft(random.standard_normal(frames))
    hertz = np.maximum(np.fft.rfftfreq(frames, 1 / SAMPLE_RATE), 15)
    border = random.uniform(60, 250)
    spectrum *= hertz ** -random.uniform(0.2, 1.2) / (1 + (hertz / border) ** random.uniform(1.5, 4))
    return np.fft.irfft(spectrum, frames) * _course(random, frames, random.uniform(0, 10))


def engine(random: Random, frames: int) -> Floats:
    """Return harmonics whose pitch glides slowly or holds, in noise: engines, trains, fans, compressors."""
    wander = _smooth(random, frames, random.uniform(0.02, 0.5))
    base = float(np.exp(random.uniform(np.log(20), np.log(400))))
    pitch = base * 2 ** (wander * random.choice([0.003, 0.03, 0.2, 0.6]))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    made = np.zeros(frames)
    slope = random.uniform(0.3, 1.6)
    for harmonic in range(1, int(random.integers(3, 14))):
        if base * harmonic * 1.5 < SAMPLE_RATE / 2 and random.random() < 0.8:
            share = random.uniform(0.2, 1) / harmonic**slope
            made += share * np.sin(harmonic * phase + random.uniform(0, 6))
    made *= 1 + random.uniform(0, 0.6) * np.sin(phase * random.choice([0.25, 0.5]))
    return _normal(made) + _level(random, -25, 3) * _normal(_air(random, frames))


def clatter(random: Random, frames: int) -> Floats:
    """Return dishes, cutlery, doors and steps: struck things that ring shortly, alone and in bursts."""
    made = np.zeros(frames)
    for _ in range(int(random.integers(1, 5))):
        length = int(random.uniform(0.02, 0.3) * SAMPLE_RATE)
        time = np.arange(length) / SAMPLE_RATE
        strike = (
            random.uniform(0, 1)
            * random.standard_normal(length)
            * np.exp(-time / random.uniform(0.002, 0.03))
        )
        for _ in range(int(random.integers(1, 7))):
            hertz = np.exp(random.uniform(np.log(150), np.log(7000)))
            strike += (
                random.uniform(0.1, 1)
                * np.sin(2 * np.pi * hertz * time)
                * np.exp(-time / random.uniform(0.005, 0.08))
            )
        count = max(1, int(frames / SAMPLE_RATE * 10 ** random.uniform(-1, 0.9)))
        times = random.integers(0, frames, count)
        hits = np.zeros(frames)
        np.add.at(hits, times, 10 ** (random.uniform(-25, 0, count) / 20))
        made += convolved(hits, strike) * _sometimes(random, frames, random.uniform(0.3, 1))
    return made


def bells(random: Random, frames: int) -> Floats:
    """Return single bells, beeps, chimes of two notes and squeaks, seconds apart."""
    made = np.zeros(frames)
    at = int(random.uniform(0, 6) * SAMPLE_RATE)
    kind = random.integers(3)
    base = np.exp(random.uniform(np.log(300), np.log(3500)))
    while at < frames:
        length = min(int(random.uniform(0.1, 1.5) * SAMPLE_RATE), frames - at)
        time = np.arange(length) / SAMPLE_RATE
        if kind == 0:
            ratios, decay = np.array([1, 2.0, 2.4, 3.0, 4.2, 5.4]), random.uniform(0.1, 0.6)
            waves = np.sin(2 * np.pi * base * ratios[:, None] * time) / ratios[:, None]
            sound = waves.sum(axis=0) * np.exp(-time / decay)
        elif kind == 1:
            turns = np.where(time < length / SAMPLE_RATE / 2, base, base * random.choice([0.8, 1, 1.25]))
            sound = np.sin(2 * np.pi * np.cumsum(turns) / SAMPLE_RATE) * (time < length / SAMPLE_RATE - 0.02)
        else:
            glide = base * 2 ** (random.uniform(-0.6, 0.6) * time + 0.02 * np.sin(40 * time))
            phase = 2 * np.pi * np.cumsum(glide) / SAMPLE_RATE
            sound = (np.sin(phase) + 0.4 * np.sin(2 * phase)) * np.sin(np.pi * np.arange(length) / length)
        made[at : at + length] += sound * _level(random, -12, 0)
        at += length + int(random.exponential(3) * SAMPLE_RATE) + 400
    return made


def _hall(random: Random) -> Floats:
    """The impulse response of a large room: a weak straight path, and a tail of 0.4–2 s that gets duller."""
    seconds = random.uniform(0.4, 2)
    frames = int(seconds * SAMPLE_RATE)
    time = np.arange(frames) / SAMPLE_RATE
    tail = random.standard_normal(frames) * np.exp(-_DECAYS * time / seconds)
    dull = passed(tail, None, random.uniform(1200, 5000), order=1)
    share = np.minimum(1, time / seconds * 2)
    tail = tail * (1 - share) + dull * share
    tail /= np.sqrt(np.square(tail).sum())
    tail[0] += random.uniform(0, 0.8)
    return tail


def _air(random: Random, frames: int) -> Floats:
    spectrum = np.fft.rfft(random.standard_normal(frames))
    hertz = np.maximum(np.fft.rfftfreq(frames, 1 / SAMPLE_RATE), 20)
    return np.fft.irfft(spectrum * hertz ** -random.uniform(0, 1), frames)


def _smooth(random: Random, frames: int, rate: float) -> Floats:
    """A random curve in −1…1 with about `rate` turns a second."""
    knots = max(int(frames / SAMPLE_RATE * rate), 1) + 2
    return np.interp(np.arange(frames), np.linspace(0, frames, knots), random.uniform(-1, 1, knots))


def _course(random: Random, frames: int, decibels: float) -> Floats:
    """A factor that swells and falls by so much at most."""
    return 10 ** (decibels * _smooth(random, frames, random.uniform(0.1, 2)) / 20)


def _sometimes(random: Random, frames: int, share: float) -> Floats:
    """1 for a share of the time, stretches of seconds, and 0 between them."""
    wave = _smooth(random, frames, 0.4)
    return np.clip(20 * (wave - np.quantile(wave, 1 - share)) + 1, 0, 1)


def _level(random: Random, low: float, high: float) -> float:
    return float(10 ** (random.uniform(low, high) / 20))


def _normal(samples: Floats | Sequence[float]) -> Floats:
    """Bring to a mean square of 1; silence stays."""
    made = np.asarray(samples, np.float64)
    return made / (np.sqrt(np.mean(np.square(made))) + 1e-9)
