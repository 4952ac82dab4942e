"""What scenes are mixed from: the material by talker, album and place."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from training.listening.material import Clips, load
from training.listening.sources import Kind, Split

_MUCH_SECONDS = 900.0
"""Of one source; more does not make it count more."""
_SINGING = 0.5
"""How much voices alone count among music: some singing is nothing but speech to this ear."""
_RINGING = 4.0
"""How much more ring tones count: few seconds, many kinds, and easily taken for beeps."""
_FACTORS = {Kind.SINGING: _SINGING, Kind.RINGTONE: _RINGING}
_ENGINES = 2.0
"""How much more a source of engines counts; they are easily taken for music."""
_APART = 5
"""One source of so many is kept apart for validation."""


@dataclass(frozen=True, slots=True)
class Group:
    """Sources among which one is drawn by chance, the larger ones somewhat more often."""

    sources: tuple[Clips, ...]

    def draw(self, random: np.random.Generator) -> Clips:
        """Return one."""
        weights = np.array([_weight(source) for source in self.sources])
        return self.sources[random.choice(len(weights), p=weights / weights.sum())]

    @property
    def names(self) -> list[str]:
        """Of all, in order."""
        return sorted(clips.source.name for clips in self.sources)


@dataclass(frozen=True, slots=True)
class Pool:
    """All that there is."""

    speech: Group
    music: Group
    noise: Group


def pool(split: Split) -> Pool:
    """Return a split of the material."""
    return _pool(load(split))


def held_out(split: Split) -> tuple[Pool, Pool]:
    """Return most of a split, and the sources that are kept apart."""
    most: list[Clips] = []
    apart: list[Clips] = []
    for kind in Kind:
        sources = sorted((clips for clips in load(split) if clips.source.kind is kind), key=_name)
        if kind in (Kind.SPEECH, Kind.MUSIC):
            apart += sources[2::_APART]
            most += [clips for number, clips in enumerate(sources) if number % _APART != 2]
        elif kind is Kind.NOISE:
            apart += sources[:1]
            most += sources[1:]
        else:
            most += sources
    return _pool(most), _pool(apart)


def _pool(sources: Iterable[Clips]) -> Pool:
    groups: dict[Kind, list[Clips]] = {kind: [] for kind in Kind}
    for clips in sources:
        groups[clips.source.kind].append(clips)
    music = groups[Kind.MUSIC] + groups[Kind.SINGING] + groups[Kind.RINGTONE]
    return Pool(Group(tuple(groups[Kind.SPEECH])), Group(tuple(music)), Group(tuple(groups[Kind.NOISE])))


def _name(clips: Clips) -> str:
    return clips.source.name


def _weight(clips: Clips) -> float:
    factor = _ENGINES if clips.source.name == "engines" else _FACTORS.get(clips.source.kind, 1.0)
    return factor * min(clips.seconds, _MUCH_SECONDS) ** 0.5
