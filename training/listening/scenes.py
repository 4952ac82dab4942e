"""Scenes to train on: talk, music, talk over music and noise one after the other, mixed anew each time.

Unlike the programmes of the bench they are made to be as varied as possible: speed, colour, room, channel, noise
and the levels of beds are drawn at random.
"""

from enum import IntEnum

import numpy as np
import scipy.signal
import soxr
from numpy.typing import NDArray
from unmix_models.listen.ear import CELL, SAMPLE_RATE
from unmix_models.listen.own import features

from training.listening import noises, places, synthetic
from training.listening.material import Clips
from training.listening.pool import Pool
from training.listening.sources import Split

Floats = NDArray[np.float32]
Random = np.random.Generator


class Label(IntEnum):
    """What a stretch holds, in the order of `HEARD`."""

    SPEECH = 0
    MUSIC = 1
    BOTH = 2
    OTHER = 3


_SHARES = (0.32, 0.28, 0.22, 0.18)
_SECONDS = {Label.SPEECH: (2, 20), Label.MUSIC: (2, 20), Label.BOTH: (3, 20), Label.OTHER: (2, 10)}
_LEVEL_DB = -22.0
_MADE = 0.1
"""Share of voices and of music that come from no recording."""
_IN_PLACES = 0.4
"""Share of scenes in the noise of a place, 0–15 dB below voices."""


class Scenes:
    """Makes scenes out of a pool."""

    def __init__(self, pool: Pool, random: Random) -> None:
        self._pool = pool
        self._random = random

    def scene(self, cells: int) -> tuple[Floats, Floats, Floats]:
        """Return samples, `[cells × CELL]`, the share of each kind in each cell, `[cells, kinds]`, and beds, `[cells]`.

        A bed is told by its level below the voice in dB.
        """
        random = self._random
        frames = cells * CELL
        voices, beds, others = (np.zeros(frames, np.float32) for _ in range(3))
        labels = np.zeros(frames, np.int8)
        stretches = self._stretches(frames)
        speech = music = None
        softest = 0.0
        place_db = random.uniform(0, 15) if random.random() < _IN_PLACES else None
        levels = np.zeros(cells, np.float32)
        for kind, start, end in stretches:
            length = end - start
            labels[start:end] = kind
            level = 10 ** (random.uniform(-7, 3) / 20)
            fade = int(SAMPLE_RATE * random.choice([0.005, 0.1, 0.4, 1.0]))
            if kind in (Label.SPEECH, Label.BOTH):
                if speech is None or random.random() < 0.4:
                    speech = np.pad(self._talk(frames - start), (start, 0))
                voices[start:end] += _faded(speech[start:end] * level, fade // 4)
            if kind in (Label.MUSIC, Label.BOTH):
                if music is None or random.random() < 0.4:
                    music = np.pad(self._music(frames - start), (start, 0))
                bed_db = 0.0
                if kind is Label.BOTH:
                    bed_db = random.uniform(-24, -3) if random.random() < 0.6 else random.uniform(-15, -5)
                    if place_db is not None:
                        bed_db = max(bed_db, random.uniform(-place_db - 3, 0))
                    softest = min(softest, bed_db)
                    levels[start // CELL : -(-end // CELL)] = bed_db
                beds[start:end] += _faded(
                    music[start:end] * level * 10 ** (bed_db / 20), min(fade, length // 3)
                )
            if kind is Label.OTHER and random.random() < 0.8:
                others[start:end] += _faded(
                    self._noise(length) * level * 10 ** (random.uniform(-15, 0) / 20), fade
                )
        samples = voices + beds + others
        if place_db is not None:
            noise = places.place(random, frames, self._far)
            samples += _levelled(noise) * np.float32(10 ** (-(place_db + 2) / 20))
        elif random.random() < 0.6:
            least = 0.0 if random.random() < 0.2 else max(0.0, -softest - 6)
            below = random.uniform(least, 40) if least < 40 else 40.0
            samples += self._background(frames) * 10 ** (-below / 20)
        return self._channel(samples), _shares(labels), levels

    def _stretches(self, frames: int) -> list[tuple[Label, int, int]]:
        made_of: list[tuple[Label, int, int]] = []
        start, last = 0, None
        while start < frames:
            kind = Label(self._random.choice(4, p=_SHARES))
            if kind is last:
                continue
            end = min(start + int(SAMPLE_RATE * self._random.uniform(*_SECONDS[kind])), frames)
            end = frames if frames - end < SAMPLE_RATE else end
            made_of.append((kind, start, end))
            start, last = end, kind
        return made_of

    def _talk(self, frames: int) -> Floats:
        random = self._random
        if random.random() < _MADE:
            return _levelled(synthetic.voice(random, frames))
        talkers = [self._pool.speech.draw(random) for _ in range(2 if random.random() < 0.2 else 1)]
        speed = random.uniform(0.85, 1.2) if random.random() < 0.6 else 1.0
        colour = _colour(random) if random.random() < 0.5 else None
        talk = np.zeros(frames, np.float32)
        at = -int(random.uniform(0, 2) * SAMPLE_RATE)
        while at < frames:
            clips = talkers[random.integers(len(talkers))]
            clip = _levelled(_sped(clips.clip(int(random.integers(len(clips)))), speed))
            begin = max(-at, 0)
            part = clip[begin : begin + frames - max(at, 0)]
            talk[max(at, 0) : max(at, 0) + len(part)] += part
            at += len(clip) + int(
                SAMPLE_RATE * random.choice([0.1, 0.25, 0.4, 0.7, 1.0], p=[0.3, 0.3, 0.2, 0.15, 0.05])
            )
        return _coloured(talk, colour, _response(random) if random.random() < 0.2 else None)

    def _music(self, frames: int) -> Floats:
        random = self._random
        music = self._piece(frames)
        if random.random() < 0.12:
            music = _levelled(music + self._piece(frames) * np.float32(random.uniform(0.3, 1)))
        colour = _colour(random) if random.random() < 0.4 else None
        return _coloured(music, colour, _response(random) if random.random() < 0.08 else None)

    def _piece(self, frames: int) -> Floats:
        random = self._random
        if random.random() < _MADE:
            make = synthetic.music if random.random() < 0.8 else synthetic.singing
            return _levelled(make(random, frames))
        speed = random.uniform(0.8, 1.25) if random.random() < 0.5 else 1.0
        return _levelled(_looped(random, self._pool.music.draw(random), frames, speed))

    def _noise(self, frames: int) -> Floats:
        random = self._random
        draw = random.random()
        if draw < 0.06:
            made = self._babble(frames)
        elif draw < 0.2:
            made = places.place(random, frames, self._far)
        elif draw < 0.28:
            made = places.engine(random, frames).astype(np.float32)
        elif draw < 0.33:
            made = noises.STEADY["hum"](random, frames, Split.TRAIN)
        elif draw < 0.58:
            made = _looped(random, self._pool.noise.draw(random), frames, random.uniform(0.8, 1.25))
        elif draw < 0.63:
            made = _tones(random, frames)
        else:
            made, _ = noises.noise(random, frames, Split.TRAIN)
        return _levelled(made)

    def _background(self, frames: int) -> Floats:
        """Noise under a whole scene: of a place, of people, or made, at times with something that passes on top."""
        random = self._random
        draw = random.random()
        if draw < 0.3:
            noise = _looped(random, self._pool.noise.draw(random), frames, random.uniform(0.8, 1.25))
        elif draw < 0.6:
            noise = self._babble(frames)
        else:
            noise, _ = noises.noise(random, frames, Split.TRAIN, steady=True)
            noise = noise * _breathing(random, frames)
        noise = _levelled(_coloured(noise, 2 * _colour(random) if random.random() < 0.6 else None, None))
        if random.random() < 0.25:
            noise += self._noise(frames) * np.float32(random.uniform(0.3, 1))
        return noise

    def _babble(self, frames: int) -> Floats:
        """Some people far away."""
        random = self._random
        people = np.zeros(frames, np.float32)
        for _ in range(random.integers(4, 10)):
            people += self._talk(frames) * np.float32(random.uniform(0.3, 1))
        return _coloured(people, None, _response(random))

    def _far(self, frames: int) -> Floats:
        """One of a crowd, played at no other speed, which nobody would notice."""
        talker, made, at = self._pool.speech.draw(self._random), np.zeros(frames, np.float32), 0
        while at < frames:
            clip = talker.clip(int(self._random.integers(len(talker))))[: frames - at]
            made[at : at + len(clip)] = clip
            at += len(clip) + int(SAMPLE_RATE * self._random.exponential(0.6))
        return made

    def _channel(self, samples: Floats) -> Floats:
        """What microphones, rooms, lines and codecs do to everything alike."""
        random = self._random
        draw = random.random()
        colour = _colour(random) if random.random() < 0.4 else np.zeros(len(_KNOTS_HZ))
        if draw < 0.12:
            colour = colour + np.where((_KNOTS_HZ < 280) | (_KNOTS_HZ > 3500), -40, 0)
        elif draw < 0.35:
            colour = colour + np.where(random.uniform(2500, 7000) < _KNOTS_HZ, -60, 0)
        samples = _coloured(samples, colour, _response(random) if random.random() < 0.15 else None)
        if random.random() < 0.1:
            samples = np.tanh(samples * np.float32(random.uniform(3, 10)))
        if random.random() < 0.15:
            steps = np.repeat(10 ** (random.uniform(-30, 0, 4) / 20), -(-len(samples) // 4))[: len(samples)]
            samples = samples * steps.astype(np.float32)
        if random.random() < 0.3:
            samples = np.round(samples * 32768).clip(-32768, 32767).astype(np.float32) / 32768
        return samples


def powers(samples: Floats) -> Floats:
    """What `features.mel_cell` makes of all cells, `[frames, BANDS]`."""
    around = np.pad(samples, features.MARGIN)[:, None]
    starts = range(0, len(samples), CELL)
    return np.concatenate([features.mel_cell(around[at : at + CELL + 2 * features.MARGIN]) for at in starts])


_KNOTS_HZ = np.array(
    [40, 80, 150, 220, 300, 450, 700, 1000, 1400, 2000, 2700, 3400, 3800, 4500, 5200, 6000, 7000, 8000]
)


def _colour(random: Random) -> NDArray[np.float64]:
    """Gains in dB at `_KNOTS_HZ`: a tilt and bumps."""
    octaves = np.log2(_KNOTS_HZ / 1000)
    bumps = np.convolve(random.standard_normal(len(octaves) + 2), [0.3, 0.4, 0.3], "valid")
    return random.uniform(-3, 3) * octaves + random.uniform(0, 8) * bumps


def _response(random: Random) -> Floats:
    """The impulse response of a room: what comes straight, and noise that decays."""
    frames = SAMPLE_RATE // 2
    time = np.arange(frames) / SAMPLE_RATE
    tail = random.standard_normal(frames) * np.exp(-time / random.uniform(0.03, 0.15))
    tail *= random.uniform(0.05, 1) / np.sqrt(np.square(tail).sum())
    tail[0] += 0.7
    return tail.astype(np.float32)


def _breathing(random: Random, frames: int) -> Floats:
    """A factor that swells and falls, by 10 dB at most."""
    knots = max(int(frames / SAMPLE_RATE * random.uniform(0.2, 4)), 2)
    levels = random.uniform(-1, 1, knots) * random.uniform(0, 5)
    course = np.interp(np.arange(frames), np.linspace(0, frames, knots), levels)
    return (10 ** (course / 20)).astype(np.float32)


def _tones(random: Random, frames: int) -> Floats:
    """One or two that hold on, in a little noise."""
    time = np.arange(frames) / SAMPLE_RATE
    made = 10 ** random.uniform(-3, -0.5) * random.standard_normal(frames)
    for _ in range(random.integers(1, 3)):
        made += np.sin(2 * np.pi * random.uniform(100, 4000) * time)
    return made.astype(np.float32)


def _coloured(samples: Floats, colour: NDArray[np.float64] | None, room: Floats | None) -> Floats:
    if colour is None and room is None:
        return samples
    length = scipy.fft.next_fast_len(len(samples) + (len(room) if room is not None else 0), real=True)
    spectrum = scipy.fft.rfft(samples, length)
    if colour is not None:
        frequencies = np.arange(len(spectrum)) * (SAMPLE_RATE / length)
        spectrum *= (10 ** (np.interp(frequencies, _KNOTS_HZ, colour) / 20)).astype(np.float32)
    if room is not None:
        spectrum *= scipy.fft.rfft(room, length)
    return scipy.fft.irfft(spectrum, length)[: len(samples)].astype(np.float32)


def _levelled(samples: Floats) -> Floats:
    """Bring to `_LEVEL_DB`."""
    return samples * np.float32(10 ** (_LEVEL_DB / 20) / np.sqrt(np.mean(np.square(samples)) + 1e-12))


def _sped(samples: Floats, speed: float) -> Floats:
    """Play faster, and higher."""
    return (
        samples if speed == 1 else np.asarray(soxr.resample(samples, SAMPLE_RATE * speed, SAMPLE_RATE, "LQ"))
    )


def _looped(random: Random, clips: Clips, frames: int, speed: float) -> Floats:
    """One of the clips at a speed, from anywhere, over and over if it is short."""
    index = int(random.integers(len(clips)))
    wanted, there = int(frames * speed) + 100, clips.frames(index)
    if there > wanted:
        return _sped(clips.piece(index, int(random.integers(there - wanted)), wanted), speed)[:frames]
    clip = _sped(clips.clip(index), speed)
    clip = np.roll(_faded(clip, min(400, len(clip) // 8)), -int(random.integers(len(clip))))
    return np.resize(clip, frames)


def _faded(samples: Floats, frames: int) -> Floats:
    """Fade in and out, linearly."""
    frames = min(frames, len(samples) // 2)
    ramp = np.ones(len(samples), np.float32)
    ramp[:frames] = np.linspace(0, 1, frames, dtype=np.float32)
    ramp[len(ramp) - frames :] = ramp[:frames][::-1]
    return samples * ramp


def _shares(labels: NDArray[np.int8]) -> Floats:
    cells = labels.reshape(-1, CELL)
    return np.stack([(cells == kind).mean(axis=1) for kind in Label], axis=1).astype(np.float32)
