"""Which models exist, which are here and loaded; and the daemon that holds them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from google.protobuf.timestamp_pb2 import Timestamp

from unmix.v1 import models_pb2
from unmix.words.times import duration_to_proto, moment, moment_of, seconds_of, seconds_told

_KIND = "TASK_"
"""What the numbers of tasks are called in the contract, before the task's kind in capitals."""

KINDS = tuple(
    name.removeprefix(_KIND).lower()
    for name, value in models_pb2.Task.items()
    if value != models_pb2.TASK_UNSPECIFIED
)
"""Of every task that the contract knows a model for, whether or not this version can do it."""

LISTEN = "listen"
"""What models are for that tell other tasks what a recording holds; it has no number, and no task is called so."""


def kind_to_proto(kind: str | None) -> models_pb2.Task.ValueType:
    """The number of a task's kind; that of none, for None and for one that the contract does not have."""
    name = f"{_KIND}{(kind or 'unspecified').upper()}"
    return models_pb2.Task.Value(name) if name in models_pb2.Task.keys() else models_pb2.TASK_UNSPECIFIED  # noqa: SIM118  # no mapping


def kind_from_proto(value: models_pb2.Task.ValueType) -> str:
    """The kind of a number; `unknown` for one that only a newer daemon knows."""
    if value == models_pb2.TASK_UNSPECIFIED or value not in models_pb2.Task.values():
        return "unknown"
    return models_pb2.Task.Name(value).removeprefix(_KIND).lower()


@dataclass(frozen=True, slots=True)
class Residency:
    """A model in a device's memory."""

    device: str
    memory_bytes: int
    expire_time: datetime | None
    """When it will be unloaded if nobody uses it; None: not by time."""
    busy: bool

    def to_proto(self) -> models_pb2.Residency:
        """Its message."""
        return models_pb2.Residency(
            device=self.device,
            memory_bytes=self.memory_bytes,
            expire_time=_timestamp(self.expire_time),
            busy=self.busy,
        )

    @classmethod
    def from_proto(cls, message: models_pb2.Residency) -> Self:
        """What a message describes."""
        expires = moment(moment_of(message.expire_time)) if message.HasField("expire_time") else None
        return cls(message.device, message.memory_bytes, expires, message.busy)


@dataclass(frozen=True, slots=True)
class Model:
    """A catalogue entry and its state on this machine."""

    name: str
    task: str
    """The kind of task that it is for; `unknown` for one that only a newer daemon knows."""
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

    def to_proto(self) -> models_pb2.Model:
        """Its message."""
        return models_pb2.Model(
            name=self.name,
            task=kind_to_proto(self.task),
            kind=self.task,
            description=self.description,
            stems=self.stems,
            sample_rate=self.sample_rate,
            licence=self.licence,
            download_bytes=self.download_bytes,
            url=self.url,
            installed=self.installed,
            quality=self.quality,
            residency=[resident.to_proto() for resident in self.residency],
        )

    @classmethod
    def from_proto(cls, message: models_pb2.Model) -> Self:
        """What a message describes."""
        return cls(
            name=message.name,
            task=message.kind or kind_from_proto(message.task),
            description=message.description,
            stems=tuple(message.stems),
            sample_rate=message.sample_rate,
            licence=message.licence,
            download_bytes=message.download_bytes,
            url=message.url,
            installed=message.installed,
            quality=message.quality,
            residency=tuple(map(Residency.from_proto, message.residency)),
        )


@dataclass(frozen=True, slots=True)
class LeftOutModel:
    """A folder of weights that cannot be used, as it says of itself what cannot be."""

    name: str
    reason: str
    """A sentence."""

    def to_proto(self) -> models_pb2.LeftOutModel:
        """Its message."""
        return models_pb2.LeftOutModel(name=self.name, reason=self.reason)

    @classmethod
    def from_proto(cls, message: models_pb2.LeftOutModel) -> Self:
        """What a message describes."""
        return cls(message.name, message.reason)


@dataclass(frozen=True, slots=True)
class PullStep:
    """How far a download is."""

    stage: str
    """`downloading`, `verifying`, `installing`, `done`."""
    done_bytes: int
    total_bytes: int
    """0 while unknown."""

    def to_proto(self) -> models_pb2.PullModelResponse:
        """Its message."""
        return models_pb2.PullModelResponse(
            stage=self.stage, done_bytes=self.done_bytes, total_bytes=self.total_bytes
        )

    @classmethod
    def from_proto(cls, message: models_pb2.PullModelResponse) -> Self:
        """What a message describes."""
        return cls(message.stage, message.done_bytes, message.total_bytes)


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """Something that computes, and its worker."""

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
    host: str = ""
    """The machine that it is in; empty: the daemon's own."""
    stalled_seconds: float = 0.0
    """For how long the worker has made no step although it has work; 0: it goes on as it should."""

    def to_proto(self) -> models_pb2.Device:
        """Its message."""
        return models_pb2.Device(
            name=self.name,
            description=self.description,
            available=self.available,
            reason=self.reason,
            worker_pid=self.worker_pid,
            memory_bytes=self.memory_bytes,
            memory_budget_bytes=self.memory_budget_bytes,
            crashes=self.crashes,
            host=self.host,
            stalled_seconds=self.stalled_seconds,
        )

    @classmethod
    def from_proto(cls, message: models_pb2.Device) -> Self:
        """What a message describes."""
        return cls(
            name=message.name,
            description=message.description,
            available=message.available,
            reason=message.reason,
            worker_pid=message.worker_pid,
            memory_bytes=message.memory_bytes,
            memory_budget_bytes=message.memory_budget_bytes,
            crashes=message.crashes,
            host=message.host,
            stalled_seconds=seconds_told(message.stalled_seconds),
        )


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """The daemon: its queue, and its devices."""

    version: str
    pid: int
    start_time: datetime | None
    addresses: tuple[str, ...]
    devices: tuple[DeviceStatus, ...]
    pending_jobs: int
    processing_jobs: int
    queue_limit: int
    state_folder: str
    keep_alive: float
    """Seconds that models stay loaded by default; negative: until unloaded or evicted."""
    memory_bytes: int
    """Held by the daemon's front process."""
    receiving_jobs: int = 0
    """Jobs whose files are being sent; they are not among those that wait."""
    waits_for: tuple[str, ...] = ()
    """What the machine is short of now, each as the end of a sentence; jobs wait until that is over."""

    def to_proto(self) -> models_pb2.GetStatusResponse:
        """Its message."""
        return models_pb2.GetStatusResponse(
            version=self.version,
            pid=self.pid,
            start_time=_timestamp(self.start_time),
            addresses=self.addresses,
            devices=[device.to_proto() for device in self.devices],
            pending_jobs=self.pending_jobs,
            processing_jobs=self.processing_jobs,
            queue_limit=self.queue_limit,
            state_folder=self.state_folder,
            keep_alive=duration_to_proto(self.keep_alive),
            memory_bytes=self.memory_bytes,
            receiving_jobs=self.receiving_jobs,
            waits_for=self.waits_for,
        )

    @classmethod
    def from_proto(cls, message: models_pb2.GetStatusResponse) -> Self:
        """What a message describes."""
        return cls(
            version=message.version,
            pid=message.pid,
            start_time=moment(moment_of(message.start_time)) if message.HasField("start_time") else None,
            addresses=tuple(message.addresses),
            devices=tuple(map(DeviceStatus.from_proto, message.devices)),
            pending_jobs=message.pending_jobs,
            processing_jobs=message.processing_jobs,
            queue_limit=message.queue_limit,
            state_folder=message.state_folder,
            keep_alive=seconds_of(message.keep_alive),
            memory_bytes=message.memory_bytes,
            receiving_jobs=message.receiving_jobs,
            waits_for=tuple(message.waits_for),
        )


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    message = Timestamp()
    message.FromDatetime(moment)
    return message
