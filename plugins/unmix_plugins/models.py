"""Which models exist, which are here and loaded; and the daemon that holds them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Task(StrEnum):
    """What a model is for."""

    DENOISE = "denoise"
    SEPARATE = "separate"
    ISOLATE = "isolate"
    UNKNOWN = "unknown"
    """A task that only a newer daemon knows."""


@dataclass(frozen=True, slots=True)
class Residency:
    """A model in a device's memory."""

    device: str
    memory_bytes: int
    expire_time: datetime | None
    """When it will be unloaded if nobody uses it; None: not by time."""
    busy: bool


@dataclass(frozen=True, slots=True)
class Model:
    """A catalogue entry and its state on this machine."""

    name: str
    task: Task
    description: str
    stems: tuple[str, ...]
    sample_rate: int
    """Hz that it works at; 0: any."""
    licence: str
    download_bytes: int
    """0 when nothing is downloaded, or, where there is a `url`, when nobody has said how much."""
    url: str
    """Empty when it ships with unmix."""
    installed: bool
    quality: str
    """`high` or `low`; low is a method without a trained model."""
    residency: tuple[Residency, ...]


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a download is."""

    stage: str
    """`downloading`, `verifying`, `installing`, `done`."""
    done_bytes: int
    total_bytes: int
    """0 while unknown."""


@dataclass(frozen=True, slots=True)
class Device:
    """Something that computes."""

    name: str
    description: str
    available: bool
    reason: str
    """Why it is not available, or empty."""
    worker_pid: int
    """0 when no worker runs."""
    memory_bytes: int
    memory_budget_bytes: int
    crashes: int
    """How often a worker of this device has died unexpectedly."""


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """The daemon: its queue, and its devices."""

    version: str
    pid: int
    start_time: datetime | None
    addresses: tuple[str, ...]
    devices: tuple[Device, ...]
    pending_jobs: int
    processing_jobs: int
    queue_limit: int
    state_folder: str
    keep_alive: float
    """Seconds that models stay loaded by default; negative: until unloaded or evicted."""
    memory_bytes: int
    """Held by the daemon's front process."""
