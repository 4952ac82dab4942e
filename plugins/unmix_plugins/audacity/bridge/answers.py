"""Answers effects: at once with the result when that is a matter of seconds, or with a promise.

While an effect waits, Audacity's window stands still. So long work is only begun here; `writing.py` puts it back.
"""

import logging
import os
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from unmix_plugins.audacity.bridge.click import Click, Handed, State, handed_over, only_output
from unmix_plugins.audacity.bridge.jobs import Jobs
from unmix_plugins.audacity.bridge.new_tracks import write_new_tracks
from unmix_plugins.audacity.bridge.wording import ENVELOPE, GAPS, NARROW, NO_ROOM, UNCHANGED, explained
from unmix_plugins.audacity.bridge.work import Daemon, Pace, Work
from unmix_plugins.audacity.effect import choices as remembered
from unmix_plugins.audacity.effect.clips import all_inside_one_clip, has_narrow_gap, have_envelopes
from unmix_plugins.audacity.effect.operations import FETCH, Operation, Order, order
from unmix_plugins.audacity.effect.request import (
    Answer,
    BadRequest,
    Import,
    Imported,
    Nothing,
    Samples,
    Say,
    StatusRequest,
    TrackRequest,
    parse,
)
from unmix_plugins.audacity.program.float_wave import FloatWave, read_header
from unmix_plugins.errors import SourceError, UnmixError

_log = logging.getLogger(__name__)

LONG = 4.0
"""Seconds; what is expected to take longer is not waited for."""
PATIENCE = 8.0
"""Seconds that the window may stand still for what took longer than expected."""
ENDURANCE = 60.0
"""The same once a track of the click has its result: now the others must follow, or all be given back."""
_KEEP = 30.0
"""Seconds after which the files of an answered click go; Audacity opens them within milliseconds."""

_EMPTY = "There is no audio in the selection." + UNCHANGED
_SLOW = "This took too long, so it was given up." + UNCHANGED
_BACKGROUND = (
    "Unmix works on this in the background; the project can be edited meanwhile.\n\nWhen it is ready, choose the same"
    " effect for the same selection again: the result is put in at once."
)
_NOTHING_TO_FETCH = (
    "No finished result belongs to exactly this selection.\n\nWhat there is shows:   unmix audacity status"
    + UNCHANGED
)
_OTHERS = "One of the tracks has changed since." + UNCHANGED
_UNDER_WAY = (
    "Unmix already works on exactly this.\n\nHow far it is shows:   unmix audacity status" + UNCHANGED
)
_LOST = "Unmix was started anew while this effect ran. Choose it again." + UNCHANGED


class Writer(Protocol):
    """Who puts results back later; `writing.Writing` is one."""

    def answer(self, request: TrackRequest, wave: FloatWave) -> Answer | None:
        """The answer when this hand-over was caused by writing back."""
        ...

    def see(self, request: StatusRequest) -> Answer:
        """Take note of the project in front."""
        ...

    def follow(self, click: Click) -> None:
        """Put the click's results back when they are there."""
        ...

    def can_write(self) -> bool:
        """Whether Audacity's pipe answers."""
        ...

    def has_room(self, click: Click) -> bool:
        """Whether Audacity's disk can take the click's results."""
        ...


@dataclass(frozen=True, slots=True)
class _Command:
    """What a command wants of the click that it causes."""

    operation: Operation
    settings: Mapping[str, str]
    on_click: Callable[[Click], object]


class Answers:
    """Answers one request at a time, as Audacity asks."""

    def __init__(self, folder: Path, connect: Callable[[], Daemon], jobs: Jobs, writer: Writer) -> None:
        """Exchange files below `folder`; late clicks go to `jobs` and to `writer`."""
        self._folder = folder
        self._connect = connect
        self._jobs = jobs
        self._writer = writer
        self._pace = Pace()
        self._click: Click | None = None
        self._command: _Command | None = None
        self._out: int | None = None

    @contextmanager
    def expecting(
        self, operation: Operation, settings: Mapping[str, str], on_click: Callable[[Click], object]
    ) -> Generator[None]:
        """Within this, a click for `operation` comes from a command: it has these settings, and `on_click` gets it."""
        self._command = _Command(operation, settings, on_click)
        try:
            yield
        finally:
            self._command = None

    def handle(self, lines: str) -> Answer | None:
        """The answer to a request, or None when it wants none."""
        try:
            request = parse(lines)
        except BadRequest as error:
            _log.warning("%s", error)
            return Say(f"{error}\n\nRun: unmix audacity install")
        match request:
            case Imported(path):
                self._jobs.forget(Path(path))
                return None
            case StatusRequest():
                return self._writer.see(request)
            case TrackRequest():
                return self._answered(request)

    def apology(self) -> Answer:
        """What to say when `handle` itself failed."""
        self._give_up()
        return Say(f"Unmix met an error of its own; its log has the details.{UNCHANGED}")

    def _answered(self, request: TrackRequest) -> Answer:
        try:
            return self._track(request)
        except UnmixError as error:
            text = explained(error)
        except OSError as error:
            text = f"Unmix cannot read or write its files ({error.strerror}).{UNCHANGED}"
        return self._refuse(request, text)

    def _refuse(self, request: TrackRequest, text: str) -> Say:
        """The effect shows `text`, and gives all tracks of its run back."""
        self._give_up()
        request.recording(self._folder).unlink(missing_ok=True)
        return Say(text)

    def _track(self, request: TrackRequest) -> Answer:
        wave = self._received(request)
        if answer := self._writer.answer(request, wave):
            wave.path.unlink(missing_ok=True)
            return answer
        handed = handed_over(request, wave)
        if request.index == 0:
            self._give_up()
            begun = self._begin(handed)
            if isinstance(begun, str):
                return self._refuse(request, begun)
            self._click = begun
        click = self._click
        if click is None or (request.index and click.run != request.run):
            return self._refuse(request, _LOST)
        if click.order.operation.is_in_place and has_narrow_gap(request):
            raise SourceError(NARROW)
        if click.state is State.WRITING:
            return self._fetched(click, handed)
        click.take(handed)
        if request.is_last and not any(track.has_audio for track in click.handed):
            return self._refuse(request, _EMPTY)
        return (
            self._in_place(click, handed) if click.order.operation.is_in_place else self._added(click, handed)
        )

    def _received(self, request: TrackRequest) -> FloatWave:
        """The samples, when they are what the effect said. Raises SourceError."""
        wave = read_header(request.recording(self._folder))
        if (wave.frames, wave.channels) != (request.frames, request.channels):
            raise SourceError(
                f"Audacity handed over {wave.frames} of {request.frames} samples: is the disk full, or the selection"
                " longer than 4 GB?"
            )
        return wave

    def _begin(self, handed: Handed) -> Click | str:
        """The click that this first track begins, or why there is none."""
        request = handed.request
        if request.operation == FETCH:
            found = self._jobs.find(handed, None)
            return self._claimed(found, handed) if found else _NOTHING_TO_FETCH
        command = self._command
        if command and command.operation != request.operation:
            command = None
        settings = command.settings if command else request.settings
        wanted, chosen = order(request.operation, settings, remembered.load(self._folder))
        if request.settings:
            remembered.save(self._folder, chosen)
        if found := self._jobs.find(handed, wanted):
            begun = self._claimed(found, handed)
        else:
            begun = self._new(wanted, handed)
        if command and isinstance(begun, Click):
            command.on_click(begun)
        return begun

    def _new(self, wanted: Order, handed: Handed) -> Click | str:
        request, wave = handed.request, handed.wave
        project, around = request.project, request.surroundings
        if around and have_envelopes(around, project.selected, project.selection):
            return ENVELOPE
        is_late = wanted.operation.is_in_place and not self._is_inside_one_clip(handed)
        if is_late and not self._writer.can_write():
            return GAPS
        seconds = len(project.selected) * wave.frames / wave.sample_rate
        is_long = self._pace.expected(wanted.task, seconds) > LONG
        work = Work(wanted.task, self._connect, self._folder / "out")
        return Click(wanted, project, work, is_late=is_late or is_long)

    def _claimed(self, click: Click, handed: Handed) -> Click | str:
        """A click that is among the jobs, to be fetched."""
        if not (click.can_be_fetched and self._jobs.claim(click)):
            return _UNDER_WAY
        click.ended.clear()
        click.is_late = click.order.operation.is_in_place and not self._is_inside_one_clip(handed)
        return click

    def _is_inside_one_clip(self, first: Handed) -> bool:
        """Whether the effect can return the samples itself, on this and the other selected tracks.

        What is not sure of the others is done late, and risked only where nothing can be done late.
        """
        project, around = first.request.project, first.request.surroundings
        return first.is_inside_one_clip and (
            around is None
            or all_inside_one_clip(
                around, project.selected[1:], project.selection, surely=self._writer.can_write()
            )
        )

    def _in_place(self, click: Click, handed: Handed) -> Answer:
        """Each track is answered for itself; a click that is late for its first is late for all."""
        request = handed.request
        if not click.is_late:
            if not handed.is_inside_one_clip:
                return self._refuse(request, GAPS)
            result = click.work.wait(request.index, ENDURANCE if request.index else PATIENCE)
            if result:
                self._pace.learn(click.order.task, result)
                if not self._writer.has_room(click):
                    return self._refuse(request, NO_ROOM + UNCHANGED)
                if request.is_last:
                    self._close(click)
                is_alone = request.is_last and request.index == 0 and self._command is None
                left = click.nothing_done if is_alone else ""
                return Say(left) if left else Samples(only_output(result))
            if request.index:
                return self._refuse(request, _SLOW)
            click.is_late = True
        return self._promised(click) if request.is_last else Nothing()

    def _added(self, click: Click, handed: Handed) -> Answer:
        """New tracks come all together, with the last."""
        if not handed.request.is_last:
            return Nothing()
        if not click.is_late and click.work.wait(handed.request.index, PATIENCE):
            return self._imported(click, handed.request)
        click.is_late = True
        return self._promised(click)

    def _imported(self, click: Click, request: TrackRequest) -> Answer:
        """The effect adds the tracks and says when it has."""
        if not self._writer.has_room(click):
            return self._refuse(request, NO_ROOM + UNCHANGED)
        path = self._in_plain_letters(write_new_tracks(click, self._folder / "out"))
        self._jobs.put_import(click, path)
        self._click = None
        click.settle(State.DONE)
        return Import(path)

    def _in_plain_letters(self, path: Path) -> Path:
        """The same file: Audacity reads commands of effects in the locale of C, where it cannot name others."""
        if str(path).isascii():
            return path
        if self._out is None:
            self._out = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        return Path(f"/proc/{os.getpid()}/fd/{self._out}/{path.name}")

    def _promised(self, click: Click) -> Answer:
        """The effect's part ends here, after its last track; the writer goes on."""
        self._jobs.put(click)
        self._click = None
        self._writer.follow(click)
        return Nothing() if self._writer.can_write() else Say(_BACKGROUND)

    def _fetched(self, click: Click, handed: Handed) -> Answer:
        """The effect was chosen again for a selection whose result is there."""
        request = handed.request
        if not click.matches(handed):
            return self._refuse(request, _OTHERS)
        handed.wave.path.unlink(missing_ok=True)
        click.move(handed)
        if not click.order.operation.is_in_place:
            return self._imported(click, request) if request.is_last else Nothing()
        if click.is_late:
            return self._promised(click) if request.is_last else Nothing()
        if not handed.is_inside_one_clip:
            return self._refuse(request, GAPS)
        if not self._writer.has_room(click):
            return self._refuse(request, NO_ROOM + UNCHANGED)
        if request.is_last:
            self._close(click)
        return Samples(only_output(click.work.wait_for_all()[request.index]))

    def _close(self, click: Click) -> None:
        """The click is answered; its files go as soon as Audacity has surely opened them."""
        self._click = None
        click.settle(State.DONE)
        timer = threading.Timer(_KEEP, self._jobs.remove, [click])
        timer.daemon = True
        timer.start()

    def _give_up(self) -> None:
        """The effect of the present click will not come again."""
        click, self._click = self._click, None
        if click is None:
            return
        if click.state is State.WRITING:  # it was to be fetched, and can be still
            click.settle(State.READY)
            return
        click.work.cancel()
        click.settle(State.FAILED, "Cancelled.")
        self._jobs.remove(click)
