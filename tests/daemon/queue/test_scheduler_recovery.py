"""What a daemon takes up from the one before it, and what becomes of its jobs when it stops."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from daemon.fake_executor import RESULT
from daemon.job_examples import SUMMARY, a_job
from daemon.world import World, in_a_world, steps, upload, world
from unmix.words import JobError, JobState, Priority
from unmix_daemon.errors import ShuttingDown
from unmix_daemon.state.folders import Folders
from unmix_daemon.state.store import Store


def test_a_later_daemon_takes_up_what_a_killed_one_left(tmp_path: Path) -> None:
    jobs = {
        "waits": a_job(),
        "ran": a_job(),
        "of a call": a_job(attached=True),
        "of a call, ran": a_job(attached=True),
        "completed": a_job(),
        "failed": a_job(),
    }

    async def killed() -> None:
        store, folders = Store(tmp_path / "jobs.sqlite3"), Folders(tmp_path / "jobs")
        for job in jobs.values():
            await folders.receive(job.job_id, upload(), None, 100, durable=False)
            await store.add(job)
        for name in ("ran", "of a call, ran", "completed", "failed"):
            await store.start(jobs[name].job_id)
            folders.of(jobs[name].job_id).outputs(1).mkdir()
            (folders.of(jobs[name].job_id).outputs(1) / "clean.wav").write_bytes(RESULT)
        await store.complete(jobs["completed"].job_id, SUMMARY)
        await store.fail(jobs["failed"].job_id, JobError("INVALID_AUDIO", "Empty."))
        (folders.root / "half an upload").mkdir()
        await store.close()

    async def later() -> None:
        async with asyncio.timeout(20), world(tmp_path, retention=1e12) as here:
            left = {path.name for path in here.folders.root.iterdir()}
            assert left == {jobs[name].job_id for name in ("waits", "ran", "completed", "failed")}
            runs = [await here.executor.next()]
            await runs[0].finish()
            runs.append(await here.executor.next())
            assert [run.job.job_id for run in runs] == [jobs["waits"].job_id, jobs["ran"].job_id]
            assert [run.job.attempts for run in runs] == [1, 2]
            assert here.files_of(jobs["ran"]) == {"input"}
            for name in ("of a call", "of a call, ran"):
                error = (await here.scheduler.get(jobs[name].job_id)).error
                assert error
                assert error.reason == "SHUTTING_DOWN"
            assert "attempt-1/clean.wav" in here.files_of(jobs["completed"])

    asyncio.run(killed())
    asyncio.run(later())


@in_a_world()
async def test_a_daemon_that_stops_takes_no_more_jobs(world: World) -> None:
    await world.scheduler.close()
    job = a_job()
    with pytest.raises(ShuttingDown, match="try again"):
        await world.scheduler.submit(job, upload())
    assert not world.has_folder(job)


@in_a_world()
async def test_an_upload_that_ends_after_the_daemon_does_is_refused(world: World) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        begun.set()
        await go_on.wait()
        yield b"audio"

    job = a_job()
    submitting = asyncio.ensure_future(world.scheduler.submit(job, slow()))
    await begun.wait()
    await world.scheduler.close()
    go_on.set()
    with pytest.raises(ShuttingDown):
        await submitting
    assert not world.has_folder(job)
    assert await world.store.get(job.job_id) is None


@in_a_world(drain=600.0)
async def test_running_jobs_may_finish_within_the_drain_time(world: World) -> None:
    job, waiting = await world.submit(), await world.submit()
    run = await world.executor.next()
    closing = asyncio.ensure_future(world.scheduler.close())
    await steps(10)
    assert not closing.done()
    await run.finish()
    await closing
    assert (await world.scheduler.get(job.job_id)).state is JobState.COMPLETED
    assert world.files_of(job) == {"attempt-1/clean.wav"}
    assert (await world.scheduler.get(waiting.job_id)).state is JobState.PENDING


@in_a_world(drain=600.0)
async def test_callers_that_wait_are_served_within_the_drain_time(world: World) -> None:
    await world.submit()
    run = await world.executor.next()
    waiting = await world.submit(attached=True)
    closing = asyncio.ensure_future(world.scheduler.close())
    await run.finish()
    run = await world.executor.next()
    assert run.job.job_id == waiting.job_id
    run.die()
    await world.executor.next_jobs(1)
    await closing
    assert (await world.scheduler.get(waiting.job_id)).state is JobState.COMPLETED


@in_a_world(drain=600.0)
async def test_nobody_is_waited_for_when_the_last_caller_has_hung_up(world: World) -> None:
    running, waiting = await world.submit(attached=True), await world.submit(attached=True)
    await world.executor.next()
    closing = asyncio.ensure_future(world.scheduler.close())
    await steps(10)
    await world.scheduler.release(running.job_id)
    await world.scheduler.release(waiting.job_id)
    await closing


@in_a_world()
async def test_after_the_drain_time_durable_jobs_wait_for_the_next_daemon_and_calls_fail(
    world: World,
) -> None:
    running, waiting = await world.submit(), await world.submit()
    await world.executor.next()
    call = await world.submit(attached=True, priority=Priority.INTERACTIVE)
    run = await world.executor.next()
    next_call = await world.submit(attached=True)
    await run.grow()
    await world.scheduler.close()
    assert run.cancelled.is_set()
    for job in (running, waiting):
        assert (await world.scheduler.get(job.job_id)).state is JobState.PENDING
        assert world.files_of(job) == {"input"}
    for job in (call, next_call):
        error = (await world.scheduler.get(job.job_id)).error
        assert error
        assert error.reason == "SHUTTING_DOWN"
        assert not world.has_folder(job)


@in_a_world(drain=600.0)
async def test_a_durable_job_whose_worker_dies_while_the_daemon_stops_waits_for_the_next(
    world: World,
) -> None:
    job = await world.submit()
    run = await world.executor.next()
    closing = asyncio.ensure_future(world.scheduler.close())
    await steps(10)
    run.die()
    await closing
    stored = await world.scheduler.get(job.job_id)
    assert (stored.state, stored.crashes) == (JobState.PENDING, 1)
    assert "input" in world.files_of(job)


@pytest.mark.parametrize("moment", range(0, 20, 2))
@pytest.mark.parametrize("end", ["finish", "refuse", "die"])
def test_a_job_that_ends_as_the_daemon_does_is_whole(tmp_path: Path, moment: int, end: str) -> None:
    async def stopped(world: World) -> None:
        job = await world.submit()
        run = await world.executor.next()
        if end == "finish":
            await run.finish()
        else:
            getattr(run, end)()
        await steps(moment)
        await world.scheduler.close()
        stored = await world.store.get(job.job_id)
        assert stored
        match stored.state:
            case JobState.COMPLETED:
                assert "attempt-1/clean.wav" in world.files_of(job)
            case JobState.PENDING:
                assert "input" in world.files_of(job)
            case _:
                assert (end, stored.state) == ("refuse", JobState.FAILED)

    in_a_world()(stopped)(tmp_path)
