"""A job: what to do with one uploaded file, and how far that is."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Literal, TypeAlias


class JobState(StrEnum):
    """pending → processing → completed, failed or cancelled; a dead worker takes it back to pending."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """True for the three ends."""
        return self in (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


class Priority(IntEnum):
    """Who goes first."""

    BATCH = 1
    FOLDER = 2
    INTERACTIVE = 3


@dataclass(frozen=True, slots=True)
class DenoiseTask:
    """Remove noise."""

    model: str = "auto"
    attenuation_limit_db: float | None = None
    """dB; None: the model's own default."""
    stems: tuple[str, ...] = ("clean",)
    kind: Literal["denoise"] = "denoise"


@dataclass(frozen=True, slots=True)
class SeparateTask:
    """Split into stems."""

    model: str = "auto"
    stems: tuple[str, ...] = ()
    """Names, `-name` for the mixture without it; empty: every stem of the model."""
    consistency: str = "mixture"
    """`mixture`: the model's error is shared out so that all stems add up; `none`: its raw output."""
    shifts: int = 0
    overlap: float = 0.25
    kind: Literal["separate"] = "separate"


Task: TypeAlias = DenoiseTask | SeparateTask


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the recording, in frames of its own rate."""

    first_frame: int
    frames: int
    """0: all up to the end."""


@dataclass(frozen=True, slots=True)
class Options:
    """What every task has."""

    file_name: str = ""
    size_bytes: int | None = None
    """As declared by the client."""
    format: str = ""
    depth: str = ""
    device: str = "auto"
    keep_alive: float | None = None
    """Seconds; None: the daemon's default, 0: unload at once, negative: keep."""
    priority: Priority = Priority.BATCH
    labels: dict[str, str] = field(default_factory=dict[str, str])
    section: Section | None = None
    """None: all of the recording."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is."""

    stage: str = ""
    fraction: float = 0.0
    """0 to 1."""
    remaining_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class OutputSummary:
    """A finished output file."""

    stem: str
    format: str
    extension: str
    size_bytes: int
    sha256: str
    level_dbfs: float
    peak_dbfs: float


@dataclass(frozen=True, slots=True)
class Summary:
    """What was done; see Summary in audio.proto."""

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
    queued_seconds: float
    outputs: tuple[OutputSummary, ...]
    notes: tuple[str, ...] = ()

    def output(self, stem: str) -> OutputSummary | None:
        """The output of this name."""
        return next((output for output in self.outputs if output.stem == stem), None)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands. Times are seconds since the epoch."""

    job_id: str
    client: str
    task: Task
    options: Options
    attached: bool
    """True when it belongs to a call and ends with it."""
    created: float
    idempotency_key: str = ""
    state: JobState = JobState.PENDING
    attempts: int = 0
    """How often a worker has begun it."""
    crashes: int = 0
    """How often a worker has died on it."""
    started: float | None = None
    ended: float | None = None
    progress: Progress = Progress()
    error: JobError | None = None
    summary: Summary | None = None


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One step in a job's life."""

    sequence: int
    time: float
    """Seconds since the epoch."""
    state: JobState
    progress: Progress
    error: JobError | None
    summary: Summary | None
