"""A job that is tried again while it is just ending, by whoever ends it, runs or is refused; it never breaks."""

import asyncio
import shutil
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from daemon.world import World, in_a_world, steps
from unmix.words import Job, JobState
from unmix_daemon.errors import InputGone, NoSuchJob
from unmix_daemon.state import folders

RMTREE = shutil.rmtree


class Gate:
    """A step on a job's files that begins only when the test lets it."""

    def __init__(self, step: Callable[[str], Awaitable[None]]) -> None:
        self._step = step
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, job_id: str) -> None:
        self.reached.set()
        await self.opened.wait()
        await self._step(job_id)


async def failed(world: World) -> Job:
    job = await world.submit()
    (await world.executor.next()).refuse()
    return await world.end_of(job)


async def all_that_can_happen(world: World) -> None:
    for _ in range(5):
        await world.store.get("")
        await steps(5)


@in_a_world()
async def test_a_retry_while_a_cancel_waits_for_the_device_says_that_the_file_is_gone(world: World) -> None:
    job = await world.submit()
    run = await world.executor.next()
    run.may_stop.clear()
    cancelling = asyncio.ensure_future(world.scheduler.cancel(job.job_id))
    await run.cancelled.wait()
    retrying = asyncio.ensure_future(world.scheduler.retry(job.job_id))
    await all_that_can_happen(world)
    assert not retrying.done()
    run.may_stop.set()
    assert (await cancelling).state is JobState.CANCELLED
    with pytest.raises(InputGone, match="send it again"):
        await retrying
    assert await world.states(job) == ["pending", "processing", "cancelled"]
    assert not world.has_folder(job)


@in_a_world()
async def test_whoever_hangs_up_does_not_wait_for_the_end(world: World) -> None:
    job = await world.submit()
    run = await world.executor.next()
    run.may_stop.clear()
    cancelling = asyncio.ensure_future(world.scheduler.cancel(job.job_id))
    await run.cancelled.wait()
    retrying = asyncio.ensure_future(world.scheduler.retry(job.job_id))
    await all_that_can_happen(world)
    retrying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await retrying
    run.may_stop.set()
    await cancelling


@in_a_world()
async def test_a_retry_of_a_job_whose_failure_is_just_tidied_away_runs(world: World) -> None:
    gate = Gate(world.folders.remove_attempts)
    job = await world.submit()
    run = await world.executor.next()
    world.folders.remove_attempts = gate
    run.refuse()
    await gate.reached.wait()
    assert (await world.scheduler.get(job.job_id)).state is JobState.FAILED
    retrying = asyncio.ensure_future(world.scheduler.retry(job.job_id))
    await all_that_can_happen(world)
    gate.opened.set()
    assert (await retrying).state is JobState.PENDING
    again = await world.executor.next()
    assert again.input == b"audio"
    await again.finish()
    assert (await world.end_of(job)).state is JobState.COMPLETED


@in_a_world()
async def test_deleting_a_job_that_is_tried_again_meanwhile_stops_it(world: World) -> None:
    job = await failed(world)
    removal = Gate(world.folders.remove)
    world.folders.remove = removal
    deleting = asyncio.ensure_future(world.scheduler.delete(job.job_id))
    await removal.reached.wait()
    assert (await world.scheduler.retry(job.job_id)).state is JobState.PENDING
    run = await world.executor.next()
    removal.opened.set()
    await deleting
    assert run.cancelled.is_set()
    assert world.scheduler.live(job.job_id) is None
    assert not world.has_folder(job)
    with pytest.raises(NoSuchJob):
        await world.scheduler.get(job.job_id)


def test_a_retry_while_the_files_are_deleted_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = threading.Event()

    def slowly(path: Path, *, ignore_errors: bool) -> None:
        may_go_on.wait(20)
        RMTREE(path, ignore_errors=ignore_errors)

    async def race(world: World) -> None:
        job = await failed(world)
        monkeypatch.setattr(folders.shutil, "rmtree", slowly)
        deleting = asyncio.ensure_future(world.scheduler.delete(job.job_id))
        await all_that_can_happen(world)
        try:
            with pytest.raises(InputGone):
                await world.scheduler.retry(job.job_id)
        finally:
            may_go_on.set()
        await deleting
        assert not world.has_folder(job)

    in_a_world()(race)(tmp_path)


def test_files_that_could_not_be_deleted_yet_are_worked_on_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_vain(path: Path, *, ignore_errors: bool) -> None:
        del path, ignore_errors

    async def lives(world: World) -> None:
        job = await world.submit()
        await world.executor.next()
        with monkeypatch.context() as patch:
            patch.setattr(folders.shutil, "rmtree", in_vain)
            await world.scheduler.cancel(job.job_id)
        assert "input" in world.files_of(job)
        with pytest.raises(InputGone):
            await world.scheduler.retry(job.job_id)
        await world.folders.remove_leftovers()
        assert not world.has_folder(job)

    in_a_world()(lives)(tmp_path)
