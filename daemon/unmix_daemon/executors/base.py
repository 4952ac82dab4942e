"""What the scheduler asks of whoever computes."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from unmix_models.devices import Device

from ..jobs import Job
from ..worker.messages import Advanced, Done, Grew, Resident

OnReport = Callable[[Grew | Advanced], None]


class Executor(Protocol):
    """Runs jobs on devices."""

    async def devices(self) -> Sequence[Device]:
        """What can be computed on here, best first."""
        ...

    def capacity(self, device: str) -> int:
        """How many jobs of one priority a device takes at once."""
        ...

    async def run(
        self, job: Job, device: str, reason: str, input_: Path, outputs: Path, report: OnReport
    ) -> Done:
        """Do one attempt of a job; `report` is called as it goes.

        Cancelling this coroutine stops the work within one segment, and it returns only when the device is free.
        Raises JobFailed with the job's own error, WorkerDied when the process ended in the middle.
        """
        ...

    async def load(self, model: str, device: str, keep_alive: float | None) -> float:
        """Make a model resident; return the seconds it took. Raises JobFailed, WorkerDied."""
        ...

    async def unload(self, model: str, device: str | None) -> None:
        """Free a model on a device, or everywhere."""
        ...

    def residents(self) -> Mapping[str, Sequence[Resident]]:
        """What is loaded, by device."""
        ...

    def workers(self) -> Mapping[str, "WorkerStatus"]:
        """The processes, by device; devices without one are left out."""
        ...

    async def close(self) -> None:
        """End all workers."""
        ...


class WorkerStatus(Protocol):
    """A worker process, for status."""

    @property
    def pid(self) -> int:
        """Process, or 0 when it is not running now."""
        ...

    @property
    def crashes(self) -> int:
        """How often it ended unexpectedly."""
        ...
