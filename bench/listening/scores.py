"""How often an ear is right, counted in half seconds of made programmes.

A half second counts where it holds one kind of sound only, without any of a fade. Counted apart are singing without
instruments, which may be taken for either, and talk and music that are made, which nobody recorded. Silence is other.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from unmix_models.listen.ear import CELL, HEARD, SAMPLE_RATE, Sound

from training.listening.programmes import CLASSES, Programme, Stretch
from training.listening.sources import SOURCES, Kind
from training.listening.stock import MADE_MUSIC, MADE_SINGING, MADE_VOICE

ANSWERS = (*HEARD, Sound.UNKNOWN)
SECONDS = CELL / SAMPLE_RATE
LOUD_BEDS_DB = (-6, -9, -12)
MADE = (MADE_VOICE, MADE_MUSIC)
_SINGING = {MADE_SINGING, *(source.name for source in SOURCES if source.kind is Kind.SINGING)}
_NEAR = SAMPLE_RATE
"""Samples, one second: a change of answer that near to a boundary has found it."""
_OTHER = len(HEARD) - 1


class Scores:
    """What one ear made of all programmes."""

    def __init__(self) -> None:
        self.confusion = np.zeros((len(HEARD), len(ANSWERS)))
        """Seconds by what there is and what it was taken for."""
        self.singing = np.zeros(len(ANSWERS))
        """Seconds by what it was taken for."""
        self.made = {name: np.zeros(len(ANSWERS)) for name in MADE}
        """The same of what is made, where nothing else is heard."""
        self._sources: Counter[tuple[Sound, str, Sound]] = Counter()
        self._beds: Counter[tuple[float, Sound]] = Counter()
        self._boundaries: Counter[tuple[frozenset[Sound], bool]] = Counter()

    def add(self, programme: Programme, answers: Sequence[Sound]) -> None:
        """Count one programme; `answers` has one sound for each of its cells."""
        assert len(answers) == len(programme.labels), "not one answer for each half second"
        places = np.array([ANSWERS.index(Sound.OTHER if a is Sound.SILENCE else a) for a in answers])
        for number, stretch in enumerate(programme.stretches):
            cells = (programme.stretch == number) & programme.pure
            counts = SECONDS * np.bincount(places[cells], minlength=len(ANSWERS)).astype(np.float64)
            if _is_sung(stretch):
                self.singing += counts
            elif _is_made(stretch):
                if len(stretch.sources) == 1:
                    self.made[stretch.sources[0]] += counts
            else:
                self._count(stretch, counts)
        changes = (np.flatnonzero(np.diff(places)) + 1) * CELL
        for before, after in zip(programme.stretches, programme.stretches[1:], strict=False):
            if not any(_is_sung(one) or _is_made(one) for one in (before, after)):
                self._count_boundary(before, after, changes)

    def _count(self, stretch: Stretch, counts: NDArray[np.float64]) -> None:
        truth = min(CLASSES.index(stretch.sound), _OTHER)
        self.confusion[truth] += counts
        named = stretch.sources if stretch.bed_db is None else stretch.sources[-1:]
        for answer, seconds in zip(ANSWERS, counts.tolist(), strict=True):
            for source in named:
                self._sources[HEARD[truth], source, answer] += seconds / len(named)
            if stretch.bed_db is not None:
                self._beds[stretch.bed_db, answer] += seconds

    def _count_boundary(self, before: Stretch, after: Stretch, changes: NDArray[np.intp]) -> None:
        found = len(changes) > 0 and int(np.abs(changes - after.begin).min()) <= _NEAR
        sounds = frozenset(Sound.OTHER if s.sound is Sound.SILENCE else s.sound for s in (before, after))
        self._boundaries[sounds, found] += 1

    def share(self, truth: Sound, answer: Sound) -> float:
        """Of the seconds of one sound, the share that was taken for another, %."""
        row = self.confusion[HEARD.index(truth)]
        return 100 * float(row[ANSWERS.index(answer)] / max(row.sum(), SECONDS))

    def beds_found(self, levels: Sequence[float]) -> float:
        """Of the seconds of talk over music of these levels, the share that was taken for that, %."""
        there = sum(seconds for (level, _), seconds in self._beds.items() if level in levels)
        found = sum(self._beds[level, Sound.SPEECH_OVER_MUSIC] for level in levels)
        return 100 * found / max(there, SECONDS)

    def boundaries(self, one: Sound, other: Sound) -> tuple[float, int]:
        """Of the boundaries of two sounds, the share found, %, and how many there are."""
        found, missed = (self._boundaries[frozenset((one, other)), whether] for whether in (True, False))
        return 100 * found / max(found + missed, 1), found + missed

    def by_source(self, truth: Sound) -> list[tuple[str, NDArray[np.float64]]]:
        """Seconds of each answer, for each source of a sound (the music, of talk over music); the most first."""
        names = {name for sound, name, _ in self._sources if sound is truth}
        rows = [
            (name, np.array([self._sources[truth, name, answer] for answer in ANSWERS])) for name in names
        ]
        return sorted(rows, key=lambda row: -float(row[1].sum()))


def _is_sung(stretch: Stretch) -> bool:
    return any(source in _SINGING for source in stretch.sources)


def _is_made(stretch: Stretch) -> bool:
    return any(source in MADE for source in stretch.sources)
