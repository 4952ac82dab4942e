"""One use of an effect: the tracks that it handed over, the work on them, and where it stands."""

import threading
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from unmix_plugins.audacity.float_wave import FloatWave, same_samples
from unmix_plugins.audacity.operations import Order
from unmix_plugins.audacity.placement import Piece, first_frame, pieces
from unmix_plugins.audacity.request import Project, TrackRequest
from unmix_plugins.audacity.work import Result, Track, Work


class State(StrEnum):
    """Where a click stands, once its effect has returned."""

    WORKING = "working"
    WAITING = "waiting"
    """The result is there; Audacity must not be disturbed yet."""
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
    pieces: tuple[Piece, ...]

    @property
    def first_frame(self) -> int:
        """Where the selection begins, in frames of the track's rate."""
        return first_frame(self.request)


@dataclass(slots=True)
class Click:
    """Changed by one thread at a time: first the desk's, then, once it is late, its writer's."""

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

    def take(self, request: TrackRequest, wave: FloatWave) -> Handed:
        """Add a track and have it worked on."""
        handed = Handed(request, wave, pieces(request))
        self.handed.append(handed)
        seconds = wave.frames / wave.sample_rate
        self.work.add(Track(wave.path, request.name, seconds), last=request.is_last)
        return handed

    def matches(self, request: TrackRequest, wave: FloatWave) -> bool:
        """Whether this track was handed over already, sample for sample."""
        if request.index >= len(self.handed):
            return False
        mine = self.handed[request.index]
        return mine.wave.frames == wave.frames and same_samples(mine.wave, 0, wave)

    def settle(self, state: State, message: str = "") -> None:
        """Nothing more happens by itself."""
        self.state = state
        self.message = message
        self.ended.set()

    def files(self) -> list[Path]:
        """Every file that belongs to it, for the time when it is done."""
        made = [path for result in self.work.results for path in result.stems.values()]
        return [*(handed.wave.path for handed in self.handed), *made, *self.more_files]


def only_stem(result: Result) -> Path:
    """The file of a result that has one stem."""
    (path,) = result.stems.values()
    return path
