"""Puts late results back through the script pipe, once Audacity can be disturbed and the tracks are what they were.

Any command stops playback and recording, so nothing is sent before a result is there, and never while Audacity
records. What is to be replaced is compared first: the effect is run again, hands over the present samples, and gets the
result only if they are those that it was computed from. So no edit made meanwhile is overwritten.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from unmix_plugins.audacity.click import Click, Handed, State, only_stem
from unmix_plugins.audacity.editor import Editor
from unmix_plugins.audacity.float_wave import FloatWave, cut, read_header, same_samples
from unmix_plugins.audacity.new_tracks import write_new_tracks
from unmix_plugins.audacity.operations import FETCH_EFFECT, STATUS_EFFECT
from unmix_plugins.audacity.placement import Piece
from unmix_plugins.audacity.request import Answer, Nothing, Project, Samples, Say, StatusRequest, TrackRequest
from unmix_plugins.audacity.shelf import Shelf
from unmix_plugins.audacity.wording import explained
from unmix_plugins.errors import Cancelled, OutputError, UnmixError

_log = logging.getLogger(__name__)

_LOOK_AGAIN = 1.0
"""Seconds between two looks at whether Audacity still records."""

_UNREACHABLE = "Audacity's script pipe does not answer: choose the effect again for the same selection."
_ELSEWHERE = "The project {name} is not in front: bring it there and fetch the result."
_CHANGED = "The tracks have changed meanwhile, so nothing was put back; the result can be had as new tracks."
_CONFIRM = "It is ready, but whether Audacity records cannot be seen from here: fetch it when it does not."
_RECORDS = "It is ready, and waits for the recording to end."


@dataclass(slots=True)
class _Expected:
    """A hand-over that writing back has caused, and how it came out."""

    handed: Handed
    piece: Piece
    position: int
    replacement: Path | None
    """None: only to be compared."""
    matched: bool | None = None
    """None: Audacity did not ask."""


class Writing:
    """Follows late clicks, each in a thread; one at a time is written back."""

    def __init__(
        self,
        folder: Path,
        shelf: Shelf,
        editor: Callable[[], Editor | None],
        is_recording: Callable[[], bool | None],
    ) -> None:
        """`editor` gives the connected Audacity, or None; `is_recording` is None where it cannot be known."""
        self._folder = folder
        self._shelf = shelf
        self._editor = editor
        self._is_recording = is_recording
        self._turn = threading.Lock()
        self._expected: _Expected | None = None
        self._front: Project | None = None
        self._announcement = ""

    def can_write(self) -> bool:
        """Whether Audacity's pipe answers."""
        return self._editor() is not None

    def follow(self, click: Click) -> None:
        """Put the click's results back when they are there."""
        click.state = State.WORKING
        click.ended.clear()
        threading.Thread(target=self._follow, args=(click,), name="unmix-writing", daemon=True).start()

    def answer(self, request: TrackRequest, wave: FloatWave) -> Answer | None:
        """The answer when this hand-over was caused by writing back."""
        expected = self._expected
        if expected is None or len(request.project.selected) != 1 or request.position != expected.position:
            return None
        piece = expected.piece
        expected.matched = wave.frames == piece.frames and same_samples(
            expected.handed.wave, piece.offset, wave
        )
        return Samples(expected.replacement) if expected.matched and expected.replacement else Nothing()

    def see(self, request: StatusRequest) -> Answer:
        """Take note of the project in front; say what is to be said."""
        self._front = request.project
        said, self._announcement = self._announcement, ""
        return Say(said) if said else Nothing()

    def _follow(self, click: Click) -> None:
        try:
            click.work.wait_for_all()
            self.write(click)
        except Cancelled as error:
            click.settle(State.FAILED, str(error))
            self._shelf.remove(click)
        except UnmixError as error:
            self._fail(click, error)
        except OSError as error:
            self._fail(click, OutputError(f"The result cannot be written ({error.strerror})."))

    def _fail(self, click: Click, error: UnmixError) -> None:
        """Tell the user once: in Audacity, or where that cannot be, in the list of jobs."""
        click.settle(State.FAILED, str(error))
        if self._announce(click, explained(error, click.order.task)):
            self._shelf.remove(click)

    def write(self, click: Click, *, as_new_tracks: bool = False, confirmed: bool = False) -> None:
        """Put a finished result back, or say in the click's state why it waits.

        `confirmed`: the user says that Audacity may be disturbed. Raises UnmixError and OSError.
        """
        if not confirmed and not self._is_quiet(click):
            return
        with self._turn:
            editor = self._editor()
            if editor is None:
                click.settle(State.READY, _UNREACHABLE)
                return
            front = self._look(editor)
            if front is None or front.name != click.project.name:
                click.settle(State.READY, _ELSEWHERE.format(name=click.project.name or "(not saved)"))
                return
            if as_new_tracks or not click.order.operation.is_in_place:
                editor.import_project(write_new_tracks(click, self._folder / "out"))
                done = True
            else:
                done = self._replace(editor, click)
                self._restore(editor, front)
        if done:
            click.settle(State.DONE)
            self._shelf.remove(click)
        else:
            click.settle(State.CHANGED, _CHANGED)
            self._announce(click, f"{_CHANGED}\n\nIn a terminal:   unmix audacity collect --as-new-track")

    def _is_quiet(self, click: Click) -> bool:
        """True when Audacity can be disturbed; waits for a recording to end."""
        click.state = State.WAITING
        while recording := self._is_recording():
            click.message = _RECORDS
            if click.ended.wait(_LOOK_AGAIN):
                return False
        if recording is None:
            click.settle(State.READY, _CONFIRM)
        click.message = click.message if recording is None else ""
        return recording is False

    def _look(self, editor: Editor) -> Project | None:
        self._front = None
        editor.run(STATUS_EFFECT, undo=False)
        return self._front

    def _restore(self, editor: Editor, front: Project) -> None:
        """Select again what the user had selected."""
        for count, position in enumerate(front.selected):
            editor.select(position, front.selection.start, front.selection.end, add=count > 0)

    def _replace(self, editor: Editor, click: Click) -> bool:
        """Replace every piece of every track, as one undo step; False when one is not what it was."""
        parts: list[tuple[Handed, Piece, Path]] = []
        try:
            for handed, result in zip(click.handed, click.work.wait_for_all(), strict=True):
                source = read_header(only_stem(result))
                for piece in handed.pieces:
                    path = self._folder / "out" / f"{handed.request.run}.{len(parts)}.piece.wav"
                    path.unlink(missing_ok=True)
                    cut(source, piece.offset, piece.frames, path)
                    parts.append((handed, piece, path))
            return self._replace_parts(editor, click, parts)
        finally:
            for _, _, path in parts:
                path.unlink(missing_ok=True)

    def _replace_parts(self, editor: Editor, click: Click, parts: list[tuple[Handed, Piece, Path]]) -> bool:
        positions: dict[int, int] = {}
        for handed, piece, _ in parts:
            candidates = self._candidates(editor, handed, positions)
            found = next(
                (
                    at
                    for at in candidates
                    if self._run(editor, FETCH_EFFECT, _Expected(handed, piece, at, None))
                ),
                None,
            )
            if found is None:
                return False
            positions[handed.request.index] = found
        for count, (handed, piece, path) in enumerate(parts, 1):
            expected = _Expected(handed, piece, positions[handed.request.index], path)
            is_last = count == len(parts)
            effect = click.order.operation.effect if is_last else FETCH_EFFECT
            if not self._run(editor, effect, expected, undo=is_last):
                if count > 1:  # takes back what has no undo step yet, and returns to where the user was
                    editor.undo()
                    editor.redo()
                return False
        return True

    def _candidates(self, editor: Editor, handed: Handed, positions: dict[int, int]) -> Iterable[int]:
        """Where the track may be now: where it was, or where another of its name is."""
        if handed.request.index in positions:
            return (positions[handed.request.index],)
        named = [
            track.position
            for track in editor.tracks()
            if track.is_wave
            and track.name == handed.request.name
            and track.position not in positions.values()
        ]
        return sorted(named, key=lambda position: position != handed.request.position)

    def _run(self, editor: Editor, effect: str, expected: _Expected, *, undo: bool = False) -> bool:
        piece, rate = expected.piece, expected.handed.request.sample_rate
        editor.select(expected.position, piece.first_frame / rate, (piece.first_frame + piece.frames) / rate)
        self._expected = expected
        try:
            editor.run(effect, undo=undo)
        finally:
            self._expected = None
        return bool(expected.matched)

    def _announce(self, click: Click, text: str) -> bool:
        """Show `text` in Audacity's own box, unless that would disturb a recording."""
        with self._turn:
            editor = self._editor()
            if editor is None or self._is_recording() is not False:
                return False
            names = ", ".join(handed.request.name for handed in click.handed)
            self._announcement = f"{click.order.operation.effect}: {names}\n\n{text}"
            try:
                editor.run(STATUS_EFFECT, undo=False)
            except UnmixError as error:
                _log.warning("What became of the work could not be shown in Audacity: %s", error)
                return False
            return True
