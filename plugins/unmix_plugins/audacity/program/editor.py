"""What the bridge asks of a running Audacity; every method sends commands, which stop playback and recording."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import starmap
from pathlib import Path
from typing import Any, TypeVar, cast

from unmix_plugins.audacity.program.pipe import Pipe, PipeError
from unmix_plugins.errors import SourceError

_SECONDS = 60.0
_WORK_SECONDS = 3600.0
"""For what changes the project: an hour of audio takes seconds, and a message box waits for its reader."""
_LAST_POSITION = 100
"""SelectTracks takes no higher number; Audacity would show a dialog and wait."""
_OURS = "_Nyquist_Unmix_"
"""In the ids of our effects: type, maker and author come before the name."""
_LONE_BACKSLASH = re.compile(r'\\(?!")')
_LAST_BACKSLASH = re.compile(r'\\"(?=\s*[,}\]])')
_Item = TypeVar("_Item")


class TrackKind(StrEnum):
    """Audacity's kinds of track."""

    WAVE = "wave"
    LABEL = "label"
    NOTE = "note"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Track:
    """A track of the project in front; a stereo track is one."""

    position: int
    """From 0, counting tracks of every kind."""
    name: str
    kind: TrackKind
    start: float
    """Seconds, with six significant digits only."""
    end: float
    """As `start`."""
    channels: int
    """0 for tracks without audio."""
    is_selected: bool
    is_muted: bool

    @property
    def is_wave(self) -> bool:
        """True for tracks with audio."""
        return self.kind is TrackKind.WAVE


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip of a track with audio."""

    position: int
    """Its track's."""
    start: float
    """Seconds, with six significant digits only."""
    end: float
    """As `start`."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An item of the menus, the bar's own entries included."""

    depth: int
    """0 in the bar itself."""
    label: str
    """Without dots at its end; `----` for a dividing line."""
    command: str
    """What the pipe calls it; empty for menus and lines."""


class Editor:
    """The project in front of the Audacity at the other end of a pipe.

    Methods raise PipeError's kinds; after PipeSilent the command may still be carried out later.
    """

    def __init__(self, pipe: Pipe) -> None:
        """Speak through `pipe`."""
        self._pipe = pipe
        self._menu_ids: Mapping[str, str] = {}

    def tracks(self) -> tuple[Track, ...]:
        """Every track, from the top."""
        return self._each("Tracks", _track)

    def clips(self) -> tuple[Clip, ...]:
        """Every clip, track by track, from the earliest."""
        return self._each("Clips", _clip)

    def menu_items(self) -> tuple[MenuItem, ...]:
        """All menus from the top left, each followed by its items."""
        return self._each("Menus", _menu_item)

    def menu_ids(self) -> Mapping[str, str]:
        """The command for each menu item, by its label; ours win over others of the same name."""
        items = sorted(self.menu_items(), key=lambda item: _OURS in item.command)
        return {item.label: item.command for item in items if item.command}

    def has_effect(self, label: str) -> bool:
        """Whether the menus have this item."""
        return label in self._known_ids(label)

    def select(self, position: int, start: float, end: float, *, add: bool = False) -> None:
        """Select a track, by its position, and a time, in seconds; with `add`, besides what is selected."""
        if not 0 <= position <= _LAST_POSITION:
            raise PipeError(
                f"Audacity's script pipe reaches the first {_LAST_POSITION + 1} tracks only: move the track up."
            )
        self._pipe.command(
            f"SelectTracks: Track={position} TrackCount=1 Mode={'Add' if add else 'Set'}", patience=_SECONDS
        )
        self._pipe.command(f"SelectTime: Start={start:.12f} End={end:.12f}", patience=_SECONDS)

    def select_none(self, start: float, end: float) -> None:
        """Select a time, in seconds, and no track."""
        self._pipe.command("SelectNone:", patience=_SECONDS)
        self._pipe.command(f"SelectTime: Start={start:.12f} End={end:.12f}", patience=_SECONDS)

    def set_project_rate(self, sample_rate: float) -> None:
        """Change the project's rate, in Hz; no track's. It is no undo step."""
        self._pipe.command(f"SetProject: Rate={sample_rate:.6f}", patience=_SECONDS)

    def run(self, label: str, *, undo: bool) -> None:
        """Apply the effect with this label to the selection, as one undo step or as a part of the next one.

        Its message box keeps the pipe busy until somebody closes it.
        """
        if not undo:
            self._pipe.command(f"{_short_id(label)}:", patience=_WORK_SECONDS)
            return
        full_id = self._known_ids(label).get(label)
        if full_id is None:
            raise PipeError(
                f"Audacity's menus have no “{label}”: run `unmix audacity install` and start Audacity again."
            )
        self._pipe.command(f"{full_id}:", patience=_WORK_SECONDS)

    def import_project(self, path: Path) -> None:
        """Add the tracks of a project file as one undo step. Raises SourceError where there is no file."""
        if not path.is_file():  # Audacity would show a dialog and wait
            raise SourceError(f"{path} is not there to be imported: run the effect again.")
        if _is_altered(str(path)):
            raise SourceError(f"{path} cannot be named to Audacity: use a folder without quotes in its name.")
        self._pipe.command(f'Import2: Filename="{path}"', patience=_WORK_SECONDS)

    def undo(self) -> None:
        """Undo one step; where there is none, Audacity says so in a dialog and waits."""
        self._pipe.command("Undo:", patience=_SECONDS)

    def redo(self) -> None:
        """Redo one step; where there is none, Audacity says so in a dialog and waits."""
        self._pipe.command("Redo:", patience=_SECONDS)

    def _known_ids(self, label: str) -> Mapping[str, str]:
        if label not in self._menu_ids:
            self._menu_ids = self.menu_ids()
        return self._menu_ids

    def _each(self, kind: str, read: Callable[[int, dict[str, Any]], _Item]) -> tuple[_Item, ...]:
        lines = self._pipe.command(f"GetInfo: Type={kind} Format=JSON", patience=_SECONDS)
        text = _LONE_BACKSLASH.sub(r"\\\\", "\n".join(lines))
        # Audacity escapes quotes, and nothing else: a name that ends with a backslash looks as if it went on.
        for candidate in (text, _LAST_BACKSLASH.sub(r'\\\\"', text)):
            try:
                items = cast("list[dict[str, Any]]", json.loads(candidate, strict=False))
                return tuple(starmap(read, enumerate(items)))
            except (AttributeError, KeyError, TypeError, ValueError):
                continue
        raise PipeError(
            f"Audacity's list of its {kind.lower()} cannot be read: give the tracks simple names."
        )


def _track(position: int, track: dict[str, Any]) -> Track:
    return Track(
        position=position,
        name=str(track["name"]),
        kind=TrackKind(track["kind"]),
        start=float(track.get("start", 0.0)),
        end=float(track.get("end", 0.0)),
        channels=int(track.get("channels", 0)),
        is_selected=_is_true(track["selected"]),
        is_muted=_is_true(track.get("mute", 0)),
    )


def _clip(_: int, clip: dict[str, Any]) -> Clip:
    return Clip(int(clip["track"]), float(clip["start"]), float(clip["end"]))


def _menu_item(_: int, item: dict[str, Any]) -> MenuItem:
    return MenuItem(int(item["depth"]), str(item["label"]).removesuffix("..."), str(item.get("id", "")))


def _is_true(value: object) -> bool:
    return value in {1, "1", "true"}


def _short_id(label: str) -> str:
    """Audacity's own name for an effect, under which it leaves no undo step."""
    return "".join(word[:1].upper() + word[1:].lower() for word in label.split())


def _is_altered(path: str) -> bool:
    """Whether Audacity would read the path otherwise than it is written."""
    return not {'"', "\\"}.isdisjoint(path)
