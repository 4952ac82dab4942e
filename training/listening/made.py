"""Sounds that need no recording: voices like machines, chords and melodies, tones and noises. 16 kHz, mono."""

from collections.abc import Callable

import numpy as np
import scipy.signal
from numpy.typing import NDArray
from unmix_models.listen.ear import SAMPLE_RATE

Floats = NDArray[np.float32]
Random = np.random.Generator


def voice(random: Random, frames: int) -> Floats:
    """A buzzing voice in syllables with pauses: speech, as far as it can be told."""
    time = np.arange(frames) / SAMPLE_RATE
    glide = 1 + random.uniform(0.03, 0.2) * np.sin(
        2 * np.pi * random.uniform(0.3, 1.5) * time + random.uniform(0, 6)
    )
    turns = np.cumsum(random.uniform(80, 280) * glide) / SAMPLE_RATE
    tilt = random.uniform(0.8, 1.6)
    buzz = sum(np.sin(2 * np.pi * turns * k) / k**tilt for k in range(1, random.integers(10, 26)))
    syllables = np.clip(np.sin(2 * np.pi * random.uniform(1.8, 5) * time), 0, 1) ** random.uniform(0.7, 2)
    pauses = np.sin(2 * np.pi * random.uniform(0.15, 0.5) * time) > random.uniform(-0.8, -0.4)
    made = np.asarray(buzz * syllables * pauses)
    if random.random() < 0.4:
        made = _resonances(random, made)
    hiss = random.standard_normal(frames) * made.std() * 10 ** random.uniform(-2, -0.6)
    return (made + hiss).astype(np.float32)


def music(random: Random, frames: int) -> Floats:
    """Chords, a melody, or both, with strokes of noise or without."""
    made = np.zeros(frames)
    beat = random.uniform(0.25, 0.8)
    root = random.uniform(55, 220)
    scale = np.array([0, 2, 4, 5, 7, 9, 11] if random.random() < 0.6 else [0, 2, 3, 5, 7, 8, 10])
    parts = random.choice(3, p=[0.3, 0.3, 0.4])
    if parts != 1:
        timbre = _timbre(random)
        length = beat * random.choice([2, 4, 8])
        for start in np.arange(0, frames / SAMPLE_RATE, length):
            step = random.integers(7)
            for third in (0, 2, 4):
                pitch = root * 2 ** ((scale[(step + third) % 7] + 12 * ((step + third) // 7)) / 12)
                _play(made, start, length, pitch, timbre, random.uniform(0.6, 1))
    if parts != 0:
        timbre = _timbre(random)
        octave = random.choice([1, 2, 4])
        start, step = 0.0, 3
        while start < frames / SAMPLE_RATE:
            length = beat * random.choice([0.5, 1, 1, 2])
            step = int(np.clip(step + random.integers(-3, 4), 0, 13))
            if random.random() < 0.88:
                pitch = root * octave * 2 ** ((scale[step % 7] + 12 * (step // 7)) / 12)
                _play(made, start, length, pitch, timbre, random.uniform(0.8, 1.6))
            start += length
    if random.random() < 0.4:
        stroke = random.standard_normal(3000) * np.exp(-np.arange(3000) / random.uniform(150, 900))
        strokes = np.zeros(frames)
        strokes[
            (np.arange(0, frames / SAMPLE_RATE, beat / 2) * SAMPLE_RATE).astype(int).clip(0, frames - 1)
        ] = 1
        made += scipy.signal.fftconvolve(strokes, stroke)[:frames] * made.std() * random.uniform(0.5, 3)
    return made.astype(np.float32)


def noise(random: Random, frames: int) -> Floats:
    """Hiss, rumble, a fan, hum, a tone, beeps, crackle or applause."""
    makers: list[Callable[[Random, int], NDArray[np.float64]]] = [
        _coloured,
        _coloured,
        _fan,
        _hum,
        _tones,
        _beeps,
        _claps,
    ]
    return makers[random.integers(len(makers))](random, frames).astype(np.float32)


def steady_noise(random: Random, frames: int) -> Floats:
    """One that lies under a whole recording."""
    return (_coloured, _coloured, _fan, _hum)[random.integers(4)](random, frames).astype(np.float32)


def response(random: Random) -> Floats:
    """The impulse response of a room."""
    frames = SAMPLE_RATE // 2
    tail = random.standard_normal(frames) * np.exp(
        -np.arange(frames) / SAMPLE_RATE / random.uniform(0.03, 0.15)
    )
    tail *= random.uniform(0.05, 1) / np.sqrt(np.square(tail).sum())
    tail[0] += 0.7
    return tail.astype(np.float32)


Timbre = tuple[NDArray[np.float64], float, float, float]


def _timbre(random: Random) -> Timbre:
    partials = np.arange(1, random.integers(3, 14))
    strengths = partials ** -random.uniform(0.5, 2.0) * random.uniform(0.3, 1, len(partials))
    fades = 0.0 if random.random() < 0.4 else random.uniform(1, 8)
    return strengths, random.uniform(0.003, 0.08), fades, random.uniform(0, 0.012) * (random.random() < 0.4)


def _play(
    made: NDArray[np.float64], start: float, length: float, pitch: float, timbre: Timbre, loud: float
) -> None:
    strengths, attack, fades, vibrato = timbre
    begin = int(start * SAMPLE_RATE)
    time = np.arange(min(int(length * SAMPLE_RATE), len(made) - begin)) / SAMPLE_RATE
    if not len(time):
        return
    turns = pitch * (time + vibrato / 35 * np.sin(2 * np.pi * 5.5 * time))
    shape = np.minimum(time / attack, 1) * np.exp(-fades * time) * np.minimum((time[-1] - time) / 0.03, 1)
    tone = sum(
        strength * np.sin(2 * np.pi * k * turns)
        for k, strength in enumerate(strengths, 1)
        if k * pitch < SAMPLE_RATE / 2
    )
    made[begin : begin + len(time)] += loud * shape * tone


def _resonances(random: Random, samples: NDArray[np.float64]) -> NDArray[np.float64]:
    made = samples * 0.1
    for lowest, highest in ((300, 800), (900, 2300), (2400, 3400)):
        numerator, denominator = scipy.signal.iirpeak(
            random.uniform(lowest, highest), random.uniform(4, 12), SAMPLE_RATE
        )
        made += scipy.signal.lfilter(numerator, denominator, samples)
    return made


def _coloured(random: Random, frames: int) -> NDArray[np.float64]:
    white = random.standard_normal(frames)
    pole = random.choice([0, 0.5, 0.9, 0.98, 0.995])
    made = scipy.signal.lfilter([1], [1, -pole], white)
    if random.random() < 0.3:
        time = np.arange(frames) / SAMPLE_RATE
        made *= 1 + random.uniform(0.1, 0.8) * np.sin(2 * np.pi * random.uniform(0.05, 2) * time)
    return made


def _fan(random: Random, frames: int) -> NDArray[np.float64]:
    time = np.arange(frames) / SAMPLE_RATE
    turns = random.uniform(25, 300) * time * (1 + 0.01 * random.standard_normal())
    hum = sum(np.sin(2 * np.pi * turns * k + random.uniform(0, 6)) / k for k in range(1, 9))
    return np.asarray(hum) + random.uniform(0.3, 3) * _coloured(random, frames)


def _hum(random: Random, frames: int) -> NDArray[np.float64]:
    time = np.arange(frames) / SAMPLE_RATE
    mains = random.choice([50, 60, 100, 120, random.uniform(40, 400)])
    hum = sum(
        np.sin(2 * np.pi * mains * k * time) * random.uniform(0.1, 1)
        for k in range(1, random.integers(3, 16))
    )
    return np.asarray(hum) + 10 ** random.uniform(-3, -0.5) * random.standard_normal(frames)


def _tones(random: Random, frames: int) -> NDArray[np.float64]:
    time = np.arange(frames) / SAMPLE_RATE
    tone = sum(np.sin(2 * np.pi * random.uniform(100, 4000) * time) for _ in range(random.integers(1, 3)))
    return np.asarray(tone) + 10 ** random.uniform(-3, -0.5) * random.standard_normal(frames)


def _beeps(random: Random, frames: int) -> NDArray[np.float64]:
    time = np.arange(frames) / SAMPLE_RATE
    period = random.uniform(0.3, 2)
    sounding = (time % period) < period * random.uniform(0.1, 0.6)
    tone = (
        np.sign(np.sin(2 * np.pi * random.uniform(400, 3000) * time))
        if random.random() < 0.3
        else np.sin(2 * np.pi * random.uniform(400, 3000) * time)
    )
    return tone * sounding + 10 ** random.uniform(-3, -1) * random.standard_normal(frames)


def _claps(random: Random, frames: int) -> NDArray[np.float64]:
    claps = int(frames / SAMPLE_RATE * 10 ** random.uniform(0.3, 2.4))
    strokes = np.zeros(frames)
    np.add.at(strokes, random.integers(0, frames, claps), random.uniform(0.2, 1, claps))
    clap = random.standard_normal(600) * np.exp(-np.arange(600) / random.uniform(10, 120))
    band = scipy.signal.butter(
        2, [random.uniform(200, 900), random.uniform(2500, 7000)], "band", fs=SAMPLE_RATE
    )
    return scipy.signal.lfilter(*band, scipy.signal.fftconvolve(strokes, clap)[:frames])
