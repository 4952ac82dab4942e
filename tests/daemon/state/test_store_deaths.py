"""What the database holds after every kind of death, and which files it refuses to open."""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from daemon.job_examples import a_job
from daemon.state.store_bench import LOST, STATES, Bench, reached
from unmix.words import Job, JobState
from unmix_daemon.state.migrations import MIGRATIONS
from unmix_daemon.state.store import Store


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


DIES_WHILE_IT_MIGRATES = """
import os, signal, sys
from pathlib import Path
from unmix_daemon.state import migrations, store

def dying(step):
    def died(db):
        step(db)
        os.kill(os.getpid(), signal.SIGKILL)
    return died

at = int(sys.argv[2])
store.MIGRATIONS = tuple(dying(step) if n == at else step for n, step in enumerate(migrations.MIGRATIONS))
store.Store(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("step", range(len(MIGRATIONS)))
def test_a_process_that_is_killed_in_a_migration_leaves_what_was_there(bench: Bench, step: int) -> None:
    if step:
        with sqlite3.connect(bench.path) as db:
            db.executescript((Path(__file__).parent / "data" / "jobs-0.1.0.sql").read_text("utf-8"))
        db.close()
    program = [sys.executable, "-c", DIES_WHILE_IT_MIGRATES, str(bench.path), str(step)]
    assert subprocess.run(program, check=False).returncode == -signal.SIGKILL

    async def work(store: Store) -> int:
        return len((await store.page((), "", 100, None)).jobs)

    assert bench.run(work) == (5 if step else 0)


@pytest.mark.parametrize("seed", [*range(8), 26, 44, 62, 69])
def test_a_damaged_database_is_read_or_refused_and_nothing_else(bench: Bench, seed: int) -> None:
    async def fill(store: Store) -> None:
        for state in STATES:
            await reached(store, state)

    bench.run(fill)
    whole = bytearray(bench.path.read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 8, 200))):
        whole[chance.randrange(len(whole))] = chance.randrange(256)
    bench.path.write_bytes(whole[: len(whole) // chance.choice((1, 1, 2))])

    async def work(store: Store) -> None:
        await store.recover(LOST)
        await store.expired(1.0, 0.0)
        for job in (await store.page((), "", 100, None)).jobs:
            await store.events(job.job_id, 0)

    with suppress(sqlite3.DatabaseError):
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
    with pytest.raises(FileNotFoundError):
        Store(tmp_path / "absent" / "jobs.sqlite3")
