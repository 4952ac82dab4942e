"""The daemon's state at a glance."""

import os
from datetime import UTC, datetime
from importlib.metadata import version

import psutil
from unmix.words import DaemonStatus, DeviceStatus

from unmix_daemon.config import Config
from unmix_daemon.executors.base import Executor, WorkerStatus
from unmix_daemon.queue.scheduler import Scheduler

VERSION = version("unmix")
_NO_WORKER = WorkerStatus(pid=0, memory_bytes=0, crashes=0)


class StatusReader:
    """Reads the status of a running daemon."""

    def __init__(self, config: Config, scheduler: Scheduler, executor: Executor) -> None:
        """`addresses` is set once they are known."""
        self._config = config
        self._scheduler = scheduler
        self._executor = executor
        self._started = datetime.now(UTC)
        self.addresses: tuple[str, ...] = ()

    async def read(self) -> DaemonStatus:
        """As it is now."""
        return DaemonStatus(
            version=VERSION,
            pid=os.getpid(),
            start_time=self._started,
            addresses=self.addresses,
            devices=await self._devices(),
            pending_jobs=self._scheduler.pending,
            processing_jobs=self._scheduler.processing,
            receiving_jobs=self._scheduler.receiving,
            queue_limit=self._config.queue_limit,
            state_folder=str(self._config.state_folder),
            keep_alive=self._config.keep_alive,
            memory_bytes=psutil.Process().memory_info().rss,
            waits_for=self._scheduler.waits_for,
        )

    async def _devices(self) -> tuple[DeviceStatus, ...]:
        workers = self._executor.workers()
        found: list[DeviceStatus] = []
        for device in await self._executor.devices():
            worker = workers.get(device.name, _NO_WORKER)
            found.append(
                DeviceStatus(
                    name=device.name,
                    description=device.description,
                    available=device.available,
                    reason=device.reason,
                    worker_pid=worker.pid,
                    memory_bytes=worker.memory_bytes,
                    memory_budget_bytes=self._config.memory_budget,
                    crashes=worker.crashes,
                    host=worker.host,
                    stalled_seconds=worker.stalled_seconds,
                )
            )
        return tuple(found)
