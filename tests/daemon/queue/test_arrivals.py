"""Uploads that never end keep nobody out of the queue."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from daemon.job_examples import a_job
from daemon.world import World, in_a_world, steps
from unmix_daemon.errors import Busy


async def nothing() -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


@in_a_world()
async def test_idle_uploads_of_one_client_leave_room_for_others(world: World) -> None:
    """Before: 512 of them filled the queue, and status counted none."""
    idle = [
        asyncio.ensure_future(world.scheduler.submit(a_job(client="buggy"), nothing())) for _ in range(520)
    ]
    while world.scheduler.receiving < 128:
        await steps(1)
    with pytest.raises(Busy, match="files of 'buggy' are being sent"):
        await world.submit(client="buggy")
    job = await world.submit(client="another")
    assert await world.executor.next_jobs(1) == [job.job_id]
    assert (world.scheduler.receiving, world.scheduler.pending) == (128, 0)
    refused = [task for task in idle if task.done()]
    assert len(refused) == 520 - 128
    assert all(isinstance(task.exception(), Busy) for task in refused)
    for task in idle:
        task.cancel()
    await asyncio.wait(idle)
    assert world.scheduler.receiving == 0
    await world.submit(client="buggy")


@in_a_world()
async def test_no_more_come_at_once_than_there_are_descriptors_for(world: World) -> None:
    idle = [
        asyncio.ensure_future(world.scheduler.submit(a_job(client=f"client {number}"), nothing()))
        for number in range(256)
    ]
    while world.scheduler.receiving < 256:
        await steps(1)
    with pytest.raises(Busy, match="256 files are being sent"):
        await world.submit(client="another")
    for task in idle:
        task.cancel()
    await asyncio.wait(idle)
    await world.submit(client="another")
