"""Music and voices that are made, not recorded: what synthesisers and tests make must not be foreign to an ear.

All are 16 kHz, mono, at about `material.LEVEL_DB`.
"""

import numpy as np
from numpy.typing import NDArray
from unmix_models.listen.ear import SAMPLE_RATE

from training.listening.filters import passed, resonance, smoothed

Samples = NDArray[np.float32]
Floats = NDArray[np.float64]
Random = np.random.Generator

_LEVEL = 10 ** (-22 / 20)
_SCALES = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 4, 7, 9),
    (0, 3, 5, 7, 10),
    (0, 2, 3, 5, 7, 9, 10),
)
_VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (660, 1720, 2410),
    (490, 1350, 1690),
)
"""First three formants of men, Hz; G. Peterson & H. Barney, "Control methods used in a study of the vowels", 1952."""


def _levelled(samples: Floats) -> Samples:
    return (samples * (_LEVEL / (np.sqrt(np.mean(np.square(samples))) + 1e-9))).astype(np.float32)


def music(random: Random, frames: int) -> Samples:
    """Return a tune, perhaps with chords, a bass and drums, of random instruments."""
    beat = 60 / random.uniform(60, 170)
    scale = np.array(_SCALES[random.integers(len(_SCALES))])
    root = random.uniform(36, 48)
    parts = random.random(4) < (0.8, 0.6, 0.6, 0.6)
    if not parts.any():
        parts[0] = True
    made = np.zeros(frames + SAMPLE_RATE)
    if parts[0]:
        _line(random, made, beat * float(random.choice([0.25, 0.5, 1])), root + 24, scale, 1)
    if parts[1]:
        _line(random, made, beat * float(random.choice([2, 4])), root + 12, scale, int(random.integers(2, 5)))
    if parts[2]:
        _line(
            random, made, beat * float(random.choice([0.5, 1, 2])), root - 5, scale[[0, len(scale) // 2]], 1
        )
    if parts[3]:
        _drums(random, made, beat)
    return _levelled(made[:frames])


def _line(
    random: Random, made: Floats, step: float, root: float, scale: NDArray[np.int_], voices: int
) -> None:
    """Add one instrument: notes of `step` seconds, some of them left out, `voices` at a time."""
    instrument = _Instrument(random)
    level = random.uniform(0.4, 1) / voices
    loop = random.integers(0, len(scale) * 2, int(random.integers(3, 17)))
    place = 0
    for number in range(int(len(made) / SAMPLE_RATE / step)):
        begin = int(number * step * SAMPLE_RATE)
        if random.random() < 0.15:
            continue
        place = (
            int(loop[number % len(loop)]) if random.random() < 0.85 else place + int(random.integers(-1, 2))
        )
        for voice in range(voices):
            degree = max(0, place + 2 * voice)
            pitch = root + 12 * (degree // len(scale)) + float(scale[degree % len(scale)])
            length = min(int(step * SAMPLE_RATE * instrument.hold), len(made) - begin)
            hertz = 440 * 2 ** ((pitch - 69) / 12)
            made[begin : begin + length] += level * instrument.note(hertz, length)


class _Instrument:
    """Additive or frequency-modulated, struck or held."""

    def __init__(self, random: Random) -> None:
        self._frequency_modulated = random.random() < 0.35
        self._ratio = float(random.choice([0.5, 1, 1.41, 2, 3, 3.5, 7]))
        self._index = random.uniform(0.5, 6)
        count = int(random.integers(1, 14))
        self._partials = random.uniform(0.2, 1, count) / np.arange(1, count + 1) ** random.uniform(0.5, 2)
        self._attack = float(random.choice([0.003, 0.01, 0.05, 0.15]))
        self._decay = float(random.choice([0.1, 0.3, 0.8, 3, 100]))
        self._vibrato = float(random.choice([0, 0, 0.004]))
        self.hold = random.uniform(0.7, 1.3)

    def note(self, hertz: float, length: int) -> Floats:
        """Return one note."""
        time = np.arange(length) / SAMPLE_RATE
        turns = hertz * (time + self._vibrato * np.sin(2 * np.pi * 5.5 * time) / (2 * np.pi * 5.5))
        phase = 2 * np.pi * turns
        envelope = np.exp(-time / self._decay) * np.minimum(1, time / self._attack)
        envelope *= np.minimum(1, (length - np.arange(length)) / (0.02 * SAMPLE_RATE))
        if self._frequency_modulated:
            index = self._index * np.exp(-time / (0.5 * self._decay))
            return np.sin(phase + index * np.sin(self._ratio * phase)) * envelope
        audible = min(len(self._partials), max(1, int(7500 / hertz)))
        waves = (self._partials[n] * np.sin((n + 1) * phase) for n in range(audible))
        return np.sum(list(waves), axis=0) * envelope


def _drums(random: Random, made: Floats, beat: float) -> None:
    """Add a kick, a snare and a hat in a pattern of 16 steps that repeats."""
    time = np.arange(int(0.4 * SAMPLE_RATE)) / SAMPLE_RATE
    kick = np.sin(2 * np.pi * (random.uniform(40, 70) * time - 6 * np.exp(-time / 0.03))) * np.exp(
        -time / 0.12
    )
    snare = random.standard_normal(len(time)) * np.exp(-time / random.uniform(0.04, 0.15))
    hat = passed(random.standard_normal(len(time)), 5000, None, order=2) * np.exp(
        -time / random.uniform(0.02, 0.08)
    )
    patterns = random.random((3, 16)) < np.array([[0.25], [0.12], [0.5]])
    patterns[0, ::8] = True
    patterns[1, 4::8] = True
    level = random.uniform(0.3, 1.2)
    for number in range(int(len(made) / SAMPLE_RATE / beat * 4)):
        begin = int(number * beat / 4 * SAMPLE_RATE)
        for pattern, strike, loud in zip(patterns, (kick, snare, hat), (1.2, 0.5, 0.3), strict=True):
            if pattern[number % 16]:
                length = min(len(strike), len(made) - begin)
                made[begin : begin + length] += level * loud * strike[:length]


def voice(random: Random, frames: int) -> Samples:
    """Return syllables of vowels with gliding pitch and pauses, or of a plain buzz as tests make them."""
    base = random.uniform(85, 260)
    slow = _wander(random, frames, random.uniform(0.5, 2.5))
    pitch = base * 2 ** (random.uniform(0.1, 0.35) * slow)
    phase = np.cumsum(pitch) / SAMPLE_RATE
    buzz = 2 * (phase % 1) - 1
    syllables = _syllables(random, frames)
    if random.random() < 0.4:
        return _levelled(buzz * syllables + random.uniform(0, 0.05) * random.standard_normal(frames))
    return _levelled(_spoken(random, buzz, syllables))


def _wander(random: Random, frames: int, rate: float) -> Floats:
    """A smooth random curve in −1…1 with about `rate` turns a second."""
    points = max(4, int(frames / SAMPLE_RATE * rate * 2))
    return np.interp(np.arange(frames), np.linspace(0, frames, points), random.uniform(-1, 1, points))


def _syllables(random: Random, frames: int) -> Floats:
    """Their envelope: some regular, as tests make them, some of random lengths with pauses."""
    time = np.arange(frames) / SAMPLE_RATE
    if random.random() < 0.35:
        bumps = np.clip(np.sin(2 * np.pi * random.uniform(1.8, 4.5) * time), 0, 1) ** 2
        return bumps * (np.sin(2 * np.pi * random.uniform(0.2, 0.5) * time) > -0.7)
    envelope = np.zeros(frames)
    begin = 0
    while begin < frames:
        length = int(random.uniform(0.1, 0.35) * SAMPLE_RATE)
        bump = np.sin(np.pi * np.linspace(0, 1, length)) ** random.uniform(0.4, 1.5) * random.uniform(0.3, 1)
        part = bump[: frames - begin]
        envelope[begin : begin + len(part)] = part
        pause = random.uniform(0.2, 0.7) if random.random() < 0.15 else random.uniform(0, 0.06)
        begin += length + int(pause * SAMPLE_RATE)
    return envelope


def _spoken(random: Random, buzz: Floats, syllables: Floats) -> Floats:
    """Vowels by three resonances, changed every 60–200 ms, with hisses between some."""
    size = random.uniform(0.9, 1.3)
    made = np.zeros(len(buzz))
    states = [np.zeros(2) for _ in range(3)]
    begin = 0
    while begin < len(buzz):
        end = min(len(buzz), begin + int(random.uniform(0.06, 0.2) * SAMPLE_RATE))
        part = buzz[begin:end] * syllables[begin:end]
        if random.random() < 0.2:
            part = 0.4 * random.standard_normal(end - begin) * syllables[begin:end]
        for number, formant in enumerate(_VOWELS[random.integers(len(_VOWELS))]):
            part, states[number] = resonance(part, formant * size, 60 + 40 * number, states[number])
        made[begin:end] = part
        begin = end
    return np.append(made[:1], np.diff(made)) + 0.1 * made


def singing(random: Random, frames: int) -> Samples:
    """Return vowels sung on the notes of a scale, with vibrato: a voice that holds its pitch."""
    scale = np.array(_SCALES[random.integers(len(_SCALES))])
    root = random.uniform(43, 62)
    pitch = np.zeros(frames)
    envelope = np.zeros(frames)
    begin, degree = 0, int(random.integers(len(scale)))
    while begin < frames:
        length = min(
            frames - begin, int(random.choice([0.25, 0.5, 1, 2]) * random.uniform(0.8, 1.2) * SAMPLE_RATE)
        )
        degree = int(np.clip(degree + random.integers(-2, 3), 0, 2 * len(scale) - 1))
        note = root + 12 * (degree // len(scale)) + scale[degree % len(scale)]
        pitch[begin : begin + length] = 440 * 2 ** ((note - 69) / 12)
        shape = np.minimum(1, np.arange(length) / 800) * np.minimum(1, np.arange(length, 0, -1) / 1200)
        envelope[begin : begin + length] = shape * random.uniform(0.5, 1)
        begin += length
    smooth = smoothed(pitch, 400)
    time = np.arange(frames) / SAMPLE_RATE
    vibrato = 1 + random.uniform(0.002, 0.02) * np.sin(2 * np.pi * random.uniform(4.5, 6.5) * time)
    buzz = 2 * (np.cumsum(smooth * vibrato) / SAMPLE_RATE % 1) - 1
    return _levelled(_spoken(random, buzz, envelope))
