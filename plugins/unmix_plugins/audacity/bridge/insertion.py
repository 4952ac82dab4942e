"""Puts one result into the project in front, through the script pipe, if the tracks are what they were.

What is to be replaced is compared first: the effect is run again, hands over the present samples, and gets the result
only if they are those that it was computed from. So no edit made meanwhile is overwritten.
"""

import logging
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from unmix_plugins.audacity.bridge.click import Click, Handed, State, only_output
from unmix_plugins.audacity.bridge.new_tracks import write_new_tracks
from unmix_plugins.audacity.bridge.work import Result
from unmix_plugins.audacity.effect.clips import Piece, Placement, first_frame, have_envelopes
from unmix_plugins.audacity.effect.operations import FETCH, FETCH_EFFECT, STATUS_EFFECT
from unmix_plugins.audacity.effect.request import (
    Answer,
    Nothing,
    Project,
    Samples,
    Say,
    StatusRequest,
    TrackRequest,
)
from unmix_plugins.audacity.program.editor import Editor
from unmix_plugins.audacity.program.float_wave import FloatWave, cut, read_header, same_samples
from unmix_plugins.audacity.program.pipe import CommandFailed, PipeError
from unmix_plugins.errors import UnmixError

_log = logging.getLogger(__name__)

_ELSEWHERE = "The project {name} is not in front: bring it there and fetch the result."
_UNKNOWN = (
    "The project is not in front, or its tracks have changed: bring it there and fetch the result, or have it as new"
    " tracks."
)
_CHANGED = "The tracks have changed meanwhile, so nothing was put back; the result can be had as new tracks."


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a track is now, and its audio in it."""

    handed: Handed
    position: int
    placement: Placement


@dataclass(frozen=True, slots=True)
class _Part:
    """One piece of a track, and what is to be put there."""

    place: _Place
    piece: Piece
    result: Path


@dataclass(slots=True)
class _Expected:
    """A hand-over that a command causes, and how it came out."""

    operation: str
    position: int
    piece: Piece
    source: FloatWave
    """Has what should be there, from frame `offset` on."""
    offset: int
    replacement: Path | None
    """None: only to be compared."""
    matched: bool | None = None
    """None: Audacity did not ask."""

    def fits(self, request: TrackRequest, wave: FloatWave) -> bool:
        """Whether these are the frames and the samples, without envelope points, which an effect would flatten."""
        project, around = request.project, request.surroundings
        return (
            project.selected == (self.position,)
            and first_frame(request) == self.piece.first_frame
            and wave.frames == self.piece.frames
            and not (around and have_envelopes(around, project.selected, project.selection))
            and same_samples(self.source, self.offset, wave)
        )


class Insertion:
    """One thread at a time calls `put` and `show`; `answer` and `see` are called while it waits for Audacity."""

    def __init__(self, folder: Path) -> None:
        """Write what Audacity is to read below `folder`."""
        self._folder = folder
        self._expected: _Expected | None = None
        self._front: Project | None = None
        self._is_looking = False
        self._text = ""

    def answer(self, request: TrackRequest, wave: FloatWave) -> Answer | None:
        """The answer when this hand-over was caused by a command of `put`, else None.

        Who chooses the very effect while a command runs it gets nothing: which of the two asks cannot be told.
        """
        expected = self._expected
        if expected is None or request.operation != expected.operation:
            return None
        if expected.matched is not None:
            return Nothing()
        expected.matched = expected.fits(request, wave)
        return Samples(expected.replacement) if expected.matched and expected.replacement else Nothing()

    def see(self, request: StatusRequest) -> Answer | None:
        """The answer when this request was caused by `put` or `show`, else None."""
        if self._is_looking:
            self._front = request.project
            return Nothing()
        said, self._text = self._text, ""
        return Say(said) if said else None

    def show(self, editor: Editor, text: str) -> None:
        """Show `text` in Audacity's own box; returns when somebody has closed it. Raises PipeError."""
        self._text = text
        editor.run(STATUS_EFFECT, undo=True)

    def put(self, editor: Editor, click: Click, *, as_new_tracks: bool) -> tuple[State, str]:
        """Put the click's result back, and say in which state it is then, and why.

        With `as_new_tracks` it goes into the project in front, whichever that is. Raises UnmixError and OSError.
        """
        with self._looking(editor) as front:
            if not as_new_tracks and not self._is_in_front(editor, click, front):
                name = click.project.name
                return State.READY, _ELSEWHERE.format(name=name) if name else _UNKNOWN
            if as_new_tracks or not click.order.operation.is_in_place:
                editor.import_project(write_new_tracks(click, self._folder))
            elif not self._replace(editor, click):
                return State.CHANGED, _CHANGED
        return State.DONE, ""

    @contextmanager
    def _looking(self, editor: Editor) -> Generator[Project | None]:
        """The project in front; what the user had selected there is selected again in the end."""
        front = self._look(editor)
        yield front
        if front is None:
            return
        try:
            self._select(editor, front)
        except PipeError as error:
            _log.warning("What was selected in Audacity could not be selected again: %s", error)

    def _select(self, editor: Editor, front: Project) -> None:
        start, end = front.selection.start, front.selection.end
        if not front.selected:
            editor.select_none(start, end)
        for count, position in enumerate(front.selected):
            editor.select(position, start, end, add=count > 0)

    def _look(self, editor: Editor) -> Project | None:
        """Not by the tool's short name, under which it would want something to be selected."""
        self._front = None
        self._is_looking = True
        try:
            with suppress(CommandFailed):  # which is how it leaves no undo step
                editor.run(STATUS_EFFECT, undo=True)
        finally:
            self._is_looking = False
        return self._front

    def _is_in_front(self, editor: Editor, click: Click, front: Project | None) -> bool:
        """Whether the click's project is; where a name is missing, its samples tell it from others."""
        if front is None:
            return False
        if front.name and click.project.name:
            return front.name == click.project.name
        if front.projects == 1:
            return True
        return self._place(editor, click.handed[0]) is not None

    def _replace(self, editor: Editor, click: Click) -> bool:
        """Replace every piece of every track, as one undo step; False when one is not what it was."""
        places: list[_Place] = []
        for handed in click.handed:
            if handed.has_audio:
                place = self._place(editor, handed, {place.position for place in places})
                if place is None:
                    return False
                places.append(place)
        results = {handed.request.index: only_output(result) for handed, result in _pairs(click)}
        parts: list[_Part] = []
        try:
            for place in places:
                result = read_header(results[place.handed.request.index])
                for piece in place.placement:
                    parts.append(_Part(place, piece, self._file(click, f"{len(parts)}.piece")))
                    cut(result, piece.offset, piece.frames, parts[-1].result)
            return self._replace_parts(editor, click, parts)
        finally:
            for part in parts:
                part.result.unlink(missing_ok=True)

    def _place(self, editor: Editor, handed: Handed, taken: Iterable[int] = ()) -> _Place | None:
        """Where every piece of the track is what it was; None where there is no such track."""
        named = [track for track in editor.tracks() if track.is_wave and track.name == handed.request.name]
        free = {track.position for track in named} - {*taken}
        for position in sorted(free, key=lambda at: at != handed.request.position):
            for placement in handed.placements:
                place = _Place(handed, position, placement)
                if all(self._is_there(editor, place, piece) for piece in placement):
                    return place
        return None

    def _is_there(self, editor: Editor, place: _Place, piece: Piece) -> bool:
        expected = _Expected(FETCH, place.position, piece, place.handed.wave, piece.offset, None)
        return self._run(editor, FETCH_EFFECT, expected)

    def _replace_parts(self, editor: Editor, click: Click, parts: Sequence[_Part]) -> bool:
        """All but the last leave no undo step, so that the last one's takes all back."""
        replaced: list[_Part] = []
        try:
            for part in parts:
                is_last = part is parts[-1]
                operation = click.order.operation
                if not self._run(
                    editor,
                    operation.effect if is_last else FETCH_EFFECT,
                    _Expected(
                        operation if is_last else FETCH,
                        part.place.position,
                        part.piece,
                        part.place.handed.wave,
                        part.piece.offset,
                        part.result,
                    ),
                    undo=is_last,
                ):
                    break
                replaced.append(part)
        finally:
            if 0 < len(replaced) < len(parts):
                self._take_back(editor, click, replaced)
        return len(replaced) == len(parts)

    def _take_back(self, editor: Editor, click: Click, replaced: Sequence[_Part]) -> None:
        """Put back what was there. `Undo` would not do: there may be no step to undo, and it would ask."""
        original = self._file(click, "original")
        try:
            for part in replaced:
                piece = part.piece
                original.unlink(missing_ok=True)
                cut(part.place.handed.wave, piece.offset, piece.frames, original)
                now = read_header(part.result)
                expected = _Expected(FETCH, part.place.position, piece, now, 0, original)
                if not self._run(editor, FETCH_EFFECT, expected):
                    _log.error("A part of “%s” could not be taken back.", part.place.handed.request.name)
        except (UnmixError, OSError) as error:
            _log.error("What was put back in part could not be taken back: %s", error)
        finally:
            original.unlink(missing_ok=True)

    def _run(self, editor: Editor, effect: str, expected: _Expected, *, undo: bool = False) -> bool:
        piece, rate = expected.piece, expected.source.sample_rate
        with self._at_rate(editor, rate):
            editor.select(
                expected.position, piece.first_frame / rate, (piece.first_frame + piece.frames) / rate
            )
            self._expected = expected
            try:
                editor.run(effect, undo=undo)
            finally:
                self._expected = None
        return bool(expected.matched)

    @contextmanager
    def _at_rate(self, editor: Editor, sample_rate: int) -> Generator[None]:
        """Effects get whole frames of the project's rate, so it is the track's meanwhile.

        `EffectBase::DoEffect` of 3.2.4 and 3.7.5 rounds the length of the selection to them.
        """
        own = self._front.sample_rate if self._front else sample_rate
        if own == sample_rate:
            yield
            return
        editor.set_project_rate(sample_rate)
        try:
            yield
        finally:
            editor.set_project_rate(own)

    def _file(self, click: Click, what: str) -> Path:
        path = self._folder / f"{click.run}.{what}.wav"
        path.unlink(missing_ok=True)
        return path


def _pairs(click: Click) -> Iterable[tuple[Handed, Result]]:
    return zip(click.handed, click.work.wait_for_all(), strict=True)
