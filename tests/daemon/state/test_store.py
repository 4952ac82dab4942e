"""What the database keeps of jobs, and how they are found again."""

import asyncio
import sqlite3
from dataclasses import replace

from daemon.job_examples import SUMMARY, a_job
from daemon.state.store_bench import STATES, Bench, reached
from unmix.words import JobState, Options, Priority, Progress, Section
from unmix_daemon.state.store import Store


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
        await store.cancel(first.job_id)
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
        assert await store.expired(1e6, 60.0) == ()  # found to be finished now, whatever passed before
        assert await store.expired(59.0, 60.0) == ()
        assert set(await store.expired(1.0, 60.0)) == ended

    bench.run(work)


def test_what_was_kept_is_remembered_by_the_next_daemon(bench: Bench) -> None:
    async def first(store: Store) -> str:
        job = await reached(store, JobState.COMPLETED)
        for _ in range(2):
            assert await store.expired(30.0, 60.0) == ()
        return job.job_id

    async def second(store: Store) -> tuple[str, ...]:
        return await store.expired(30.0, 60.0)

    kept = bench.run(first)
    assert bench.run(second) == (kept,)


def test_a_job_that_ends_again_is_kept_anew(bench: Bench) -> None:
    async def work(store: Store) -> str:
        job = await reached(store, JobState.FAILED)
        assert await store.expired(30.0, 60.0) == ()
        return job.job_id

    job_id = bench.run(work)
    with sqlite3.connect(bench.path) as db:
        db.execute("UPDATE jobs SET ended = ended + 50")
    db.close()

    async def later(store: Store) -> None:
        assert await store.expired(60.0, 60.0) == ()
        assert await store.expired(60.0, 60.0) == (job_id,)

    bench.run(later)


def test_rows_with_much_to_tell_make_pages_shorter_and_none_is_left_out(bench: Bench) -> None:
    async def work(store: Store) -> None:
        big = Options(file_name="x" * (3 << 20))
        jobs = [replace(a_job(), options=big if number % 3 == 0 else Options()) for number in range(9)]
        for job in jobs:
            await store.add(job)
        found: list[str] = []
        sizes: list[int] = []
        before: int | None = None
        while True:
            page = await store.page((), "", 1000, before)
            found += [job.job_id for job in page.jobs]
            sizes.append(sum(job.to_proto().ByteSize() for job in page.jobs))
            if page.next is None:
                break
            before = page.next
        assert found == [job.job_id for job in reversed(jobs)]
        assert len(sizes) == 3
        assert max(sizes) < 4 << 20

    bench.run(work)


def test_files_are_needed_by_what_waits_or_runs_and_by_durable_jobs_with_a_result_or_a_failure(
    bench: Bench,
) -> None:
    async def work(store: Store) -> None:
        needed = set()
        for attached in (False, True):
            for state in STATES:
                job = await reached(store, state, attached=attached)
                kept = state in {JobState.COMPLETED, JobState.FAILED} and not attached
                if not state.is_final or kept:
                    needed.add(job.job_id)
        assert await store.with_files() == needed
        assert len(needed) == 6

    bench.run(work)
