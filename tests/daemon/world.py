"""A scheduler with a real database and real folders, and an executor that does what the test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.fake_executor import FakeExecutor
from daemon.job_examples import a_job
from unmix.words import Job
from unmix_daemon.config import Config
from unmix_daemon.queue.scheduler import Scheduler
from unmix_daemon.state.folders import Folders
from unmix_daemon.state.store import Store
from unmix_models.devices import Device


async def upload(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces or (b"audio",):
        yield piece


@dataclass
class World:
    """A scheduler at work, and what it works with."""

    config: Config
    store: Store
    folders: Folders
    executor: FakeExecutor
    scheduler: Scheduler

    async def submit(self, **options: Any) -> Job:
        return (await self.scheduler.submit(a_job(**options), upload()))[0]

    async def end_of(self, job: Job) -> Job:
        """The job as it is when it has ended."""
        async for _ in self.scheduler.watch(job.job_id, 0):
            pass
        while self.scheduler.live(job.job_id):  # its end is recorded, and its files are being tidied away
            await steps(1)
        return await self.scheduler.get(job.job_id)

    async def states(self, job: Job) -> list[str]:
        return [event.state.value for event in await self.store.events(job.job_id, 0)]

    async def running(self, count: int) -> None:
        """Wait until `count` jobs run; then let everything happen that can: it makes them no more."""
        while self.scheduler.processing != count:
            await steps(1)
        for _ in range(5):
            await self.store.get("")
            await steps(5)
        assert self.scheduler.processing == count

    def files_of(self, job: Job) -> set[str]:
        root = self.folders.of(job.job_id).path
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    def has_folder(self, job: Job) -> bool:
        return self.folders.of(job.job_id).path.exists()


async def steps(count: int) -> None:
    """Give the other tasks so many turns."""
    for _ in range(count):
        await asyncio.sleep(0)


@asynccontextmanager
async def world(
    folder: Path,
    executor: FakeExecutor | None = None,
    clock: Callable[[], float] = lambda: 1000.0,
    **settings: Any,
) -> AsyncIterator[World]:
    config = Config(state_folder=folder, **{"drain": 0.0, **settings})
    store = Store(folder / "jobs.sqlite3", clock)
    executor = executor or FakeExecutor()
    folders = Folders(folder / "jobs")
    scheduler = Scheduler(config, store, folders, executor, clock)
    await scheduler.start()
    try:
        yield World(config, store, folders, executor, scheduler)
    finally:
        executor.abandon()
        await scheduler.close()
        await store.close()


def in_a_world(
    *devices: Device, capacity: int = 1, **settings: Any
) -> Callable[[Callable[[World], Awaitable[None]]], Callable[[Path], None]]:
    """Run a test in a world of its own; one that waits for ever fails."""

    def decorate(test: Callable[[World], Awaitable[None]]) -> Callable[[Path], None]:
        async def within(folder: Path) -> None:
            async with (
                asyncio.timeout(20),
                world(folder, FakeExecutor(*devices, capacity=capacity), **settings) as here,
            ):
                await test(here)

        def run(tmp_path: Path) -> None:
            asyncio.run(within(tmp_path))

        return run

    return decorate
