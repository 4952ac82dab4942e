"""The database takes the steps of a job's life and no others, and notes what each one means."""

from collections.abc import Awaitable, Callable

import pytest
from daemon.job_examples import SUMMARY
from daemon.state.store_bench import ERROR, STATES, Bench, reached
from unmix.words import Job, JobState, Progress
from unmix_daemon.state.store import Store

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
