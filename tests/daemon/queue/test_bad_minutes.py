"""What the machine is short of for a while is no job's end: it is waited out, told and tried again."""

import asyncio
import errno
import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from daemon.job_examples import SUMMARY, a_job
from daemon.world import World, in_a_world, steps, upload, world
from unmix.words import Job, JobState
from unmix_daemon import passing
from unmix_daemon.errors import JobFailed, Short
from unmix_daemon.queue import delivery
from unmix_daemon.queue.delivery import Delivery, deliver
from unmix_daemon.queue.live_job import LiveJob
from unmix_daemon.reports import Done


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(passing, "LONGEST_PAUSE", 0.01)


def of_sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code  # pyright: ignore[reportAttributeAccessIssue]  # as SQLite sets it
    return error


PASSING: dict[str, Exception] = {
    **{
        errno.errorcode[code]: OSError(code, "as the system says it")
        for code in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.ENOSPC, errno.EDQUOT)
    },
    "MemoryError": MemoryError(),
    "no thread": RuntimeError("can't start new thread"),
    "worker's disk": JobFailed("STORAGE_FULL", "The disk of the state folder is full."),
    "worker's descriptors": JobFailed("OUT_OF_RESOURCES", "Too many files are open on this machine."),
    "worker does not start": Short("OUT_OF_RESOURCES", "The worker process ended with status 1."),
    "database full": of_sqlite(sqlite3.SQLITE_FULL),
    "database locked": of_sqlite(sqlite3.SQLITE_BUSY),
    "database unreadable": of_sqlite(sqlite3.SQLITE_IOERR_FSYNC),
}


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("attached", [False, True])
def test_a_job_that_meets_a_bad_minute_is_put_off_and_done_later(
    tmp_path: Path, kind: str, attached: bool
) -> None:
    async def met(world: World) -> None:
        job = await world.submit(attached=attached)
        for _ in range(5):  # more than a job may bring down workers
            (await world.executor.next()).fail(PASSING[kind])
        run = await world.executor.next()
        assert run.job.crashes == 0
        assert run.input == b"audio"
        await run.finish()
        assert (await world.end_of(job)).state is JobState.COMPLETED
        assert await world.states(job) == [
            "pending",
            *5 * ["processing", "pending"],
            "processing",
            "completed",
        ]
        assert world.scheduler.waits_for == ()

    in_a_world()(met)(tmp_path)


@in_a_world()
async def test_what_a_job_waits_for_is_told_to_whoever_looks_watches_calls_or_asks_for_the_status(
    world: World, /
) -> None:
    passing.FIRST_PAUSE = passing.LONGEST_PAUSE = 1000.0  # the fixture puts it back
    durable = await world.submit()
    (await world.executor.next()).fail(PASSING["EMFILE"])
    call, _ = await world.scheduler.submit(a_job(attached=True), upload())
    why = "too many files are open on this machine"
    while world.scheduler.waits_for != (why,):
        await steps(1)
    assert (await world.scheduler.get(durable.job_id)).progress.stage == f"waiting: {why}"
    (seen,) = [event.progress.stage for event in (await world.store.events(durable.job_id, 0))[2:]]
    assert seen == f"waiting: {why}"
    await world.running(0)  # a call that comes meanwhile waits, too
    await world.scheduler.cancel(durable.job_id)
    await world.scheduler.release(call.job_id)
    assert (await world.scheduler.get(durable.job_id)).state is JobState.CANCELLED


@in_a_world()
async def test_a_caller_hears_what_it_waits_for_and_gets_its_result(world: World) -> None:
    job, _ = await world.scheduler.submit(a_job(attached=True), upload())
    live = world.scheduler.live(job.job_id)
    assert live
    taking = asyncio.ensure_future(taken(live))
    run = await world.executor.next()
    await run.grow()
    run.fail(PASSING["ENOSPC"])
    await (await world.executor.next()).finish()
    stages = [getattr(delivery, "stage", "") for delivery in await taking]
    assert "waiting: the disk is full" in stages


async def taken(live: LiveJob) -> list[Delivery]:
    return [delivery async for delivery in deliver(live)]


@in_a_world()
async def test_a_result_that_cannot_be_read_for_lack_of_descriptors_is_read_later(world: World) -> None:
    failures = iter([OSError(errno.EMFILE, "Too many open files")] * 3)

    def reluctant(path: Path, offset: int, length: int) -> bytes:
        for failure in failures:
            raise failure
        return path.read_bytes()[offset : offset + length]

    job, _ = await world.scheduler.submit(a_job(attached=True), upload())
    live = world.scheduler.live(job.job_id)
    assert live
    await (await world.executor.next()).finish()
    await world.end_of(job)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "_read_at", reluctant)
        assert [piece.data for piece in await taken(live) if isinstance(piece, delivery.OutputPiece)] == [
            b"wav"
        ]


@in_a_world()
async def test_devices_that_cannot_be_listed_for_a_while_fail_nobody(world: World) -> None:
    world.executor.trouble.extend([PASSING["EMFILE"], PASSING["worker does not start"]])
    job = await world.submit()
    await (await world.executor.next()).finish()
    assert (await world.end_of(job)).state is JobState.COMPLETED


@in_a_world()
async def test_an_input_on_a_bad_block_holds_nobody_up(world: World) -> None:
    bad, good = await world.submit(client="one"), [await world.submit(client="two") for _ in range(4)]
    done = 0
    while done < len(good):
        run = await world.executor.next()
        if run.job.job_id == bad.job_id:
            run.fail(PASSING["EIO"])
        else:
            await run.finish()
            done += 1
    assert (await world.scheduler.get(bad.job_id)).state is not JobState.FAILED


def full(store: Any) -> None:
    """Let the database grow by nothing more."""
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages}")


def has_room(store: Any) -> None:
    store._db.execute("PRAGMA max_page_count = 1000000")


@pytest.mark.parametrize("end", ["complete", "fail", "cancel"])
def test_an_end_that_cannot_be_recorded_is_recorded_later_and_the_queue_goes_on(
    tmp_path: Path, end: str
) -> None:
    async def recorded(world: World) -> None:
        job, after = await world.submit(), await world.submit()
        watching = asyncio.ensure_future(world.end_of(job))
        run = await world.executor.next()
        await run.grow()
        full(world.store)
        long = "A long sentence. " * 20_000
        if end == "complete":
            run.outcome.set_result(Done(replace(SUMMARY, device="cpu", notes=(long,))))
        elif end == "fail":
            run.fail(JobFailed("INVALID_AUDIO", long))
        else:
            fill(world.store)
            cancelling = asyncio.ensure_future(world.scheduler.cancel(job.job_id))
        while tries(world) < 3:
            await asyncio.sleep(0.001)
        assert not watching.done()
        has_room(world.store)
        expected = {"complete": "completed", "fail": "failed", "cancel": "cancelled"}[end]
        assert (await watching).state.value == expected
        if end == "cancel":
            await cancelling
        assert await world.executor.next_jobs(1) == [after.job_id]

    def tries(world: World) -> int:
        return len(told)

    told: list[int] = []
    original = passing.pause_after

    def counted(number: int) -> float:
        told.append(number)
        return original(number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passing, "pause_after", counted)
        in_a_world()(recorded)(tmp_path)


def fill(store: Any) -> None:
    """Leave no place within the pages that there are."""
    with suppress(sqlite3.OperationalError):
        while True:
            store._db.execute(
                "INSERT INTO events (job_id, time, state, progress) SELECT job_id, 0, 'pending', '{}' FROM jobs"
            )


def test_a_daemon_that_cannot_record_an_end_can_be_stopped_and_the_next_one_does_the_job(
    tmp_path: Path,
) -> None:
    async def stopped() -> Job:
        async with asyncio.timeout(20), world(tmp_path) as here:
            job = await here.submit()
            run = await here.executor.next()
            full(here.store)
            fill(here.store)
            run.refuse()
            await here.scheduler.close()
            return job

    async def later(job: Job) -> None:
        async with asyncio.timeout(20), world(tmp_path) as here:
            await (await here.executor.next()).finish()
            assert (await here.end_of(job)).state is JobState.COMPLETED

    asyncio.run(later(asyncio.run(stopped())))


@in_a_world()
async def test_a_submission_that_cannot_be_recorded_is_refused_and_leaves_nothing(world: World) -> None:
    full(world.store)
    job = a_job(file_name="x" * 100_000)
    with pytest.raises(sqlite3.OperationalError) as refused:
        await world.scheduler.submit(job, upload())
    met = passing.hindrance(refused.value)
    assert met
    assert (met.error().reason, met.error().retry_seconds) == ("STORAGE_FULL", 5.0)
    assert not world.has_folder(job)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The room on the disk, which a test may change."""
    room = [100]
    monkeypatch.setattr("unmix_daemon.state.folders.Folders.room", lambda _: room[0])
    return room


def test_a_job_waits_until_its_results_have_room_and_others_do_not(tmp_path: Path, free: list[int]) -> None:
    async def waited(world: World) -> None:
        large, small = await world.submit(), await world.submit()
        needs = JobFailed(
            "STORAGE_FULL", "The disk is full: the results take 1 GB.", {"needed_bytes": "1000"}
        )
        (await world.executor.next()).fail(needs)
        assert await world.executor.next_jobs(1) == [small.job_id]
        await world.end_of(small)
        await world.running(0)
        assert world.scheduler.waits_for == ("the disk is full: the results take 1 GB",)
        assert (await world.scheduler.get(large.job_id)).attempts == 1
        free[0] = 1000
        assert await world.executor.next_jobs(1) == [large.job_id]
        assert (await world.end_of(large)).state is JobState.COMPLETED
        assert world.scheduler.waits_for == ()

    in_a_world()(waited)(tmp_path)


def test_what_is_no_bad_minute_still_ends_a_job() -> None:
    for error in (
        OSError(errno.EACCES, "Permission denied"),
        OSError(errno.EFBIG, "File too large"),
        JobFailed("INVALID_AUDIO", "Broken."),
        JobFailed("OUT_OF_MEMORY", "The GPU has too little memory."),
        of_sqlite(sqlite3.SQLITE_CORRUPT),
        sqlite3.ProgrammingError("Cannot operate on a closed database."),
        ZeroDivisionError(),
    ):
        assert passing.hindrance(error) is None, error
