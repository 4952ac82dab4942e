"""What a recording holds from moment to moment, and what was done to each part of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Self

from unmix.v1 import audio_pb2
from unmix.words.times import seconds_told

_MUSIC = frozenset({"music", "speech_over_music"})
MOST_STRETCHES = 10_000
"""Enough for a day at one in nine seconds; as messages they have less than 1 MiB."""
_MOST_NAMED = 3
"""Stretches that one sentence can name; more are told by their sum."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a recording that was heard as one kind of sound. Times count from the start of what was asked for."""

    start: float
    """Seconds, inclusive."""
    end: float
    """Seconds, exclusive."""
    sound: str
    """`speech`, `music`, `speech_over_music`, `silence`, `other`, `unknown`."""
    model: str = ""
    """What it got: a model's name, several joined by `+` such as `deepfilternet3+wiener`; empty: nothing, it is as it
    was."""

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start

    @property
    def is_untouched_music(self) -> bool:
        """True where there is music, alone or under speech, and nothing was changed."""
        return self.sound in _MUSIC and not self.model

    def to_proto(self) -> audio_pb2.Stretch:
        """Its message."""
        return audio_pb2.Stretch(
            start_seconds=self.start, end_seconds=self.end, sound=self.sound, model=self.model
        )

    @classmethod
    def from_proto(cls, message: audio_pb2.Stretch) -> Self:
        """What a message describes; a sound that only a newer daemon tells apart keeps its word."""
        start, end = seconds_told(message.start_seconds), seconds_told(message.end_seconds)
        return cls(start, end, message.sound, message.model)


Timeline = tuple[Stretch, ...]
"""From start to end, without gaps; empty where nobody listened."""


def merged(timeline: Sequence[Stretch]) -> Timeline:
    """The timeline with neighbours as one that hold the same sound and got the same."""
    return _joined([list(alike) for _, alike in groupby(timeline, lambda part: (part.sound, part.model))])


def bounded(timeline: Timeline) -> Timeline:
    """The timeline in no more than `MOST_STRETCHES`: where there are more, each of several neighbours.

    Such a stretch is `unknown` unless all of it was the same sound, and has the models that any part of it got.
    """
    size = -(-len(timeline) // MOST_STRETCHES)
    if size <= 1:
        return timeline
    parts = (timeline[first : first + size] for first in range(0, len(timeline), size))
    return tuple(_coarse(part) for part in parts)


def untouched_music(timeline: Sequence[Stretch]) -> Timeline:
    """Where there is music that was left as it was, neighbours as one."""
    runs = [(kind, list(alike)) for kind, alike in groupby(timeline, lambda part: part.is_untouched_music)]
    return _joined([alike for is_untouched, alike in runs if is_untouched])


def places(stretches: Sequence[Stretch]) -> str:
    """` at 0:00–0:12 and 1:40–2:05`, or `, 125 s at 7 places,` where they are many."""
    if len(stretches) > _MOST_NAMED:
        total = sum(stretch.seconds for stretch in stretches)
        return f", {total:.0f} s at {len(stretches)} places,"
    *first, last = map(span, stretches)
    return f" at {', '.join(first)}{' and ' if first else ''}{last}"


def span(stretch: Stretch) -> str:
    """`0:12–1:03`."""
    return f"{clock(stretch.start)}–{clock(stretch.end)}"


def clock(seconds: float) -> str:
    """`0:12`, `12:05`, `1:02:03`; to the nearest second."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _coarse(part: Timeline) -> Stretch:
    sounds = {stretch.sound for stretch in part}
    models = dict.fromkeys(model for stretch in part for model in stretch.model.split("+") if model)
    sound = sounds.pop() if len(sounds) == 1 else "unknown"
    return Stretch(part[0].start, part[-1].end, sound, "+".join(models))


def _joined(runs: Sequence[Sequence[Stretch]]) -> Timeline:
    return tuple(replace(run[0], end=run[-1].end) for run in runs)
