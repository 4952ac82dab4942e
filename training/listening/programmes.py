"""Made programmes with labels: talk, music, talk over music, noise and silence, as broadcasts and calls have them.

Each is one to two minutes at 16 kHz, mono. Stretches follow one another with cross-fades of 5 ms to 1.5 s; music may
go on as a bed under the talk that follows, and come up again. Under 55 % of programmes lies steady noise, 5–30 dB
below. Some have the band of a telephone, a room, a compressor, or a level down to −40 dB.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from unmix_models.listen.ear import CELL, HEARD, SAMPLE_RATE, Sound

from training.listening.filters import convolved, passed
from training.listening.material import Clips
from training.listening.sources import Split
from training.listening.stock import Bed, Stock

Samples = NDArray[np.float32]
Random = np.random.Generator

CLASSES = (*HEARD, Sound.SILENCE)
"""What labels count in; `np.minimum(labels, 3)` takes silence for other, as ears do."""
BEDS_DB = (-6, -9, -12, -15, -18, -24)
"""Levels of music under talk, against the talk's."""

_SHARES = {
    Sound.SPEECH: 0.34,
    Sound.MUSIC: 0.28,
    Sound.SPEECH_OVER_MUSIC: 0.18,
    Sound.OTHER: 0.14,
    Sound.SILENCE: 0.06,
}
_SECONDS = {
    Sound.SPEECH: (4, 25),
    Sound.MUSIC: (4, 25),
    Sound.SPEECH_OVER_MUSIC: (5, 20),
    Sound.OTHER: (3, 12),
    Sound.SILENCE: (2, 8),
}
_FADES = (0.005, 0.05, 0.2, 0.8, 1.5)
_FADES_SHARES = (0.3, 0.2, 0.25, 0.15, 0.1)
_CALLS = 0.12
_NOISY = 0.55
_GAINS_DB = (0, 0, 0, 0, -10, -20, -30, -40)
_LEVEL_DB = -22.0
_TELEPHONE_HZ = (300, 3400)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a programme that holds one kind of sound."""

    begin: int
    end: int
    """Samples."""
    sound: Sound
    sources: tuple[str, ...]
    """Names of what is heard, as in the table of sources, or of what is made: talk first, then music."""
    bed_db: float | None = None
    """Level of the music against the talk."""
    fade: int = 0
    """Samples that the fade from the stretch before takes, half of them on each side of `begin`."""


@dataclass(frozen=True, slots=True)
class Programme:
    """One made programme."""

    samples: Samples
    """16 kHz, mono; a whole number of cells."""
    labels: NDArray[np.int8]
    """Place in `CLASSES` of what fills most of each cell."""
    pure: NDArray[np.bool_]
    """Whether a cell holds nothing else."""
    stretch: NDArray[np.int16]
    """Place in `stretches` of what fills most of each cell."""
    stretches: tuple[Stretch, ...]
    noise: str
    """Name of the noise under all, or empty."""


def programmes(
    split: Split, seed: int, minutes: float = np.inf, material: Sequence[Clips] | None = None
) -> Iterator[Programme]:
    """Make programmes, the same for the same seed, until `minutes` are reached; without end if none are given.

    `material` spares the loading of a split (`material.load`) where it is loaded already.
    """
    random = np.random.default_rng([seed, split is Split.TEST])
    stock = Stock(random, split, material)
    made = 0.0
    while made < minutes:
        programme = _programme(random, stock)
        made += len(programme.samples) / SAMPLE_RATE / 60
        yield programme


def _programme(random: Random, stock: Stock) -> Programme:
    cells = int(random.uniform(60, 120)) * 2
    call = random.random() < _CALLS
    stock.cast(dialogue=call or random.random() < 0.3)
    samples, stretches = _stretches(random, stock, cells * CELL, call=call)
    name = ""
    if random.random() < _NOISY:
        under, name = stock.steady(len(samples))
        samples += under * np.float32(10 ** ((-random.uniform(5, 30)) / 20))
        stretches = [
            Stretch(s.begin, s.end, Sound.OTHER, (name,)) if s.sound is Sound.SILENCE else s
            for s in stretches
        ]
    samples = _channel(random, samples, call=call)
    samples *= np.float32(10 ** (random.choice(_GAINS_DB) / 20))
    peak = np.abs(samples).max()
    if peak > 1:
        samples /= peak
    return Programme(samples, *_labels(stretches, cells), tuple(stretches), name)


def _stretches(random: Random, stock: Stock, frames: int, *, call: bool) -> tuple[Samples, list[Stretch]]:
    """Fill `frames` with stretches, each faded into the next."""
    samples = np.zeros(frames, np.float32)
    stretches: list[Stretch] = []
    begin, fade_in, last = 0, int(0.005 * SAMPLE_RATE), None
    bed: Bed | None = None
    while begin < frames:
        sound = _next(random, last, call=call)
        ring = call and not stretches and sound is Sound.MUSIC
        low, high = (2, 9) if ring else _SECONDS[sound]
        length = min(int(random.uniform(low, high) * SAMPLE_RATE), frames - begin)
        if frames - begin - length < 2 * SAMPLE_RATE:
            length = frames - begin
        left = frames - begin - length
        fade_out = min(int(random.choice(_FADES, p=_FADES_SHARES) * SAMPLE_RATE), length // 3, left // 3)
        made, sources, bed_db, bed = _fill(random, stock, sound, length + fade_out, bed, ring=ring)
        made *= np.float32(10 ** (random.uniform(-8, 3) / 20))
        _fade(made, fade_in, fade_out)
        samples[begin : begin + length + fade_out] += made
        heard_from = begin + fade_in // 2 if stretches else 0
        if stretches:
            stretches[-1] = replace(stretches[-1], end=heard_from)
        stretches.append(Stretch(heard_from, frames, sound, sources, bed_db, fade_in if stretches else 0))
        begin, fade_in, last = begin + length, fade_out, sound
    return samples, [stretch for stretch in stretches if stretch.begin < stretch.end]


def _next(random: Random, last: Sound | None, *, call: bool) -> Sound:
    """What comes next; calls begin with a ring tone and are talk with hold music."""
    if call:
        return (
            Sound.SPEECH if last is Sound.MUSIC or (last is None and random.random() < 0.2) else Sound.MUSIC
        )
    left = [sound for sound in _SHARES if sound is not last]
    weights = np.array([_SHARES[sound] for sound in left])
    return left[random.choice(len(left), p=weights / weights.sum())]


def _fill(
    random: Random, stock: Stock, sound: Sound, frames: int, bed: Bed | None, *, ring: bool
) -> tuple[Samples, tuple[str, ...], float | None, Bed | None]:
    """Return the sound of a stretch, its sources, the level of its bed, and the music that may go on."""
    match sound:
        case Sound.SPEECH:
            samples, talkers = stock.talk(frames)
            return samples, talkers, None, None
        case Sound.MUSIC:
            music = stock.ringtone() if ring else _go_on(random, stock, bed, alone=True)
            return music.take(frames), (music.name,), None, music
        case Sound.SPEECH_OVER_MUSIC:
            music = _go_on(random, stock, bed, alone=False)
            samples, talkers = stock.talk(frames)
            bed_db = float(random.choice(BEDS_DB))
            samples += music.take(frames) * np.float32(10 ** (bed_db / 20))
            return samples, (*talkers, music.name), bed_db, music
        case Sound.SILENCE:
            quiet = 0.0 if random.random() < 0.5 else 10 ** (random.uniform(-85, -70) / 20)
            return random.standard_normal(frames, np.float32) * np.float32(quiet), (), None, None
        case _:
            samples, name = stock.noise(frames)
            return samples, (name,), None, None


def _go_on(random: Random, stock: Stock, bed: Bed | None, *, alone: bool) -> Bed:
    """The music of the stretch before goes on in half of the cases."""
    if bed is not None and bed.may_lie_under and random.random() < 0.5:
        return bed
    return stock.music(alone=alone)


def _fade(samples: Samples, begin: int, end: int) -> None:
    if begin:
        samples[:begin] *= np.linspace(0, 1, begin, dtype=np.float32)
    if end:
        samples[-end:] *= np.linspace(1, 0, end, dtype=np.float32)


def _channel(random: Random, samples: Samples, *, call: bool) -> Samples:
    """What a way of recording does: a room, a compressor, a band."""
    if random.random() < 0.2:
        samples = _room(random, samples)
    if random.random() < 0.12:
        drive = 10 ** (random.uniform(5, 20) / 20)
        samples = (np.tanh(samples * drive) / drive**0.6).astype(np.float32)
    if call or random.random() < 0.12:
        samples = passed(samples, *_TELEPHONE_HZ).astype(np.float32)
    elif random.random() < 0.2:
        samples = passed(samples, None, random.uniform(2800, 7500)).astype(np.float32)
    return samples


def _room(random: Random, samples: Samples) -> Samples:
    """Exponentially decaying noise behind the sound itself."""
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    answer = random.standard_normal(len(time)) * np.exp(-time / random.uniform(0.03, 0.14))
    answer[0] = random.uniform(3, 10)
    answer /= np.sqrt(np.square(answer).sum())
    return convolved(samples, answer).astype(np.float32)


def _labels(
    stretches: Sequence[Stretch], cells: int
) -> tuple[NDArray[np.int8], NDArray[np.bool_], NDArray[np.int16]]:
    """What fills each cell: its class, whether nothing else is in it, and the stretch."""
    centres = (np.arange(cells) + 0.5) * CELL
    begins = np.array([stretch.begin for stretch in stretches])
    stretch = np.searchsorted(begins, centres, side="right") - 1
    classes = np.array([CLASSES.index(one.sound) for one in stretches], np.int8)
    pure = np.ones(cells, np.bool_)
    for one in stretches[1:]:
        pure[(one.begin - one.fade // 2) // CELL : -(-(one.begin + (one.fade + 1) // 2) // CELL)] = False
    return classes[stretch], pure, stretch.astype(np.int16)
