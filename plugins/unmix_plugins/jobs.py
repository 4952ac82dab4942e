"""Durable jobs, as the daemon tells of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from unmix_plugins.audio import Progress, Summary
from unmix_plugins.errors import UnmixError


class JobState(StrEnum):
    """Where a job is in its life: pending → processing → completed, failed or cancelled."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """A state that only a newer daemon knows."""

    @property
    def is_final(self) -> bool:
        """True when nothing more will happen."""
        return self in {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED}


@dataclass(frozen=True, slots=True)
class Job:
    """A task and how far it is."""

    job_id: str
    state: JobState
    task: str
    """`denoise`, `separate` or `isolate`."""
    model: str
    """As it was asked for; `auto` or empty: the summary says which it became."""
    file_name: str
    client: str
    attempts: int
    """How often a worker has begun it; more than 1 means that a worker died on it."""
    progress: Progress | None
    create_time: datetime | None
    start_time: datetime | None
    end_time: datetime | None
    error: UnmixError | None
    """Why it failed."""
    summary: Summary | None
    """What it made, once it is completed."""
    attached: bool
    """True when it ends with the call that it belongs to."""


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that happened to a job."""

    sequence: int
    """Grows with each event of the job."""
    time: datetime | None
    state: JobState
    progress: Progress | None
    error: UnmixError | None
    summary: Summary | None
