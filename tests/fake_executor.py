"""An executor whose runs do what the test says: the scheduler's outermost border."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from job_examples import SUMMARY
from unmix_daemon.errors import JobFailed, WorkerDied
from unmix_daemon.executors.base import OnReport, WorkerStatus
from unmix_daemon.jobs import Job
from unmix_daemon.worker.messages import Advanced, Done, Grew, Resident
from unmix_models.devices import Device

CPU = Device("cpu", "A processor", available=True)
GPU = Device("cuda:0", "A GPU", available=True)
RESULT = b"wav"


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

    def advance(self, fraction: float) -> None:
        self.report(Advanced(self.ticket, "denoising", fraction, None))

    def grow(self) -> Path:
        """Write the result, and say so."""
        self.outputs.mkdir(exist_ok=True)
        path = self.outputs / "clean.wav"
        path.write_bytes(RESULT)
        self.report(Grew(self.ticket, "clean", str(path), "wav", "wav", 48_000, 2, len(RESULT)))
        return path

    def finish(self) -> None:
        self.grow()
        done = Done(
            ticket=self.ticket,
            model=SUMMARY.model,
            model_reason=SUMMARY.model_reason,
            device=self.device,
            device_reason=SUMMARY.device_reason,
            precision=SUMMARY.precision,
            quality=SUMMARY.quality,
            frames=SUMMARY.frames,
            sample_rate=SUMMARY.sample_rate,
            channels=SUMMARY.channels,
            load_seconds=SUMMARY.load_seconds,
            processing_seconds=SUMMARY.processing_seconds,
            outputs=tuple(replace(output, size_bytes=len(RESULT)) for output in SUMMARY.outputs),
            rewritten={},
        )
        self.outcome.set_result(done)

    def fail(self, error: Exception) -> None:
        self.outcome.set_exception(error)

    def refuse(self) -> None:
        self.fail(JobFailed("INVALID_AUDIO", "The file is empty: copy or export it again."))

    def die(self) -> None:
        self.fail(WorkerDied("The worker process was ended by SIGKILL."))

    @property
    def ticket(self) -> str:
        return f"{self.job.job_id}/{self.job.attempts}"


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

    async def next_jobs(self, count: int) -> list[str]:
        """The jobs of the next runs, each of which ends at once."""
        names: list[str] = []
        for _ in range(count):
            run = await self.next()
            names.append(run.job.job_id)
            run.finish()
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

    async def load(self, model: str, device: str, keep_alive: float | None) -> float:
        return 0.0

    async def unload(self, model: str, device: str | None) -> None:
        pass

    def residents(self) -> Mapping[str, Sequence[Resident]]:
        return {}

    def workers(self) -> Mapping[str, WorkerStatus]:
        return {}

    async def close(self) -> None:
        pass
