"""An executor whose runs do what the test says: the scheduler's outermost border."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from daemon.job_examples import SUMMARY
from unmix.words import Job, OutputStarted, Progress
from unmix_daemon.errors import JobFailed, WorkerDied, WorkerLost
from unmix_daemon.executors.base import WorkerStatus
from unmix_daemon.reports import Done, Growth, OnReport, Resident
from unmix_models.devices import Device

CPU = Device("cpu", "A processor", available=True)
GPU = Device("cuda:0", "A GPU", available=True)
RESULT = b"wav"
CLEAN = OutputStarted("clean", "clean", "wav", "wav", 48_000, 2)


class FakeRun:
    """One attempt that has begun, and waits for the test to end it."""

    def __init__(self, job: Job, device: str, input_: Path, outputs: Path, report: OnReport) -> None:
        self.job = job
        self.device = device
        self.input = input_.read_bytes()
        self.outputs = outputs
        self.report = report
        self.outcome: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self.cancelled = asyncio.Event()
        """The scheduler wants it to stop."""
        self.may_stop = asyncio.Event()
        """The device is free again after a cancellation."""
        self.may_stop.set()

    async def advance(self, fraction: float) -> None:
        await self.report(Progress("denoising", fraction, None))

    async def grow(self) -> Path:
        """Write the result, and say so."""
        self.outputs.mkdir(exist_ok=True)
        path = self.outputs / "clean.wav"
        path.write_bytes(RESULT)
        await self.report(Growth(CLEAN, len(RESULT), path))
        return path

    async def send(self, data: bytes, offset: int, size: int) -> None:
        """Report bytes, as an executor does that shares no disk with the front."""
        await self.report(Growth(CLEAN, size, offset=offset, data=data))

    async def finish(self) -> None:
        await self.grow()
        self.complete(RESULT)

    def complete(self, result: bytes) -> None:
        """The result has been reported, and is this."""
        outputs = tuple(replace(output, size_bytes=len(result)) for output in SUMMARY.outputs)
        done = Done(replace(SUMMARY, device=self.device, outputs=outputs))
        self.outcome.set_result(done)

    def fail(self, error: Exception) -> None:
        self.outcome.set_exception(error)

    def refuse(self) -> None:
        self.fail(JobFailed("INVALID_AUDIO", "The file is empty: copy or export it again."))

    def die(self) -> None:
        self.fail(WorkerDied("The worker process was ended by SIGKILL."))

    def be_lost(self) -> None:
        self.fail(WorkerLost("The machine went away."))


class FakeExecutor:
    """See `Executor`."""

    def __init__(self, *devices: Device, capacity: int = 1) -> None:
        self.present: Sequence[Device] = devices or (CPU,)
        self.trouble: list[Exception] = []
        """What `devices` raises, once each."""
        self._capacity = capacity
        self._begun: asyncio.Queue[FakeRun] = asyncio.Queue()
        self._runs: list[FakeRun] = []

    def abandon(self) -> None:
        """End whatever runs: the test is over."""
        for run in self._runs:
            run.may_stop.set()
            if not run.outcome.done():
                run.refuse()

    async def next(self) -> FakeRun:
        """The next run that begins."""
        return await self._begun.get()

    async def begun(self) -> list["FakeRun"]:
        """All that have begun since the last look."""
        return [await self._begun.get() for _ in range(self._begun.qsize())]

    async def next_jobs(self, count: int) -> list[str]:
        """The jobs of the next runs, each of which ends at once."""
        names: list[str] = []
        for _ in range(count):
            run = await self.next()
            names.append(run.job.job_id)
            await run.finish()
        return names

    async def devices(self) -> Sequence[Device]:
        if self.trouble:
            raise self.trouble.pop()
        return self.present

    def capacity(self, device: str) -> int:
        return self._capacity

    async def run(
        self, job: Job, device: str, reason: str, input_: Path, outputs: Path, report: OnReport
    ) -> Done:
        run = FakeRun(job, device, input_, outputs, report)
        self._begun.put_nowait(run)
        self._runs.append(run)
        try:
            return await asyncio.shield(run.outcome)
        except asyncio.CancelledError:
            run.cancelled.set()
            await run.may_stop.wait()
            raise
        finally:
            if run.outcome.done() and not run.outcome.cancelled():
                run.outcome.exception()  # seen, also when nobody waited for it

    async def load(
        self, model: str, device: str | None, keep_alive: float | None, *, required: bool = False
    ) -> float:
        return 0.0

    async def unload(self, model: str, device: str | None) -> None:
        pass

    def residents(self) -> Mapping[str, Sequence[Resident]]:
        return {}

    def workers(self) -> Mapping[str, WorkerStatus]:
        return {}

    async def close(self) -> None:
        pass
