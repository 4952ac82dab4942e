"""What the database keeps of jobs, through every transition and every kind of death."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import psutil
import pytest
from daemon.job_examples import SUMMARY, a_job
from unmix.words import Job, JobError, JobState, Options, Priority, Progress, Section
from unmix_daemon.state.migrations import MIGRATIONS
from unmix_daemon.state.store import Store

T = TypeVar("T")
ERROR = JobError("MODEL_MISSING", "It is not installed; get it.", facts={"model": "htdemucs"})
LOST = JobError("SHUTTING_DOWN", "The daemon stopped.")

STATES = tuple(state for state in JobState if state is not JobState.UNKNOWN)
"""Those that a job of ours can be in."""


class Clock:
    def __init__(self) -> None:
        self.now = 2000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A database file, opened for one piece of work after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()

    def run(self, work: Callable[[Store], Awaitable[T]]) -> T:
        async def opened() -> T:
            store = Store(self.path, self.clock)
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(opened())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "jobs.sqlite3")


async def reached(store: Store, state: JobState, **options: object) -> Job:
    """A stored job that has come to `state`."""
    job, _ = await store.add(a_job(**options))  # type: ignore[arg-type]  # whatever a_job takes
    if state is JobState.PENDING:
        return job
    started = await store.start(job.job_id)
    assert started
    ends: dict[JobState, Callable[[], Awaitable[Job | None]]] = {
        JobState.COMPLETED: lambda: store.complete(job.job_id, SUMMARY),
        JobState.FAILED: lambda: store.fail(job.job_id, ERROR),
        JobState.CANCELLED: lambda: store.cancel(job.job_id),
    }
    ended = await ends[state]() if state in ends else started
    assert ended
    return ended


TRANSITIONS: dict[str, Callable[[Store, str], Awaitable[Job | None]]] = {
    "start": lambda store, job_id: store.start(job_id),
    "complete": lambda store, job_id: store.complete(job_id, SUMMARY),
    "fail": lambda store, job_id: store.fail(job_id, ERROR),
    "cancel": lambda store, job_id: store.cancel(job_id),
    "requeue": lambda store, job_id: store.requeue(job_id, crashed=True),
}
ALLOWED = {
    (JobState.PENDING, "start"): JobState.PROCESSING,
    (JobState.PENDING, "fail"): JobState.FAILED,
    (JobState.PENDING, "cancel"): JobState.CANCELLED,
    (JobState.PROCESSING, "complete"): JobState.COMPLETED,
    (JobState.PROCESSING, "fail"): JobState.FAILED,
    (JobState.PROCESSING, "cancel"): JobState.CANCELLED,
    (JobState.PROCESSING, "requeue"): JobState.PENDING,
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("transition", TRANSITIONS)
def test_only_the_steps_of_a_jobs_life_are_taken(bench: Bench, state: JobState, transition: str) -> None:
    async def work(store: Store) -> None:
        job = await reached(store, state)
        events = await store.events(job.job_id, 0)
        after = await TRANSITIONS[transition](store, job.job_id)
        expected = ALLOWED.get((state, transition))
        if expected is None:
            assert after is None
            assert await store.get(job.job_id) == job
            assert await store.events(job.job_id, 0) == events
        else:
            assert after is not None
            assert after.state is expected
            assert await store.get(job.job_id) == after
            assert (await store.events(job.job_id, 0))[-1].state is expected

    bench.run(work)


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_a_job_that_does_not_exist_takes_no_step(bench: Bench, transition: str) -> None:
    async def work(store: Store) -> None:
        assert await TRANSITIONS[transition](store, "nobody") is None
        assert await store.get("nobody") is None
        assert await store.events("nobody", 0) == ()
        assert not await store.delete("nobody")

    bench.run(work)


def test_a_job_comes_back_as_it_was_stored(bench: Bench) -> None:
    options = Options(
        file_name="Ünïcödé – 'quoted' \"twice\"\n\\ 漢字 🎧.wav",
        size_bytes=1 << 40,
        format="flac",
        depth="s24",
        device="cuda:0",
        keep_alive=-1.0,
        priority=Priority.FOLDER,
        labels={"": "", "key": "värde\x00"},
        section=Section(1 << 40, 0),
    )
    job = replace(a_job(client="a client", key="k", attached=True), options=options)

    async def work(store: Store) -> None:
        assert await store.add(job) == (job, False)
        assert await store.get(job.job_id) == job

    bench.run(work)


def test_a_job_that_was_stored_before_there_were_sections_is_one_of_the_whole_recording(bench: Bench) -> None:
    job = a_job()

    async def store_job(store: Store) -> None:
        await store.add(job)

    async def read_job(store: Store) -> None:
        assert await store.get(job.job_id) == job

    bench.run(store_job)
    with sqlite3.connect(bench.path) as db:
        changed = db.execute("UPDATE jobs SET options = json_remove(options, '$.section')").rowcount
    db.close()
    assert changed == 1
    bench.run(read_job)


def test_a_start_counts_attempts_and_notes_the_time(bench: Bench) -> None:
    async def work(store: Store) -> None:
        job = await reached(store, JobState.PROCESSING)
        assert (job.attempts, job.started, job.progress) == (1, 2000.0, Progress("starting"))
        await store.requeue(job.job_id, crashed=False)
        bench.clock.now = 2010.0
        again = await store.start(job.job_id)
        assert again
        assert (again.attempts, again.crashes, again.started) == (2, 0, 2010.0)

    bench.run(work)


def test_only_a_death_counts_as_a_crash(bench: Bench) -> None:
    async def work(store: Store) -> None:
        job = await reached(store, JobState.PROCESSING)
        for crashed, crashes in ((True, 1), (False, 1), (True, 2)):
            again = await store.requeue(job.job_id, crashed=crashed)
            assert again
            assert (again.crashes, again.progress) == (crashes, Progress())
            await store.start(job.job_id)

    bench.run(work)


def test_an_end_has_its_time_and_its_reason(bench: Bench) -> None:
    async def work(store: Store) -> None:
        completed = await reached(store, JobState.COMPLETED)
        failed = await reached(store, JobState.FAILED)
        assert (completed.ended, completed.summary, completed.error) == (2000.0, SUMMARY, None)
        assert completed.progress == Progress("done", 1.0, 0.0)
        assert (failed.ended, failed.summary, failed.error) == (2000.0, None, ERROR)

    bench.run(work)


def test_progress_is_recorded_while_a_job_runs_and_at_no_other_time(bench: Bench) -> None:
    progress = Progress("denoising", 0.5, 3.0)

    async def work(store: Store) -> None:
        for state in STATES:
            job = await reached(store, state)
            before = await store.events(job.job_id, 0)
            await store.report(job.job_id, progress)
            events = await store.events(job.job_id, 0)
            if state is JobState.PROCESSING:
                assert events[-1].progress == progress
                assert len(events) == len(before) + 1
            else:
                assert await store.get(job.job_id) == job
                assert events == before

    bench.run(work)


def test_a_key_that_a_client_has_used_gives_the_first_job(bench: Bench) -> None:
    async def work(store: Store) -> None:
        first, second = a_job(key="k"), a_job(key="k")
        assert await store.add(first) == (first, False)
        assert await store.add(second) == (first, True)
        assert await store.get(second.job_id) is None
        await store.cancel(first.job_id)
        found, existing = await store.add(a_job(key="k"))
        assert (found.job_id, found.state, existing) == (first.job_id, JobState.CANCELLED, True)

    bench.run(work)


def test_keys_belong_to_their_client_and_no_key_is_no_key(bench: Bench) -> None:
    async def work(store: Store) -> None:
        jobs = [a_job(key="k"), a_job(key="k", client="another"), a_job(key=""), a_job(key="")]
        assert [await store.add(job) for job in jobs] == [(job, False) for job in jobs]

    bench.run(work)


def test_the_key_of_a_deleted_job_is_free_again(bench: Bench) -> None:
    async def work(store: Store) -> None:
        first, second = a_job(key="k"), a_job(key="k")
        await store.add(first)
        assert await store.delete(first.job_id)
        assert await store.add(second) == (second, False)

    bench.run(work)


def test_the_same_key_at_the_same_time_stores_one_job(bench: Bench) -> None:
    async def work(store: Store) -> None:
        answers = await asyncio.gather(*(store.add(a_job(key="k")) for _ in range(20)))
        assert len({job.job_id for job, _ in answers}) == 1
        assert sorted(existing for _, existing in answers) == [False] + 19 * [True]

    bench.run(work)


def test_events_tell_a_life_in_order_and_resume_after_any_of_them(bench: Bench) -> None:
    async def work(store: Store) -> None:
        other = await reached(store, JobState.PROCESSING)
        job = await reached(store, JobState.PROCESSING)
        await store.report(other.job_id, Progress("denoising", 0.1))
        await store.report(job.job_id, Progress("denoising", 0.5))
        await store.requeue(job.job_id, crashed=True)
        await store.start(job.job_id)
        await store.complete(job.job_id, SUMMARY)
        events = await store.events(job.job_id, 0)
        assert [event.state.value for event in events] == [
            "pending",
            "processing",
            "processing",
            "pending",
            "processing",
            "completed",
        ]
        assert [event.progress.fraction for event in events] == [0, 0, 0.5, 0, 0, 1.0]
        assert events[-1].summary == SUMMARY
        sequences = [event.sequence for event in events]
        assert sequences == sorted(set(sequences))
        for index, sequence in enumerate(sequences):
            assert await store.events(job.job_id, sequence) == events[index + 1 :]

    bench.run(work)


def test_sequence_numbers_are_never_used_again(bench: Bench) -> None:
    async def work(store: Store) -> None:
        first = await reached(store, JobState.COMPLETED)
        last = (await store.events(first.job_id, 0))[-1].sequence
        await store.delete(first.job_id)
        second = await reached(store, JobState.PENDING)
        assert (await store.events(second.job_id, 0))[0].sequence > last

    bench.run(work)


def test_deleting_a_job_takes_its_events_along_and_nobody_elses(bench: Bench) -> None:
    async def work(store: Store) -> None:
        gone = await reached(store, JobState.COMPLETED)
        stays = await reached(store, JobState.COMPLETED)
        assert await store.delete(gone.job_id)
        assert await store.get(gone.job_id) is None
        assert await store.events(gone.job_id, 0) == ()
        assert len(await store.events(stays.job_id, 0)) == 3

    bench.run(work)


def test_pages_hold_every_job_once_newest_first(bench: Bench) -> None:
    async def work(store: Store) -> None:
        jobs = [await reached(store, JobState.PENDING) for _ in range(7)]
        found: list[str] = []
        before: int | None = None
        sizes: list[int] = []
        while True:
            page = await store.page((), "", 3, before)
            found += [job.job_id for job in page.jobs]
            sizes.append(len(page.jobs))
            # What comes or goes between two pages moves nothing that is on the next one.
            await reached(store, JobState.PENDING)
            await store.delete(page.jobs[0].job_id)
            if page.next is None:
                break
            before = page.next
        assert found == [job.job_id for job in reversed(jobs)]
        assert sizes == [3, 3, 1]

    bench.run(work)


def test_a_page_that_is_just_full_is_the_last(bench: Bench) -> None:
    async def work(store: Store) -> None:
        assert await store.page((), "", 3, None) == await store.page((), "nobody", 3, None)
        for _ in range(3):
            await reached(store, JobState.PENDING)
        page = await store.page((), "", 3, None)
        assert (len(page.jobs), page.next) == (3, None)

    bench.run(work)


def test_pages_are_of_the_states_and_the_client_that_are_asked_for(bench: Bench) -> None:
    async def work(store: Store) -> None:
        jobs = {state: await reached(store, state, client=f"of {state}") for state in STATES}
        for state, job in jobs.items():
            assert (await store.page((state,), "", 10, None)).jobs == (job,)
            assert (await store.page((), f"of {state}", 10, None)).jobs == (job,)
            assert (await store.page((state,), "somebody else", 10, None)).jobs == ()
        both = (await store.page((JobState.FAILED, JobState.CANCELLED), "", 10, None)).jobs
        assert {job.state for job in both} == {JobState.FAILED, JobState.CANCELLED}

    bench.run(work)


def test_finished_jobs_expire_and_unfinished_ones_never(bench: Bench) -> None:
    async def work(store: Store) -> None:
        ended = {(await reached(store, state)).job_id for state in STATES if state.is_final}
        for state in (JobState.PENDING, JobState.PROCESSING):
            await reached(store, state)
        assert await store.expired(2000.0) == ()
        assert set(await store.expired(2000.1)) == ended

    bench.run(work)


def test_files_are_needed_by_what_waits_or_runs_and_by_durable_results(bench: Bench) -> None:
    async def work(store: Store) -> None:
        needed = set()
        for attached in (False, True):
            for state in STATES:
                job = await reached(store, state, attached=attached)
                durable_result = state is JobState.COMPLETED and not attached
                if not state.is_final or durable_result:
                    needed.add(job.job_id)
        assert await store.with_files() == needed
        assert len(needed) == 5

    bench.run(work)


def test_a_later_process_takes_up_what_an_earlier_one_left(bench: Bench) -> None:
    async def before(store: Store) -> list[Job]:
        return [
            await reached(store, state, attached=attached) for state in STATES for attached in (False, True)
        ]

    async def after(store: Store) -> tuple[Job, ...]:
        return await store.recover(LOST)

    async def look(store: Store) -> list[Job | None]:
        return [await store.get(job.job_id) for job in jobs]

    jobs = bench.run(before)
    assert bench.run(look) == jobs
    bench.clock.now = 3000.0
    pending = bench.run(after)
    now = bench.run(look)
    for old, new in zip(jobs, now, strict=True):
        assert new
        if old.state.is_final:
            assert new == old
        elif old.attached:
            assert (new.state, new.error, new.ended) == (JobState.FAILED, LOST, 3000.0)
        else:
            assert (new.state, new.attempts, new.crashes) == (JobState.PENDING, old.attempts, 0)
    waiting = [job for job in now if job and job.state is JobState.PENDING]
    assert list(pending) == waiting
    assert len(waiting) == 2
    assert bench.run(after) == pending


def test_recovery_gives_the_oldest_job_first(bench: Bench) -> None:
    async def work(store: Store) -> None:
        jobs = [await reached(store, JobState.PENDING) for _ in range(5)]
        await store.start(jobs[0].job_id)
        await store.start(jobs[3].job_id)
        assert [job.job_id for job in await store.recover(LOST)] == [job.job_id for job in jobs]

    bench.run(work)


def test_a_caller_that_is_cancelled_leaves_a_whole_transaction(bench: Bench) -> None:
    async def work(store: Store) -> None:
        job = a_job()
        adding = asyncio.ensure_future(store.add(job))
        await asyncio.sleep(0)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        assert await store.get(job.job_id) == job
        assert len(await store.events(job.job_id, 0)) == 1

    bench.run(work)


def test_a_failing_transaction_changes_nothing_and_the_next_one_works(bench: Bench) -> None:
    async def work(store: Store) -> None:
        job = await reached(store, JobState.PENDING)
        with pytest.raises(sqlite3.IntegrityError):
            await store.add(job)  # the same identifier once more
        assert await store.get(job.job_id) == job
        assert len(await store.events(job.job_id, 0)) == 1
        assert (await store.add(a_job()))[1] is False

    bench.run(work)


DIES_BETWEEN_A_JOB_AND_ITS_EVENT = """
import asyncio, os, sys
from pathlib import Path
from daemon.job_examples import a_job
from unmix_daemon.state import store as module

async def work():
    store = module.Store(Path(sys.argv[1]))
    await store.add(a_job(client="whole"))
    module._note = lambda *_: os._exit(9)
    await store.add(a_job(client="half"))

asyncio.run(work())
"""


def test_a_process_that_dies_in_a_transaction_leaves_nothing_of_it(bench: Bench) -> None:
    tests = str(Path(__file__).parents[2])
    program = f"import sys; sys.path.insert(0, {tests!r})\n{DIES_BETWEEN_A_JOB_AND_ITS_EVENT}"
    died = subprocess.run([sys.executable, "-c", program, str(bench.path)], check=False)
    assert died.returncode == 9

    async def work(store: Store) -> None:
        jobs = (await store.page((), "", 10, None)).jobs
        assert [job.client for job in jobs] == ["whole"]
        assert len(await store.events(jobs[0].job_id, 0)) == 1

    bench.run(work)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(bench: Bench) -> None:
    bench.path.write_bytes(b"These are my notes. " * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        Store(bench.path)
    assert bench.path.read_bytes() == b"These are my notes. " * 1000


def test_a_database_of_a_newer_version_is_refused(bench: Bench) -> None:
    with sqlite3.connect(bench.path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(sqlite3.DatabaseError, match="newer than this unmix knows"):
        Store(bench.path)


def test_a_database_that_was_refused_is_not_held_open(bench: Bench) -> None:
    bench.path.write_bytes(b"no database at all " * 100)
    with pytest.raises(sqlite3.DatabaseError) as refused:
        Store(bench.path)
    assert str(bench.path) not in {file.path for file in psutil.Process().open_files()}
    assert refused  # whose traceback would hold what is open


def test_a_folder_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        Store(tmp_path / "absent" / "jobs.sqlite3")
