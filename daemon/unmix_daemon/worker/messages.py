"""What the front and a worker say to each other: one JSON object a line, over the worker's stdin and stdout.

A `ticket` names one run of a job, or one request, and comes back with every answer to it.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias, cast

from unmix.words import Facts, Options, OutputStarted, Progress, Task

from unmix_daemon import records
from unmix_daemon.reports import Done, Resident

LINE_LIMIT = 1 << 22
"""Bytes of a line. What is said is bounded far below; a line beyond it would end a worker and all its jobs."""


class LineTooLong(ValueError):
    """A message would not fit into a line."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Front: the worker's first line."""

    device: str
    weights_folder: str
    memory_budget: int
    """Bytes that resident models may hold."""
    threads: int
    """0: all cores."""
    batch: int
    """Most segments to compute together."""
    precision: str = "auto"
    """`auto`, `float32`, `bfloat16`, `float16`."""


@dataclass(frozen=True, slots=True)
class Run:
    """Front: work on a job. Higher priority runs first, also when it comes later."""

    ticket: str
    task: Task
    options: Options
    input: str
    """Path of the uploaded file."""
    outputs: str
    """Folder for the results; does not exist yet."""
    keep_alive: float
    """Seconds; negative: for ever."""
    device_reason: str
    durable: bool
    """Results must survive a power cut once they are reported finished."""
    longest: float = 0.0
    """Most seconds of sound; 0: no limit."""
    reserve: int = 0
    """Bytes that results leave free on their disk."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Front: stop a job at the next segment border; Failed with reason CANCELLED answers."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Load:
    """Front: make a model resident; Loaded or Failed answers"""

    ticket: str
    model: str
    keep_alive: float
    required: bool = False
    """The device was asked for by name."""


@dataclass(frozen=True, slots=True)
class Unload:
    """Front: free a model now, or when its job ends; Loaded answers."""

    ticket: str
    model: str


@dataclass(frozen=True, slots=True)
class Grew:
    """Worker: an output file has begun or grown; see `reports.Growth`."""

    ticket: str
    output: OutputStarted
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Advanced:
    """Worker: how far a job is."""

    ticket: str
    progress: Progress


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Worker: a job has succeeded."""

    ticket: str
    done: Done


@dataclass(frozen=True, slots=True)
class Failed:
    """Worker: a job or request ended with an error, and its files are gone."""

    ticket: str
    reason: str
    message: str
    facts: Facts = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Loaded:
    """Worker: answers Load and Unload."""

    ticket: str
    load_seconds: float


@dataclass(frozen=True, slots=True)
class Residents:
    """Worker: what is loaded now; sent on every change."""

    models: tuple[Resident, ...] = field(default_factory=tuple[Resident, ...])


@dataclass(frozen=True, slots=True)
class Beat:
    """Worker: it lives; sent every second while there is work."""

    steps: int
    """How many it has made, of whatever length: blocks, segments, the loading of a model."""
    at_work: tuple[str, ...] = ()
    """The tickets that the present step is for; several share a batch."""
    longest: float = 0.0
    """Seconds of the longest step so far."""


Command: TypeAlias = Begin | Run | Cancel | Load | Unload
Report: TypeAlias = Grew | Advanced | Succeeded | Failed | Loaded | Residents | Beat

_KINDS = {
    kind.__name__: kind
    for kind in (Begin, Run, Cancel, Load, Unload, Grew, Advanced, Succeeded, Failed, Loaded, Residents, Beat)
}


def encode(message: Command | Report) -> bytes:
    """One line. Raises LineTooLong."""
    fields = {"kind": type(message).__name__, **asdict(message)}
    line = json.dumps(fields, ensure_ascii=True).encode("ascii") + b"\n"
    if len(line) > LINE_LIMIT:
        raise LineTooLong(f"{type(message).__name__} would be a line of {len(line)} bytes")
    return line


def decode(line: bytes) -> Any:
    """The inverse: a Command in a worker, a Report in the front. Raises ValueError when the line is neither."""
    fields: Any = json.loads(line)
    name: Any = cast("dict[str, Any]", fields).pop("kind", None) if isinstance(fields, dict) else None
    if not isinstance(name, str) or name not in _KINDS:
        raise ValueError(f"no such message: {line[:80]!r}")
    return records.build(_KINDS[name], fields)
