"""Jobs on this machine: one worker process for each device."""

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
from unmix import children
from unmix.words import Job
from unmix_models.devices import Device

from unmix_daemon import records
from unmix_daemon.config import Config
from unmix_daemon.errors import OUT_OF_RESOURCES, Short
from unmix_daemon.executors.base import WorkerStatus
from unmix_daemon.executors.worker_process import WorkerProcess
from unmix_daemon.reports import Done, OnReport, Resident
from unmix_daemon.worker.messages import Begin, Load, Loaded, Run, Unload

_GPU_BATCH = 8


class LocalExecutor:
    """See `Executor`."""

    def __init__(self, config: Config) -> None:
        """Starts nothing yet."""
        self._config = config
        self._workers: dict[str, WorkerProcess] = {}
        self._probe: asyncio.Task[tuple[Device, ...]] | None = None

    async def devices(self) -> Sequence[Device]:
        """Ask a child process once; an import of the inference runtime has no place here."""
        if self._probe is None or (self._probe.done() and self._probe.exception()):
            self._probe = asyncio.create_task(_probe())
        return await asyncio.shield(self._probe)

    def capacity(self, device: str) -> int:
        """See `Executor.capacity`. A CPU gains nothing from batches (2–6 % were measured)."""
        return self._config.batch or (_GPU_BATCH if device.startswith("cuda") else 1)

    async def run(
        self, job: Job, device: str, reason: str, input_: Path, outputs: Path, report: OnReport
    ) -> Done:
        """See `Executor.run`."""
        assert job.task  # noqa: S101  # what cannot be read is never queued
        keep_alive = job.options.keep_alive
        run = Run(
            ticket=f"{job.job_id}/{job.attempts}",
            task=job.task,
            options=job.options,
            input=str(input_),
            outputs=str(outputs),
            keep_alive=self._config.keep_alive if keep_alive is None else keep_alive,
            device_reason=reason,
            durable=not job.attached,
            longest=self._config.longest,
            reserve=self._config.reserve(),
        )
        answer = await self._worker(device).ask(run, report)
        assert isinstance(answer, Done)  # noqa: S101  # what a worker answers to Run
        return answer

    async def load(
        self, model: str, device: str | None, keep_alive: float | None, *, required: bool = False
    ) -> float:
        """See `Executor.load`."""
        seconds = self._config.keep_alive if keep_alive is None else keep_alive
        names = [device] if device else [one.name for one in await self.devices() if one.available]
        longest = 0.0
        for name in names:
            answer = await self._worker(name).ask(Load(uuid.uuid4().hex, model, seconds, required))
            assert isinstance(answer, Loaded)  # noqa: S101  # what a worker answers to Load
            longest = max(longest, answer.load_seconds)
        return longest

    async def unload(self, model: str, device: str | None) -> None:
        """See `Executor.unload`."""
        for name, worker in list(self._workers.items()):  # others may start meanwhile
            if worker.pid and device in (None, name):
                await worker.ask(Unload(uuid.uuid4().hex, model))

    def residents(self) -> Mapping[str, Sequence[Resident]]:
        """See `Executor.residents`."""
        return {device: worker.residents for device, worker in self._workers.items()}

    def workers(self) -> Mapping[str, WorkerStatus]:
        """See `Executor.workers`."""
        return {
            device: WorkerStatus(
                worker.pid, _memory(worker.pid), worker.crashes, stalled_seconds=worker.stalled_seconds
            )
            for device, worker in self._workers.items()
        }

    async def close(self) -> None:
        """End the workers and a probe that still runs."""
        if self._probe and not self._probe.done():
            self._probe.cancel()
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))

    def _worker(self, device: str) -> WorkerProcess:
        if device not in self._workers:
            config = self._config
            begin = Begin(
                device,
                str(config.weights_folder),
                config.memory_budget,
                config.threads,
                self.capacity(device),
                precision=config.precision,
            )
            self._workers[device] = WorkerProcess(begin, config.stall)
        return self._workers[device]


def _memory(pid: int) -> int:
    try:
        return psutil.Process(pid).memory_info().rss if pid else 0
    except psutil.Error:
        return 0


async def _probe() -> tuple[Device, ...]:
    process = await asyncio.create_subprocess_exec(
        *children.command("unmix_daemon.worker.probe"),
        cwd=children.FOLDER,
        env=children.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise Short(OUT_OF_RESOURCES, "The machine's devices could not be listed; the daemon's log says why.")
    return tuple(records.build(Device, fields) for fields in json.loads(said))
