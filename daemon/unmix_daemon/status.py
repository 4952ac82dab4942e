"""The daemon's state at a glance."""

import os
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil
from unmix_models.devices import Device

from .config import Config
from .executors.base import Executor
from .scheduler import Scheduler

VERSION = version("unmix")


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """A device and its worker."""

    device: Device
    worker_pid: int
    """0 when none runs."""
    memory_bytes: int
    crashes: int


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """See GetStatusResponse."""

    version: str
    pid: int
    started: float
    addresses: tuple[str, ...]
    devices: tuple[DeviceStatus, ...]
    pending: int
    processing: int
    queue_limit: int
    state_folder: Path
    keep_alive: float
    memory_budget: int
    memory_bytes: int


class StatusReader:
    """Reads the status of a running daemon."""

    def __init__(self, config: Config, scheduler: Scheduler, executor: Executor) -> None:
        """`addresses` is set once they are known."""
        self._config = config
        self._scheduler = scheduler
        self._executor = executor
        self._started = time.time()
        self.addresses: tuple[str, ...] = ()

    async def read(self) -> DaemonStatus:
        """As it is now."""
        workers = self._executor.workers()
        devices: list[DeviceStatus] = []
        for device in await self._executor.devices():
            worker = workers.get(device.name)
            pid = worker.pid if worker else 0
            devices.append(DeviceStatus(device, pid, _memory(pid), worker.crashes if worker else 0))
        return DaemonStatus(
            version=VERSION,
            pid=os.getpid(),
            started=self._started,
            addresses=self.addresses,
            devices=tuple(devices),
            pending=self._scheduler.pending,
            processing=self._scheduler.processing,
            queue_limit=self._config.queue_limit,
            state_folder=self._config.state_folder,
            keep_alive=self._config.keep_alive,
            memory_budget=self._config.memory_budget,
            memory_bytes=_memory(os.getpid()),
        )


def _memory(pid: int) -> int:
    try:
        return psutil.Process(pid).memory_info().rss if pid else 0
    except psutil.Error:
        return 0
