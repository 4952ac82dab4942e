"""What the scheduler asks of whoever computes: worker processes here, or machines elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from unmix.words import Job
from unmix_models.devices import Device

from unmix_daemon.reports import Done, OnReport, Resident


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A worker, as its executor knows it; nobody else looks a process up, which may be on another machine."""

    pid: int
    """Process, or 0 when it is not running now."""
    memory_bytes: int
    crashes: int
    """How often it ended unexpectedly."""
    host: str = ""
    """The machine that it is in; empty: this one."""
    stalled_seconds: float = 0.0
    """For how long it has made no step although it has work, once that is odd; 0: it goes on as it should."""


class Executor(Protocol):
    """Runs jobs on devices."""

    async def devices(self) -> Sequence[Device]:
        """What can be computed on, best first. Machines may come and go: it is asked for each job."""
        ...

    def capacity(self, device: str) -> int:
        """How many jobs of one priority a device takes at once.

        An executor that can grow names what it could take once grown, or it would never see a queue.
        """
        ...

    async def run(
        self, job: Job, device: str, reason: str, input_: Path, outputs: Path, report: OnReport
    ) -> Done:
        """Do one attempt of a job; `report` is awaited as it goes.

        `input_` is the upload on the front's disk, and `outputs` a folder there that does not exist yet. An executor
        with that disk writes into it and reports paths; another one reports the bytes, and the front writes them.
        A durable job's files must survive a power cut when this returns, as far as the executor wrote them.

        Cancelling this coroutine stops the work within one segment, and it returns only when the device is free.
        Raises JobFailed with the job's own error, WorkerDied when the worker ended with nothing but this job, and
        WorkerLost when it was lost for another reason or together with others.
        """
        ...

    async def load(
        self, model: str, device: str | None, keep_alive: float | None, *, required: bool = False
    ) -> float:
        """Make a model resident on a device, or on all; return the seconds.

        With `required` a model that cannot use the device is an error and does not run on the CPU instead.

        Raises JobFailed, WorkerDied, WorkerLost.
        """
        ...

    async def unload(self, model: str, device: str | None) -> None:
        """Free a model on a device, or everywhere."""
        ...

    def residents(self) -> Mapping[str, Sequence[Resident]]:
        """What is loaded, by device, as far as is known; asks nobody."""
        ...

    def workers(self) -> Mapping[str, WorkerStatus]:
        """The workers, by device; devices without one are left out."""
        ...

    async def close(self) -> None:
        """End all workers."""
        ...
