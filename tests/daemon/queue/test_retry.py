"""A job that has failed can be tried again for as long as its input is kept."""

import asyncio
from pathlib import Path

import pytest
from daemon.world import World, in_a_world, steps, world
from unmix.words import JobState
from unmix_daemon.errors import InputGone, NoSuchJob, NotReady, ShuttingDown


@in_a_world(max_crashes=2)
async def test_a_failed_job_is_tried_again_with_all_the_tries_of_a_new_one(world: World) -> None:
    job = await world.submit()
    for _ in range(2):
        (await world.executor.next()).die()
    assert (await world.end_of(job)).state is JobState.FAILED
    again = await world.scheduler.retry(job.job_id)
    assert (again.state, again.crashes, again.error, again.ended) == (JobState.PENDING, 0, None, None)
    (await world.executor.next()).die()
    run = await world.executor.next()
    assert run.input == b"audio"
    assert run.outputs.name == "attempt-4"  # no earlier worker writes there
    await run.finish()
    assert (await world.end_of(job)).state is JobState.COMPLETED
    assert world.files_of(job) == {"attempt-4/clean.wav"}


@in_a_world()
async def test_whoever_watches_a_job_that_is_tried_again_sees_its_second_life(world: World) -> None:
    job = await world.submit()
    (await world.executor.next()).refuse()
    await world.end_of(job)
    last = (await world.store.events(job.job_id, 0))[-1].sequence
    await world.scheduler.retry(job.job_id)
    await world.executor.next_jobs(1)
    for after in (0, last):
        seen = [event.state.value async for event in world.scheduler.watch(job.job_id, after)]
        assert seen == ["pending", "processing", "completed"]


@in_a_world()
async def test_only_what_has_failed_and_has_its_input_is_tried_again(world: World) -> None:
    with pytest.raises(NoSuchJob):
        await world.scheduler.retry("unknown")
    done, waiting = await world.submit(), await world.submit()
    run = await world.executor.next()
    for job in (done, waiting):
        with pytest.raises(NotReady, match="only one that has failed"):
            await world.scheduler.retry(job.job_id)
    await run.finish()
    await world.end_of(done)
    with pytest.raises(NotReady, match="is completed"):
        await world.scheduler.retry(done.job_id)
    await world.executor.next()
    await world.scheduler.cancel(waiting.job_id)  # which frees the disk at once
    with pytest.raises(InputGone, match="send it again"):
        await world.scheduler.retry(waiting.job_id)
    call = await world.submit(attached=True)
    (await world.executor.next()).refuse()
    await world.end_of(call)
    assert not world.has_folder(call)
    with pytest.raises(InputGone):
        await world.scheduler.retry(call.job_id)
    assert (await world.scheduler.get(call.job_id)).state is JobState.FAILED


@in_a_world()
async def test_a_daemon_that_stops_tries_nothing_again(world: World) -> None:
    job = await world.submit()
    (await world.executor.next()).refuse()
    await world.end_of(job)
    await world.scheduler.close()
    with pytest.raises(ShuttingDown):
        await world.scheduler.retry(job.job_id)


@in_a_world()
async def test_deleting_a_failed_job_frees_its_input_at_once(world: World) -> None:
    job = await world.submit()
    (await world.executor.next()).refuse()
    await world.end_of(job)
    assert world.files_of(job) == {"input"}
    await world.scheduler.delete(job.job_id)
    assert not world.has_folder(job)


def test_inputs_of_failed_jobs_outlive_the_daemon_and_go_after_the_retention_time(tmp_path: Path) -> None:
    now = 1000.0

    async def lives() -> None:
        nonlocal now
        async with asyncio.timeout(20), world(tmp_path, clock=lambda: now, retention=60.0) as here:
            job, other = await here.submit(), await here.submit()
            for each in (job, other):
                (await here.executor.next()).refuse()
                await here.end_of(each)
        async with asyncio.timeout(20), world(tmp_path, clock=lambda: now, retention=60.0) as here:
            assert here.files_of(job) == {"input"}
            await here.scheduler._sweeper.sweep()  # from here on they are kept
            now = 1061.0
            await here.scheduler.retry(other.job_id)
            await here.scheduler._sweeper.sweep()
            while here.has_folder(job):  # the daemon's own first sweep may have taken it in hand
                await steps(1)
            assert await here.store.get(job.job_id) is None
            assert await here.executor.next_jobs(1) == [other.job_id]

    asyncio.run(lives())


@in_a_world()
async def test_a_job_that_is_taken_up_again_is_not_swept_away(world: World) -> None:
    job = await world.submit()
    (await world.executor.next()).refuse()
    await world.end_of(job)
    await world.scheduler.retry(job.job_id)
    assert not await world.store.delete(job.job_id)
    assert await world.executor.next_jobs(1) == [job.job_id]
