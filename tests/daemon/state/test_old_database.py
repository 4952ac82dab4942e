"""Databases that other versions wrote, and rows that nobody can read."""

import asyncio
import math
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from daemon.job_examples import a_job
from daemon.world import World, in_a_world
from unmix.words import (
    AudioFacts,
    Consistency,
    DenoiseStem,
    DenoiseTask,
    Job,
    JobError,
    JobState,
    Priority,
    Section,
    SeparateTask,
)
from unmix_daemon.state.store import Store

T = TypeVar("T")
OLDEST = Path(__file__).parent / "data" / "jobs-0.1.0.sql"
LOST = JobError("SHUTTING_DOWN", "The daemon stopped.")


@pytest.fixture
def oldest(tmp_path: Path) -> Path:
    """A database as 0.1.0 left it: a job in each state, and one that waits."""
    path = tmp_path / "jobs.sqlite3"
    with sqlite3.connect(path) as db:
        db.executescript(OLDEST.read_text("utf-8"))
    db.close()
    return path


def run(path: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    async def opened() -> T:
        store = Store(path, lambda: 9000.0)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(opened())


def the_job(path: Path, number: int) -> Job:
    job = run(path, lambda store: store.get(f"{number:032x}"))
    assert job
    return job


def test_jobs_of_the_first_release_are_as_they_were(oldest: Path) -> None:
    done = the_job(oldest, 1)
    assert done.task == DenoiseTask("rnnoise", 12.5, (DenoiseStem.CLEAN, DenoiseStem.NOISE))
    assert done.options.file_name == "talk – é.wav"
    assert (done.options.priority, done.options.section) == (Priority.FOLDER, Section(10, 0))
    assert (done.state, done.error) == (JobState.COMPLETED, None)
    failed = the_job(oldest, 2)
    assert failed.task == SeparateTask("auto", ("vocals", "-vocals"), Consistency.NONE, 2, 0.25)
    assert failed.error == JobError("MODEL_MISSING", "Get it with: unmix models pull htdemucs")
    assert [the_job(oldest, number).state.value for number in (3, 4, 5)] == [
        "cancelled",
        "processing",
        "pending",
    ]


def test_summaries_of_the_first_release_are_whole(oldest: Path) -> None:
    summary = the_job(oldest, 1).summary
    assert summary
    assert (summary.model, summary.model_reason, summary.job_id) == ("rnnoise", "asked for", f"{1:032x}")
    assert summary.audio == AudioFacts(48_000, 48_000, 2)
    assert summary.timeline == ()
    assert [(output.name, output.stem) for output in summary.outputs] == [
        ("clean", "clean"),
        ("noise", "noise"),
    ]
    assert summary.outputs[0].level_dbfs == -math.inf
    events = run(oldest, lambda store: store.events(f"{1:032x}", 0))
    assert events[-1].summary == summary
    assert [event.state.value for event in events] == ["pending", "processing", "processing", "completed"]


def test_what_the_first_release_left_undone_is_taken_up(oldest: Path) -> None:
    taken = run(oldest, lambda store: store.recover(LOST))
    assert [job.job_id for job in taken] == [f"{4:032x}", f"{5:032x}"]
    assert {job.state for job in taken} == {JobState.PENDING}


def test_a_key_of_the_first_release_still_names_its_job(oldest: Path) -> None:
    known = run(oldest, lambda store: store.known("shell", "key-2"))
    assert known
    assert known.job_id == f"{2:032x}"


UNREADABLE = {
    "a task that does not exist": "task_kind = 'juggle'",
    "a task of another kind": "task_kind = 'separate', task = '{\"kind\": \"denoise\"}'",
    "a task that is no JSON": "task = 'denoise'",
    "options that are none": "options = '[]'",
    "progress that is none": 'progress = \'{"fraction": "much"}\'',
}


@pytest.mark.parametrize("damage", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_row_that_cannot_be_read_fails_its_job_by_name_and_no_other(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "jobs.sqlite3"

    async def add(store: Store) -> tuple[Job, Job]:
        return (await store.add(a_job()))[0], (await store.add(a_job()))[0]

    broken, whole = run(path, add)
    with sqlite3.connect(path) as db:
        db.execute(f"UPDATE jobs SET {damage} WHERE job_id = ?", (broken.job_id,))  # noqa: S608  # ours
    db.close()

    async def look(store: Store) -> tuple[list[Job], Job | None, list[Job]]:
        taken = await store.recover(LOST)
        return list(taken), await store.get(broken.job_id), list((await store.page((), "", 9, None)).jobs)

    taken, told, page = run(path, look)
    assert [job.job_id for job in taken] == [whole.job_id]
    assert told
    assert told.state is JobState.FAILED
    assert told.error
    assert told.error.reason == "UNREADABLE_JOB"
    assert broken.job_id in told.error.message
    assert {job.job_id: job.state for job in page} == {
        broken.job_id: JobState.FAILED,
        whole.job_id: JobState.PENDING,
    }
    with sqlite3.connect(path) as db:
        (state,) = db.execute("SELECT state FROM jobs WHERE job_id = ?", (broken.job_id,)).fetchone()
    db.close()
    assert state == "failed"


@in_a_world()
async def test_nothing_is_computed_for_a_row_that_cannot_be_read(world: World) -> None:
    blocker = await world.submit()
    await world.executor.next()
    job = await world.submit()
    await world.store._run(  # as another version could have written it
        lambda db: db.execute("UPDATE jobs SET task_kind = 'juggle' WHERE job_id = ?", (job.job_id,))
    )
    await world.scheduler.cancel(blocker.job_id)
    ended = await world.end_of(job)
    assert ended.error
    assert ended.error.reason == "UNREADABLE_JOB"
    await world.running(0)


@in_a_world()
async def test_an_event_that_cannot_be_read_does_not_end_the_watching(world: World) -> None:
    job = await world.submit()
    await (await world.executor.next()).finish()
    await world.end_of(job)
    await world.store._run(
        lambda db: db.execute("UPDATE events SET progress = '{\"stage\": 7}' WHERE state = 'processing'")
    )
    events = [event async for event in world.scheduler.watch(job.job_id, 0)]
    assert [event.state for event in events] == [
        JobState.PENDING,
        JobState.PROCESSING,
        JobState.COMPLETED,
    ]


@in_a_world()
async def test_an_end_that_cannot_be_read_is_told_as_such(world: World) -> None:
    job = await world.submit()
    await (await world.executor.next()).finish()
    await world.end_of(job)
    await world.store._run(
        lambda db: db.execute("UPDATE events SET summary = '[]' WHERE state = 'completed'")
    )
    *_, last = [event async for event in world.scheduler.watch(job.job_id, 0)]
    assert last.state is JobState.FAILED
    assert last.error
    assert last.error.reason == "UNREADABLE_JOB"


def test_a_state_of_a_later_version_is_listed_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite3"
    job = run(path, lambda store: store.add(a_job()))[0]
    with sqlite3.connect(path) as db:
        db.execute("UPDATE jobs SET state = 'paused'")
    db.close()

    async def look(store: Store) -> tuple[list[Job], list[Job], tuple[str, ...]]:
        before = list((await store.page((), "", 9, None)).jobs)
        await store.recover(LOST)
        return (
            before,
            list((await store.page((JobState.FAILED,), "", 9, None)).jobs),
            await store.expired(1e12, 0.0),
        )

    before, after, expired = run(path, look)
    assert [(one.job_id, one.state) for one in before] == [(job.job_id, JobState.FAILED)]
    assert [one.job_id for one in after] == [job.job_id]
    assert expired == (job.job_id,)


ODD = {
    "a length of time beyond all": "options = replace(options, '\"keep_alive\": null', '\"keep_alive\": 1e18')",
    "no number": "options = replace(options, '\"keep_alive\": null', '\"keep_alive\": NaN')",
    "a moment beyond all": "created = 1e300",
    "half a character": 'options = replace(options, \'"file_name": ""\', \'"file_name": "\\ud800"\')',
    "a size beyond all": "options = replace(options, '\"size_bytes\": null', '\"size_bytes\": 99999999999999999999')",
    "nested without end": f"task = '{'[' * 100_000}'",
}


@pytest.mark.parametrize("damage", ODD.values(), ids=ODD.keys())
def test_no_row_keeps_the_others_from_being_listed(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "jobs.sqlite3"
    run(path, lambda store: store.add(a_job()))
    run(path, lambda store: store.add(a_job()))
    with sqlite3.connect(path) as db:
        (before,) = db.execute("SELECT options || task || created FROM jobs WHERE number = 1").fetchone()
        db.execute(f"UPDATE jobs SET {damage} WHERE number = 1")  # noqa: S608  # ours
        (after,) = db.execute("SELECT options || task || created FROM jobs WHERE number = 1").fetchone()
    db.close()
    assert before != after
    page = run(path, lambda store: store.page((), "", 9, None))
    for job in page.jobs:
        job.to_proto().SerializeToString()
    assert len(page.jobs) == 2
    assert page.jobs[0].state is JobState.PENDING
