"""What an effect tells the bridge, and what the bridge answers: the text that goes through the FIFOs.

`effects/unmix.lsp` is the other side. Times are seconds on the project's time line, with a resolution of 1 µs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from unmix_plugins.audacity.effect.lisp import Value, items, numbers, read, text

END = "END"
"""The line that ends a request, and a text that is to be shown."""

_FIELD = re.compile(r"([a-z_]+(?:\.[a-z_]+)?)=(.*)", re.DOTALL)


class BadRequest(ValueError):
    """What came through the FIFOs is no request of this version."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Project:
    """The project in front, as an effect sees it."""

    name: str
    """Empty for one that was never saved."""
    tracks: int
    """Tracks of every kind; a stereo track is one."""
    sample_rate: float
    """Hz."""
    selection: Span
    selected: tuple[int, ...]
    """Positions of the selected audio tracks, from 0."""
    audacity: tuple[int, ...] = ()
    """The program's version, such as (3, 2, 4)."""
    projects: int = 1
    """How many are open, each in its window."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What Audacity tells about all tracks together; its numbers have six significant digits."""

    clips: Mapping[int, tuple[Span, ...]]
    """By the track's position."""
    envelopes: Mapping[int, tuple[Span, ...]]
    """Clips with envelope points, by the track's position."""


@dataclass(frozen=True, slots=True)
class TrackRequest:
    """One selected track, whose samples an effect has just written to a file."""

    operation: str
    run: str
    """The same for all tracks of one click."""
    index: int
    """From 0, among the selected tracks."""
    project: Project
    name: str
    sample_rate: float
    """Hz."""
    channels: int
    frames: int
    """Of the selection, at the track's rate."""
    clips: tuple[Span, ...]
    surroundings: Surroundings | None
    """With the first track only."""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """What a dialog asked for."""

    @property
    def position(self) -> int:
        """The track's position in the project, from 0."""
        return self.project.selected[self.index]

    @property
    def is_last(self) -> bool:
        """True for the last selected track."""
        return self.index == len(self.project.selected) - 1

    def recording(self, folder: Path) -> Path:
        """The file with the samples, 32-bit float, below the bridge's `folder`."""
        return folder / "in" / f"{self.run}.{self.index + 1}.wav"


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """Somebody, or the bridge itself, asks which project is in front."""

    project: Project


@dataclass(frozen=True, slots=True)
class Imported:
    """An effect has added the tracks of this file."""

    path: str


Request = TrackRequest | StatusRequest | Imported


def parse(lines: str) -> Request:
    """Read one request, without its END. Raises BadRequest."""
    fields = _fields(lines)
    try:
        match fields["operation"]:
            case "imported":
                return Imported(text(fields["what"]))
            case "status":
                return StatusRequest(_project(fields))
            case operation:
                return _track(operation, fields)
    except (KeyError, ValueError, IndexError, TypeError, OverflowError) as error:
        raise BadRequest(f"An effect sent something that is no request ({error}).") from error


def _fields(lines: str) -> dict[str, str]:
    """A line `name=value`; what begins otherwise goes on with the value before."""
    fields: dict[str, str] = {}
    last = ""
    for line in lines.splitlines():
        if match := _FIELD.fullmatch(line):
            last = match[1]
            fields[last] = match[2]
        elif last:
            fields[last] += f"\n{line}"
    return fields


def _project(fields: Mapping[str, str]) -> Project:
    return Project(
        name=text(fields["project"]),
        tracks=int(float(fields["tracks"])),
        sample_rate=float(fields["project_rate"]),
        selection=Span(float(fields["start"]), float(fields["end"])),
        selected=tuple(int(position) - 1 for position in numbers(read(fields["selected"]))),
        projects=int(float(fields["projects"])),
        audacity=tuple(map(int, numbers(read(fields["version"])))),
    )


def _track(operation: str, fields: Mapping[str, str]) -> TrackRequest:
    request = TrackRequest(
        operation=operation,
        run=fields["run"],
        index=int(float(fields["index"])) - 1,
        project=_project(fields),
        name=text(fields["name"]),
        sample_rate=float(fields["sample_rate"]),
        channels=int(float(fields["channels"])),
        frames=int(float(fields["frames"])),
        clips=_clips(read(fields["clips"])),
        surroundings=_surroundings(fields),
        settings={
            name.removeprefix("setting."): text(value)
            for name, value in fields.items()
            if name.startswith("setting.")
        },
    )
    if not re.fullmatch(r"[0-9.]{1,40}", request.run):
        raise BadRequest("An effect sent a run without a proper name.")
    if not 0 <= request.index < len(request.project.selected):
        raise BadRequest("An effect sent a track that is not selected.")
    return request


def _clips(said: Value) -> tuple[Span, ...]:
    """`((start end) …)`, or one such list a channel; both channels of a stereo track have the same clips."""
    clips = items(said)
    if clips and items(clips[0]) and items(items(clips[0])[0]):
        return _clips(clips[0])
    return tuple(Span(start, end) for start, end, *_ in map(numbers, clips))


def _surroundings(fields: Mapping[str, str]) -> Surroundings | None:
    if "all_clips" not in fields:
        return None
    clips: dict[int, list[Span]] = {}
    for clip in _records(fields["all_clips"]):
        clips.setdefault(_number(clip["track"]), []).append(_span(clip))
    envelopes: dict[int, list[Span]] = {}
    for clip in _records(fields.get("envelopes", "()")):
        if clip.get("points"):
            envelopes.setdefault(_number(clip["track"]), []).append(_span(clip))
    return Surroundings(
        {track: tuple(spans) for track, spans in clips.items()},
        {track: tuple(spans) for track, spans in envelopes.items()},
    )


def _records(said: str) -> list[dict[str, Value]]:
    """`(((name value) …) …)`, as GetInfo writes with Format=LISP."""
    return [
        {str(pair[0]): pair[1] if len(pair) > 1 else [] for pair in map(items, items(record)) if pair}
        for record in items(read(said))
    ]


def _span(record: Mapping[str, Value]) -> Span:
    start, end = numbers([record["start"], record["end"]])
    return Span(start, end)


def _number(value: Value) -> int:
    return int(numbers([value])[0])


@dataclass(frozen=True, slots=True)
class Nothing:
    """The effect changes nothing."""

    def __str__(self) -> str:
        return "nothing\n"


@dataclass(frozen=True, slots=True)
class Samples:
    """The effect replaces the selection by this file's samples, exactly as many as it handed over."""

    path: Path

    def __str__(self) -> str:
        return f"samples {self.path}\n"


@dataclass(frozen=True, slots=True)
class Import:
    """The effect adds the tracks of this file."""

    path: Path

    def __str__(self) -> str:
        return f"import {self.path}\n"


@dataclass(frozen=True, slots=True)
class Say:
    """The effect shows this text in Audacity's own box and changes nothing, on no track of the run."""

    text: str

    def __str__(self) -> str:
        lines = [line for line in self.text.splitlines() if line != END]
        return "\n".join(["say", *lines, END, ""])


Answer = Nothing | Samples | Import | Say
