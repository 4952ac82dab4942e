"""Answers effects: at once with the result when that is a matter of seconds, or with a promise.

While an effect waits, Audacity's window stands still. So long work is only begun here; `writing.py` puts it back.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from unmix_plugins.audacity import choices as remembered
from unmix_plugins.audacity.click import Click, State, only_stem
from unmix_plugins.audacity.float_wave import FloatWave, read_header
from unmix_plugins.audacity.new_tracks import write_new_tracks
from unmix_plugins.audacity.operations import FETCH, order
from unmix_plugins.audacity.pace import Pace
from unmix_plugins.audacity.placement import all_inside_one_clip, have_envelopes, is_inside_one_clip
from unmix_plugins.audacity.request import (
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
from unmix_plugins.audacity.shelf import Shelf
from unmix_plugins.audacity.wording import UNCHANGED, explained
from unmix_plugins.audacity.work import Work
from unmix_plugins.client import Client
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

_ENVELOPE = (
    "The selection has envelope points, which effects like this one cannot keep.\n\nApply them first with"
    " Tracks > Mix > Mix and Render, or remove them with the envelope tool." + UNCHANGED
)
_GAPS = (
    "The selection reaches beyond a clip, and such a result can only be put back through Audacity's script pipe, which"
    " does not answer.\n\nSelect inside one clip, or see what is wrong with:   unmix audacity doctor"
    + UNCHANGED
)
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


class Desk:
    """Answers one request at a time, as Audacity asks."""

    def __init__(self, folder: Path, connect: Callable[[], Client], shelf: Shelf, writer: Writer) -> None:
        """Exchange files below `folder`; late clicks go onto `shelf` and to `writer`."""
        self._folder = folder
        self._connect = connect
        self._shelf = shelf
        self._writer = writer
        self._pace = Pace()
        self._click: Click | None = None
        self._order_next: tuple[dict[str, str], Callable[[Click], object]] | None = None

    def expect(self, settings: dict[str, str], on_click: Callable[[Click], object]) -> None:
        """The next click comes from a command with these settings; tell `on_click` about it."""
        self._order_next = (settings, on_click)

    def handle(self, lines: str) -> Answer | None:
        """The answer to a request, or None when it wants none."""
        try:
            match parse(lines):
                case Imported(path):
                    self._shelf.forget(Path(path))
                    return None
                case StatusRequest() as request:
                    return self._writer.see(request)
                case request:
                    return self._track(request)
        except BadRequest as error:
            _log.warning("%s", error)
            return Say(f"{error}\n\nRun: unmix audacity install")
        except UnmixError as error:
            task = self._click.order.task if self._click else None
            self._give_up()
            return Say(explained(error, task))
        except OSError as error:
            self._give_up()
            return Say(f"Unmix cannot read or write its files ({error.strerror}).{UNCHANGED}")

    def apology(self) -> Answer:
        """What to say when `handle` itself failed."""
        self._give_up()
        return Say(f"Unmix met an error of its own; its log has the details.{UNCHANGED}")

    def _track(self, request: TrackRequest) -> Answer:
        wave = self._received(request)
        if answer := self._writer.answer(request, wave):
            wave.path.unlink(missing_ok=True)
            return answer
        if request.index == 0:
            self._give_up()
            if isinstance(begun := self._begin(request, wave), Say):
                wave.path.unlink(missing_ok=True)
                return begun
            self._click = begun
        click = self._click
        if click is not None and click.state is State.READY:
            return self._fetched(click, request, wave)
        if click is None or (click.handed and click.run != request.run):
            return Say(_LOST)
        click.take(request, wave)
        return (
            self._in_place(click, request)
            if click.order.operation.is_in_place
            else self._added(click, request)
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

    def _begin(self, request: TrackRequest, wave: FloatWave) -> Click | Say:
        if request.operation == FETCH:
            return self._shelf.find(None, request, wave) or Say(_NOTHING_TO_FETCH)
        settings, on_click = self._order_next or (dict(request.settings), None)
        self._order_next = None
        wanted, chosen = order(request.operation, settings, remembered.load(self._folder))
        if request.settings:
            remembered.save(self._folder, chosen)
        if ready := self._shelf.find(wanted, request, wave):
            return ready
        project = request.project
        around = request.surroundings
        if around and have_envelopes(around, project.selected, project.selection):
            return Say(_ENVELOPE)
        can_write = self._writer.can_write()
        inside = is_inside_one_clip(request) and (
            around is None or all_inside_one_clip(around, project.selected, project.selection)
        )
        if wanted.operation.is_in_place and not inside and not can_write:
            return Say(_GAPS)
        seconds = len(project.selected) * wave.frames / wave.sample_rate
        is_long = self._pace.expected(wanted.task, seconds) > LONG
        click = Click(
            wanted,
            project,
            Work(wanted.task, self._connect, self._folder / "out"),
            is_late=is_long or (wanted.operation.is_in_place and not inside),
        )
        if on_click:
            on_click(click)
        return click

    def _in_place(self, click: Click, request: TrackRequest) -> Answer:
        """Each track is answered for itself; a click that is late for its first is late for all."""
        if not click.is_late and not is_inside_one_clip(request):
            raise SourceError("The selection reaches beyond a clip: select inside it, or twice as far.")
        if not click.is_late:
            result = click.work.wait(request.index, ENDURANCE if request.index else PATIENCE)
            if result:
                self._pace.learn(click.order.task, result)
                if request.is_last:
                    self._close(click)
                return Samples(only_stem(result))
            if request.index:
                self._give_up()
                return Say(_SLOW)
            click.is_late = True
        return self._promise(click) if request.is_last else Nothing()

    def _added(self, click: Click, request: TrackRequest) -> Answer:
        """New tracks come all together, with the last."""
        if not request.is_last:
            return Nothing()
        if not click.is_late and click.work.wait(request.index, PATIENCE):
            return self._imported(click)
        click.is_late = True
        return self._promise(click)

    def _imported(self, click: Click) -> Answer:
        """The effect adds the tracks and says when it has."""
        path = write_new_tracks(click, self._folder / "out")
        self._shelf.put_import(click, path)
        self._click = None
        click.settle(State.DONE)
        return Import(path)

    def _promise(self, click: Click) -> Answer:
        self._shelf.put(click)
        self._click = None
        self._writer.follow(click)
        return Nothing() if self._writer.can_write() else Say(_BACKGROUND)

    def _fetched(self, click: Click, request: TrackRequest, wave: FloatWave) -> Answer:
        """The effect was chosen again for a selection whose result is there."""
        if not click.matches(request, wave):
            return Say("One of the tracks has changed since." + UNCHANGED)
        wave.path.unlink(missing_ok=True)
        if not click.order.operation.is_in_place:
            return self._imported(click) if request.is_last else Nothing()
        if not all(is_inside_one_clip(handed.request) for handed in click.handed):
            return self._promise(click) if request.is_last else Nothing()
        if request.is_last:
            self._close(click)
        return Samples(only_stem(click.work.wait_for_all()[request.index]))

    def _close(self, click: Click) -> None:
        """The click is answered; its files go as soon as Audacity has surely opened them."""
        self._click = None
        click.settle(State.DONE)
        timer = threading.Timer(_KEEP, self._shelf.remove, [click])
        timer.daemon = True
        timer.start()

    def _give_up(self) -> None:
        """The effect of the present click will not come again."""
        click, self._click = self._click, None
        if click and click.state is State.WORKING and not click.is_late:
            click.work.cancel()
            click.settle(State.FAILED, "Cancelled.")
            self._shelf.remove(click)
