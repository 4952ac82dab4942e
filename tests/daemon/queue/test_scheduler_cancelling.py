"""What cancelling and deleting do to a job that waits, runs or is finished."""

import asyncio
from pathlib import Path

import pytest
from daemon.job_examples import a_job
from daemon.world import World, in_a_world, steps, upload
from unmix.words import JobState
from unmix_daemon.errors import NoSuchJob


@in_a_world()
async def test_a_waiting_job_that_is_cancelled_never_runs(world: World) -> None:
    await world.submit()
    run = await world.executor.next()
    job, after = await world.submit(), await world.submit()
    assert (await world.scheduler.cancel(job.job_id)).state is JobState.CANCELLED
    assert not world.has_folder(job)
    assert await world.states(job) == ["pending", "cancelled"]
    await run.finish()
    assert await world.executor.next_jobs(1) == [after.job_id]


@in_a_world()
async def test_cancelling_a_running_job_returns_when_its_device_is_free(world: World) -> None:
    job, after = await world.submit(), await world.submit()
    run = await world.executor.next()
    run.may_stop.clear()
    cancelling = asyncio.ensure_future(world.scheduler.cancel(job.job_id))
    await run.cancelled.wait()
    await world.running(1)
    assert not cancelling.done()
    run.may_stop.set()
    assert (await cancelling).state is JobState.CANCELLED
    assert not world.has_folder(job)
    assert await world.states(job) == ["pending", "processing", "cancelled"]
    assert (await world.executor.next()).job.job_id == after.job_id


@in_a_world()
async def test_a_caller_that_hangs_up_cancels_all_the_same(world: World) -> None:
    job = await world.submit()
    run = await world.executor.next()
    run.may_stop.clear()
    cancelling = asyncio.ensure_future(world.scheduler.cancel(job.job_id))
    await run.cancelled.wait()
    cancelling.cancel()
    await steps(5)
    run.may_stop.set()
    assert (await world.end_of(job)).state is JobState.CANCELLED
    with pytest.raises(asyncio.CancelledError):
        await cancelling
    assert not world.has_folder(job)
    assert world.scheduler.live(job.job_id) is None


@in_a_world()
async def test_a_finished_job_is_beyond_cancelling(world: World) -> None:
    job = await world.submit()
    await world.executor.next_jobs(1)
    ended = await world.end_of(job)
    assert await world.scheduler.cancel(job.job_id) == ended
    assert world.files_of(job) == {"attempt-1/clean.wav"}


@pytest.mark.parametrize("head_start", range(0, 16, 2))
@pytest.mark.parametrize("first", ["finish", "cancel"])
def test_a_job_that_is_cancelled_as_it_finishes_is_one_or_the_other(
    tmp_path: Path, head_start: int, first: str
) -> None:
    async def race(world: World) -> None:
        job = await world.submit()
        run = await world.executor.next()
        if first == "finish":
            await run.finish()
            await steps(head_start)
            answer = await world.scheduler.cancel(job.job_id)
        else:
            cancelling = asyncio.ensure_future(world.scheduler.cancel(job.job_id))
            await steps(head_start)
            if not run.cancelled.is_set():
                await run.finish()
            answer = await cancelling
        ended = await world.end_of(job)
        assert answer.state is ended.state
        assert (await world.states(job))[-1] == ended.state.value
        if ended.state is JobState.COMPLETED:
            assert world.files_of(job) == {"attempt-1/clean.wav"}
        else:
            assert ended.state is JobState.CANCELLED
            assert not world.has_folder(job)
        await world.running(0)

    in_a_world()(race)(tmp_path)


@in_a_world()
async def test_a_running_job_can_be_deleted(world: World) -> None:
    job, after = await world.submit(), await world.submit()
    run = await world.executor.next()
    await world.scheduler.delete(job.job_id)
    assert run.cancelled.is_set()
    assert not world.has_folder(job)
    with pytest.raises(NoSuchJob):
        await world.scheduler.get(job.job_id)
    assert await world.store.events(job.job_id, 0) == ()
    assert await world.executor.next_jobs(1) == [after.job_id]


@in_a_world()
async def test_a_finished_job_can_be_deleted_with_its_results(world: World) -> None:
    job = await world.submit()
    await world.executor.next_jobs(1)
    await world.end_of(job)
    await world.scheduler.delete(job.job_id)
    assert not world.has_folder(job)


@in_a_world()
async def test_a_call_whose_job_is_deleted_meanwhile_ends_like_any_other(world: World) -> None:
    job = (await world.scheduler.submit(a_job(attached=True), upload()))[0]
    await world.executor.next()
    await asyncio.gather(world.scheduler.delete(job.job_id), world.scheduler.release(job.job_id))
    assert not world.has_folder(job)
