"""What a programme is put together from: talk, music that can go on, and noise, drawn from one split."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from unmix_models.listen.ear import SAMPLE_RATE

from training.listening import noises, synthetic
from training.listening.material import Clips, load
from training.listening.sources import Kind, Split

Samples = NDArray[np.float32]
Random = np.random.Generator

MADE_MUSIC, MADE_VOICE, MADE_SINGING = "made_music", "made_voice", "made_singing"
BABBLE = "babble"

_MADE = 0.06
"""Share of talk and of music that is made, not recorded."""
_SUNG = 0.06
"""Share of music that is singing without instruments."""
_RUNG = 0.06
_JOIN = SAMPLE_RATE // 20
_PAUSES = ((0.1, 0.25, 0.4, 0.7, 1.0), (0.3, 0.3, 0.2, 0.15, 0.05))
"""Seconds between clips of talk, and their shares."""


class Bed:
    """Music that goes on where it was left, from the start again at its end."""

    def __init__(self, name: str, samples: Samples, begin: int, *, may_lie_under: bool = True) -> None:
        self.name = name
        self.may_lie_under = may_lie_under
        """Whether talk may be over it; not over singing, which is a voice itself."""
        self._samples = samples
        self._place = begin

    def take(self, frames: int) -> Samples:
        """Return the next `frames`; where it begins again it is faded."""
        made = np.zeros(frames, np.float32)
        filled = 0
        while filled < frames:
            part = self._samples[self._place : self._place + frames - filled]
            made[filled : filled + len(part)] = part
            filled += len(part)
            self._place += len(part)
            if self._place >= len(self._samples):
                self._place = 0
                fade = made[max(0, filled - _JOIN) : filled]
                fade *= np.linspace(1, 0, len(fade), dtype=np.float32)
        return made


class Stock:
    """All of one split; a clip is read when it is drawn."""

    def __init__(self, random: Random, split: Split, material: Sequence[Clips] | None) -> None:
        self._random = random
        self._split = split
        sources = material if material is not None else load(split)
        self._of = {kind: [clips for clips in sources if clips.source.kind is kind] for kind in Kind}
        self._talkers: list[Clips | None] = []

    def cast(self, *, dialogue: bool) -> None:
        """Choose who talks in a programme: one, or two by turns."""
        self._talkers = [self._talker() for _ in range(2 if dialogue else 1)]

    def talk(self, frames: int) -> tuple[Samples, tuple[str, ...]]:
        """Return talk without pauses of more than a second, and the names of the talkers; they change seldom."""
        if self._random.random() < 0.3:
            self._talkers[0] = self._talker()
        names = tuple(dict.fromkeys(_name(talker) for talker in self._talkers))
        return self._speak(self._talkers, frames), names

    def music(self, *, alone: bool) -> Bed:
        """Return some music, singing and ring tones only where it stands `alone`."""
        drawn = self._random.random()
        if alone and drawn < _SUNG:
            return self._sung()
        if alone and drawn < _SUNG + _RUNG:
            return self.ringtone()
        if drawn > 1 - _MADE:
            return Bed(MADE_MUSIC, synthetic.music(self._random, 40 * SAMPLE_RATE), 0)
        return self._bed(self._draw_music())

    def ringtone(self) -> Bed:
        """Return a ring tone, from its start."""
        sources = self._of[Kind.RINGTONE]
        if not sources:
            return self._bed(self._draw_music())
        clips = sources[self._random.integers(len(sources))]
        return Bed(clips.source.name, self._vary(clips.clip(int(self._random.integers(len(clips))))), 0)

    def noise(self, frames: int) -> tuple[Samples, str]:
        """Return something that is neither talk nor music, and its name."""
        drawn = self._random.random()
        if drawn < 0.1:
            crowd = sum(
                self._speak([self._talker()], frames) for _ in range(int(self._random.integers(7, 12)))
            )
            return np.asarray(crowd, np.float32) / np.float32(3), BABBLE
        if drawn < 0.45 and self._of[Kind.NOISE]:
            return self._recorded_noise(frames)
        return noises.noise(self._random, frames, self._split)

    def steady(self, frames: int) -> tuple[Samples, str]:
        """Return noise that can lie under a whole programme, and its name."""
        if self._random.random() < 0.3 and self._of[Kind.NOISE]:
            return self._recorded_noise(frames)
        return noises.noise(self._random, frames, self._split, steady=True)

    def _talker(self) -> Clips | None:
        """A source of speech, or None for a voice that is made."""
        if self._random.random() < _MADE:
            return None
        sources = self._of[Kind.SPEECH]
        weights = np.sqrt([clips.seconds for clips in sources])
        return sources[self._random.choice(len(sources), p=weights / weights.sum())]

    def _speak(self, talkers: Sequence[Clips | None], frames: int) -> Samples:
        made = np.zeros(frames, np.float32)
        gains = 10 ** (self._random.uniform(-5, 2, len(talkers)) / 20)
        turn, begin = 0, 0
        speed = self._speed()
        while begin < frames:
            talker = talkers[turn]
            if talker is None:
                clip = synthetic.voice(self._random, int(self._random.uniform(2, 8) * SAMPLE_RATE))
            else:
                clip = self._vary(talker.clip(int(self._random.integers(len(talker)))), speed)
            part = clip[: frames - begin]
            made[begin : begin + len(part)] += part * np.float32(gains[turn])
            pause = self._random.choice(_PAUSES[0], p=_PAUSES[1])
            begin += len(clip) + int(pause * SAMPLE_RATE)
            if self._random.random() < 0.4:
                turn = (turn + 1) % len(talkers)
        return made

    def _draw_music(self) -> Clips:
        sources = self._of[Kind.MUSIC]
        weights = np.sqrt([min(clips.seconds, 900) for clips in sources])
        return sources[self._random.choice(len(sources), p=weights / weights.sum())]

    def _bed(self, clips: Clips) -> Bed:
        """Up to 50 seconds of one piece, from somewhere in it."""
        index = int(self._random.integers(len(clips)))
        begin = int(self._random.integers(max(1, clips.frames(index) - 12 * SAMPLE_RATE)))
        return Bed(clips.source.name, self._vary(clips.piece(index, begin, 50 * SAMPLE_RATE)), 0)

    def _sung(self) -> Bed:
        sources = self._of[Kind.SINGING]
        if not sources or (self._split is Split.TRAIN and self._random.random() < 0.4):
            return Bed(
                MADE_SINGING, synthetic.singing(self._random, 20 * SAMPLE_RATE), 0, may_lie_under=False
            )
        clips = sources[self._random.integers(len(sources))]
        piece = self._vary(clips.clip(int(self._random.integers(len(clips)))))
        return Bed(clips.source.name, piece, 0, may_lie_under=False)

    def _recorded_noise(self, frames: int) -> tuple[Samples, str]:
        sources = self._of[Kind.NOISE]
        clips = sources[self._random.integers(len(sources))]
        piece = self._vary(clips.clip(int(self._random.integers(len(clips)))))
        return Bed(clips.source.name, piece, int(self._random.integers(len(piece)))).take(
            frames
        ), clips.source.name

    def _speed(self) -> float:
        return float(self._random.uniform(0.88, 1.14)) if self._split is Split.TRAIN else 1.0

    def _vary(self, samples: Samples, speed: float | None = None) -> Samples:
        """Play it faster or slower, to train with; tests hear what was recorded."""
        speed = speed or self._speed()
        if speed == 1:
            return samples
        places = np.arange(0, len(samples) - 1, speed)
        return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


def _name(talker: Clips | None) -> str:
    return MADE_VOICE if talker is None else talker.source.name
