"""One use of an effect: the tracks that it handed over, the work on them, and where it stands."""

import threading
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from unmix.words import Summary

from unmix_plugins.audacity.bridge.wording import on_nothing_done
from unmix_plugins.audacity.bridge.work import Result, Track, Work
from unmix_plugins.audacity.effect.clips import Placement, fills, first_frame, placements
from unmix_plugins.audacity.effect.operations import Order
from unmix_plugins.audacity.effect.request import Project, TrackRequest
from unmix_plugins.audacity.program.float_wave import FloatWave, is_silent, same_samples


class State(StrEnum):
    """Where a click stands, once its effect has returned."""

    WORKING = "working"
    WAITING = "waiting"
    """The result is there; Audacity must not be disturbed yet."""
    WRITING = "writing"
    """The result is being put back at this moment."""
    READY = "ready"
    """The result is there and must be fetched."""
    CHANGED = "changed"
    """The tracks are not what they were; the result can be had as new tracks."""
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Handed:
    """A track as the effect handed it over."""

    request: TrackRequest
    wave: FloatWave
    placements: tuple[Placement, ...]
    """Where its audio may be on the time line; the likeliest first."""

    @property
    def pieces(self) -> Placement:
        """Where its audio is, most likely."""
        return self.placements[0]

    @property
    def first_frame(self) -> int:
        """Where the selection begins, in frames of the track's rate."""
        return first_frame(self.request)

    @property
    def is_inside_one_clip(self) -> bool:
        """Whether one clip fills the selection."""
        return all(fills(placement, self.wave.frames) for placement in self.placements)

    @property
    def has_audio(self) -> bool:
        """Whether any clip reaches into the selection."""
        return any(self.placements)


def handed_over(request: TrackRequest, wave: FloatWave) -> Handed:
    """A track, with what is known of its place. Raises BrokenResult and OSError where `wave` cannot be read."""
    return Handed(request, wave, placements(request, lambda frame: is_silent(wave, frame)))


@dataclass(slots=True)
class Click:
    """Changed by one thread at a time: first the one that answers, then, once it is late, its writer's."""

    order: Order
    project: Project
    work: Work
    is_late: bool = False
    """True when the effect does not wait for the result."""
    handed: list[Handed] = field(default_factory=list[Handed])
    state: State = State.WORKING
    message: str = ""
    """What the user should know about the state."""
    more_files: list[Path] = field(default_factory=list[Path])
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when nothing more will happen by itself."""

    @property
    def run(self) -> str:
        """The name that the effect gave it."""
        return self.handed[0].request.run if self.handed else ""

    @property
    def is_over(self) -> bool:
        """Nothing is to come any more."""
        return self.state in {State.FAILED, State.DONE}

    @property
    def can_be_fetched(self) -> bool:
        """The result is there, and nobody is putting it back."""
        return self.state in {State.READY, State.CHANGED}

    def take(self, handed: Handed) -> None:
        """Add a track and have it worked on."""
        self.handed.append(handed)
        seconds = handed.wave.frames / handed.wave.sample_rate
        track = Track(handed.wave.path, handed.request.name, seconds)
        self.work.add(track, last=handed.request.is_last)

    def matches(self, handed: Handed) -> bool:
        """Whether this track was handed over already, sample for sample, together with as many others."""
        index = handed.request.index
        if not index < len(self.handed) == len(handed.request.project.selected):
            return False
        mine = self.handed[index].wave
        return mine.frames == handed.wave.frames and same_samples(mine, 0, handed.wave)

    def move(self, handed: Handed) -> None:
        """The samples are the same; where they are is taken from `handed`."""
        index = handed.request.index
        self.project = handed.request.project
        self.handed[index] = replace(handed, wave=self.handed[index].wave)

    def settle(self, state: State, message: str = "") -> None:
        """Nothing more happens by itself."""
        self.state = state
        self.message = message
        self.ended.set()

    @property
    def summaries(self) -> list[Summary]:
        """What was done to each track that has its result."""
        return [result.summary for result in self.work.results]

    @property
    def nothing_done(self) -> str:
        """What to show where all that there is is music that was left; empty where anything was changed."""
        return on_nothing_done(self.summaries) if self.order.operation.is_in_place else ""

    def files(self) -> list[Path]:
        """Every file that belongs to it, for the time when it is done."""
        made = [path for result in self.work.results for path in result.outputs.values()]
        return [*(handed.wave.path for handed in self.handed), *made, *self.more_files]


def only_output(result: Result) -> Path:
    """The file of a result that has one output."""
    (path,) = result.outputs.values()
    return path
