"""`models.proto` and the domain: pure functions, both ways."""

from unmix.v1 import models_pb2

from unmix_plugins.client._job_messages import time_from_proto
from unmix_plugins.models import DaemonStatus, Device, Model, PullProgress, Residency, Task

_TASKS = {
    models_pb2.TASK_DENOISE: Task.DENOISE,
    models_pb2.TASK_SEPARATE: Task.SEPARATE,
    models_pb2.TASK_ISOLATE: Task.ISOLATE,
}
_TASK_NUMBERS = {task: number for number, task in _TASKS.items()}


def task_to_proto(task: Task | None) -> models_pb2.Task.ValueType:
    """The number of a task; None is all of them."""
    return models_pb2.TASK_UNSPECIFIED if task is None else _TASK_NUMBERS[task]


def model_from_proto(model: models_pb2.Model) -> Model:
    """A catalogue entry."""
    return Model(
        name=model.name,
        task=_TASKS.get(model.task, Task.UNKNOWN),
        description=model.description,
        stems=tuple(model.stems),
        sample_rate=model.sample_rate,
        licence=model.licence,
        download_bytes=model.download_bytes,
        url=model.url,
        installed=model.installed,
        quality=model.quality,
        residency=tuple(_residency_from_proto(residency) for residency in model.residency),
    )


def pull_progress_from_proto(progress: models_pb2.PullModelResponse) -> PullProgress:
    """How far a download is."""
    return PullProgress(progress.stage, progress.done_bytes, progress.total_bytes)


def status_from_proto(status: models_pb2.GetStatusResponse) -> DaemonStatus:
    """The daemon as it describes itself."""
    return DaemonStatus(
        version=status.version,
        pid=status.pid,
        start_time=time_from_proto(status.start_time) if status.HasField("start_time") else None,
        addresses=tuple(status.addresses),
        devices=tuple(_device_from_proto(device) for device in status.devices),
        pending_jobs=status.pending_jobs,
        processing_jobs=status.processing_jobs,
        queue_limit=status.queue_limit,
        state_folder=status.state_folder,
        keep_alive=status.keep_alive.ToTimedelta().total_seconds(),
        memory_bytes=status.memory_bytes,
    )


def _device_from_proto(device: models_pb2.Device) -> Device:
    return Device(
        name=device.name,
        description=device.description,
        available=device.available,
        reason=device.reason,
        worker_pid=device.worker_pid,
        memory_bytes=device.memory_bytes,
        memory_budget_bytes=device.memory_budget_bytes,
        crashes=device.crashes,
    )


def _residency_from_proto(residency: models_pb2.Residency) -> Residency:
    return Residency(
        device=residency.device,
        memory_bytes=residency.memory_bytes,
        expire_time=time_from_proto(residency.expire_time) if residency.HasField("expire_time") else None,
        busy=residency.busy,
    )
