"""What the front and a worker say to each other: one JSON object a line, over the worker's stdin and stdout.

A `ticket` names one run of a job, or one request, and comes back with every answer to it.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias, cast

from .. import records
from ..jobs import Options, OutputSummary, Summary, Task


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


@dataclass(frozen=True, slots=True)
class Unload:
    """Front: free a model now, or when its job ends; Loaded answers."""

    ticket: str
    model: str


@dataclass(frozen=True, slots=True)
class Grew:
    """Worker: an output file has begun or grown."""

    ticket: str
    stem: str
    path: str
    format: str
    extension: str
    sample_rate: int
    channels: int
    size: int
    """Bytes from the start that are there and will not change, but for `Done.rewritten`."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """Worker: how far a job is."""

    ticket: str
    stage: str
    fraction: float
    remaining_seconds: float | None


@dataclass(frozen=True, slots=True)
class Done:
    """Worker: a job is finished and its files are closed."""

    ticket: str
    model: str
    model_reason: str
    device: str
    device_reason: str
    precision: str
    quality: str
    frames: int
    sample_rate: int
    channels: int
    load_seconds: float
    processing_seconds: float
    outputs: tuple[OutputSummary, ...]
    rewritten: dict[str, list[tuple[int, int]]]
    """For each stem the byte ranges (offset, length) that changed after they had been reported in Grew."""
    notes: tuple[str, ...] = ()

    def summary(self, queued_seconds: float) -> Summary:
        """What the job's owner is told."""
        return Summary(
            model=self.model,
            model_reason=self.model_reason,
            device=self.device,
            device_reason=self.device_reason,
            precision=self.precision,
            quality=self.quality,
            frames=self.frames,
            sample_rate=self.sample_rate,
            channels=self.channels,
            load_seconds=self.load_seconds,
            processing_seconds=self.processing_seconds,
            queued_seconds=queued_seconds,
            outputs=self.outputs,
            notes=self.notes,
        )


@dataclass(frozen=True, slots=True)
class Failed:
    """Worker: a job or request ended with an error, and its files are gone."""

    ticket: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Worker: answers Load and Unload."""

    ticket: str
    load_seconds: float


@dataclass(frozen=True, slots=True)
class Resident:
    """A model in the worker's memory."""

    model: str
    memory_bytes: int
    expires: float | None
    """Seconds since the epoch; None: not by time."""
    busy: bool


@dataclass(frozen=True, slots=True)
class Residents:
    """Worker: what is loaded now; sent on every change."""

    models: tuple[Resident, ...] = field(default_factory=tuple[Resident, ...])


Command: TypeAlias = Begin | Run | Cancel | Load | Unload
Report: TypeAlias = Grew | Advanced | Done | Failed | Loaded | Residents

_KINDS = {
    kind.__name__: kind
    for kind in (Begin, Run, Cancel, Load, Unload, Grew, Advanced, Done, Failed, Loaded, Residents)
}


def encode(message: Command | Report) -> bytes:
    """One line."""
    fields = {"kind": type(message).__name__, **asdict(message)}
    return json.dumps(fields, ensure_ascii=True).encode("ascii") + b"\n"


def decode(line: bytes) -> Any:
    """The inverse: a Command in a worker, a Report in the front. Raises ValueError when the line is neither."""
    fields: Any = json.loads(line)
    name: Any = cast("dict[str, Any]", fields).pop("kind", None) if isinstance(fields, dict) else None
    if not isinstance(name, str) or name not in _KINDS:
        raise ValueError(f"no such message: {line[:80]!r}")
    return records.build(_KINDS[name], fields)
