"""Finished jobs go when their time is over, and nothing that is still in use."""

import asyncio
from pathlib import Path

from daemon.world import world
from unmix_daemon.queue.sweeper import Sweeper


def test_finished_jobs_go_after_the_retention_time(tmp_path: Path) -> None:
    now = 1000.0

    async def kept() -> None:
        nonlocal now
        async with asyncio.timeout(20), world(tmp_path, clock=lambda: now, retention=60.0) as here:
            old, call = await here.submit(), await here.submit(attached=True)
            await here.executor.next_jobs(2)
            for job in (old, call):
                await here.end_of(job)
            sweeper = Sweeper(here.store, here.folders, 60.0, lambda: now)
            sweeper.in_use.add(call.job_id)
            await sweeper.sweep()
            now = 1030.0
            young, unfinished = await here.submit(), await here.submit()
            await here.executor.next_jobs(1)
            await here.end_of(young)
            await here.executor.next()
            await sweeper.sweep()
            now = 1061.0
            await sweeper.sweep()
            left = [job.job_id for job in (old, call, young, unfinished) if await here.store.get(job.job_id)]
            assert left == [job.job_id for job in (call, young, unfinished)]
            assert {path.name for path in here.folders.root.iterdir()} == set(left)

    asyncio.run(kept())


def test_a_clock_that_is_set_deletes_nothing(tmp_path: Path) -> None:
    wall = awake = 1000.0

    async def kept() -> None:
        nonlocal wall, awake
        async with asyncio.timeout(20), world(tmp_path, clock=lambda: wall, retention=86_400.0) as here:
            job = await here.submit()
            await here.executor.next_jobs(1)
            await here.end_of(job)
            sweeper = Sweeper(here.store, here.folders, 86_400.0, lambda: awake)
            await sweeper.sweep()
            wall += 25 * 3600
            awake += 60
            await sweeper.sweep()
            await here.scheduler._sweeper.sweep()  # even where what it goes by were the clock that is set
            assert here.files_of(job) == {"attempt-1/clean.wav"}
            assert (await here.scheduler.get(job.job_id)).summary

    asyncio.run(kept())


def test_a_sweep_at_the_start_spares_calls_that_still_read(tmp_path: Path) -> None:
    async def swept() -> None:
        async with (
            asyncio.timeout(20),
            world(tmp_path, retention=0.0, clock=iter(range(10**6)).__next__) as here,
        ):
            call = await here.submit(attached=True)
            await here.executor.next_jobs(1)
            await here.end_of(call)
            await here.scheduler._sweeper.sweep()
            assert here.files_of(call) == {"attempt-1/clean.wav"}
            await here.scheduler.release(call.job_id)
            await here.scheduler._sweeper.sweep()
            assert await here.store.get(call.job_id) is None

    asyncio.run(swept())
