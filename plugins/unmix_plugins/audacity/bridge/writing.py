"""Puts late results back once they are there and Audacity can be disturbed.

Any command of the script pipe stops playback and recording, so nothing is sent before a result is there, and never
while Audacity records.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from unmix_plugins.audacity.bridge.click import Click, State
from unmix_plugins.audacity.bridge.insertion import Insertion
from unmix_plugins.audacity.bridge.jobs import Jobs
from unmix_plugins.audacity.bridge.wording import CURES, NO_ROOM, UNCHANGED, explained
from unmix_plugins.audacity.effect.request import Answer, Say, StatusRequest, TrackRequest
from unmix_plugins.audacity.program.editor import Editor
from unmix_plugins.audacity.program.float_wave import FloatWave
from unmix_plugins.audacity.program.pipe import PipeError
from unmix_plugins.errors import Cancelled, UnmixError

_log = logging.getLogger(__name__)

_LOOK_AGAIN = 1.0
"""Seconds between two looks at whether Audacity still records."""
_FAREWELL = 5.0
"""Seconds that the bridge's end waits for a write-back that has begun."""

_UNREACHABLE = "Audacity's script pipe does not answer: choose the effect again for the same selection."
_CONFIRM = "It is ready, but whether Audacity records cannot be seen from here: fetch it when it does not."
_RECORDS = "It is ready, and waits for the recording to end."
_DISK = (
    "The result cannot be put back ({error}): make room, and choose the effect again for the same selection."
)
_AS_NEW = "\n\nIn a terminal:   unmix audacity collect --as-new-track"


class Writing:
    """Follows late clicks, each in a thread; one at a time is written back."""

    def __init__(
        self,
        folder: Path,
        jobs: Jobs,
        editor: Callable[[], Editor | None],
        is_recording: Callable[[], bool | None],
        has_room: Callable[[int], bool],
    ) -> None:
        """`editor` gives the connected Audacity, or None; `is_recording` is None where it cannot be known.

        `has_room` says whether Audacity's disk can take so many bytes.
        """
        self._jobs = jobs
        self._editor = editor
        self._is_recording = is_recording
        self._has_room = has_room
        self._insertion = Insertion(folder / "out")
        self.turn = threading.Lock()
        """Held by whoever sends Audacity commands that belong together."""

    def can_write(self) -> bool:
        """Whether Audacity's pipe answers."""
        return self._editor() is not None

    def answer(self, request: TrackRequest, wave: FloatWave) -> Answer | None:
        """The answer when this hand-over was caused by writing back."""
        return self._insertion.answer(request, wave)

    def has_room(self, click: Click) -> bool:
        """Whether Audacity's disk can take the click's results, which must be there."""
        made = [path for result in click.work.results for path in result.outputs.values()]
        return self._has_room(sum(path.stat().st_size for path in made))

    def see(self, request: StatusRequest) -> Answer:
        """Take note of the project in front, or say what there is to be said."""
        return self._insertion.see(request) or Say(_told(self._jobs))

    def follow(self, click: Click) -> None:
        """Put the click's results back when they are there."""
        click.state = State.WORKING
        click.message = ""
        click.ended.clear()
        threading.Thread(target=self._follow, args=(click,), name="unmix-writing", daemon=True).start()

    def write(self, click: Click, *, as_new_tracks: bool = False, confirmed: bool = False) -> None:
        """Put a finished result back, or say in the click's state and message why it waits.

        `confirmed`: the user asks for it, so Audacity may be disturbed. With `as_new_tracks` the result goes into the
        project in front, whichever that is.
        """
        while confirmed or self._is_quiet(click):
            with self.turn:
                if not confirmed and self._is_recording() is not False:
                    continue  # it began while others had their turn
                if not self._jobs.claim(click):
                    return
                told = self._write(click, as_new_tracks=as_new_tracks)
            if click.state is State.DONE:
                self._jobs.remove(click)
            if told and not confirmed:
                self._announce(click, told)
            return

    def close(self) -> None:
        """Let a write-back that has begun come to its end, and begin none any more."""
        self.turn.acquire(timeout=_FAREWELL)

    def _follow(self, click: Click) -> None:
        try:
            click.work.wait_for_all()
        except Cancelled as error:
            click.settle(State.FAILED, str(error))
            self._jobs.remove(click)
        except UnmixError as error:
            click.settle(State.FAILED, error.worded(CURES))
            if self._announce(click, explained(error)):
                self._jobs.remove(click)
        else:
            self.write(click)

    def _is_quiet(self, click: Click) -> bool:
        """True when Audacity can be disturbed; waits for a recording to end."""
        while recording := self._is_recording():
            click.state, click.message = State.WAITING, _RECORDS
            if click.ended.wait(_LOOK_AGAIN):
                return False
        if recording is None:
            click.settle(State.READY, _CONFIRM)
        return recording is False

    def _write(self, click: Click, *, as_new_tracks: bool) -> str:
        """Put it back if that can be, and settle the click; returns what the user should be told in Audacity."""
        told = ""
        try:
            editor = self._editor()
            if editor is None:
                click.settle(State.READY, _UNREACHABLE)
                return ""
            if not self.has_room(click):
                click.settle(State.READY, NO_ROOM)
                return NO_ROOM + UNCHANGED
            state, message = self._insertion.put(editor, click, as_new_tracks=as_new_tracks)
        except PipeError as error:
            click.settle(State.READY, str(error))
        except UnmixError as error:
            click.settle(State.READY, error.worded(CURES))
            return click.message + UNCHANGED
        except OSError as error:
            click.settle(State.READY, _DISK.format(error=error.strerror))
            return click.message + UNCHANGED
        else:
            click.settle(state, message)
            if state is State.CHANGED:
                return message + _AS_NEW
            told = click.nothing_done if state is State.DONE else ""
        return told

    def _announce(self, click: Click, text: str) -> bool:
        """Show `text` in Audacity's own box, unless that would disturb a recording."""
        with self.turn:
            editor = self._editor()
            if editor is None or self._is_recording() is not False:
                return False
            try:
                self._insertion.show(editor, f"{_title(click)}\n\n{text}")
            except PipeError as error:
                _log.warning("What became of the work could not be shown in Audacity: %s", error)
                return False
            return True


def _told(jobs: Jobs) -> str:
    """What the user sees who chooses `Unmix Status`."""
    lines = [f"{_title(click)}\n{_stands(click)}" for click in jobs.all().values()]
    return "\n\n".join(lines) or "Unmix is ready. Nothing is being worked on."


def _stands(click: Click) -> str:
    return click.message or (f"{click.work.fraction:.0%} done" if click.state is State.WORKING else "Ready")


def _title(click: Click) -> str:
    names = ", ".join(handed.request.name for handed in click.handed)
    return f"{click.order.operation.effect}: {names}"
