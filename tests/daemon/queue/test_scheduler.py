"""What runs when, and that every job comes to its end."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from daemon.fake_executor import CPU, GPU, RESULT
from daemon.job_examples import SUMMARY, a_job
from daemon.world import World, in_a_world, steps, upload, world
from unmix.words import FieldError, JobError, JobEvent, JobState, Priority, Progress
from unmix_daemon.errors import Busy, NoSuchJob, ShuttingDown, WorkerDied, WorkerLost
from unmix_daemon.queue import recorder
from unmix_daemon.queue.sweeper import Sweeper
from unmix_daemon.state.folders import Folders
from unmix_daemon.state.store import Store
from unmix_models.devices import Device

NO_GPU = Device("cuda:0", "A GPU", available=False, reason="no NVIDIA driver found")
LIVES = {
    "completed": ["pending", "processing", "completed"],
    "failed": ["pending", "processing", "failed"],
}

URGENCIES = (Priority.BATCH, Priority.FOLDER, Priority.INTERACTIVE)


# A life


@in_a_world()
async def test_a_job_is_uploaded_run_and_completed(world: World) -> None:
    job, existing = await world.scheduler.submit(a_job(created=990.0), upload(b"au", b"dio"))
    assert (job.state, existing) == (JobState.PENDING, False)
    run = await world.executor.next()
    assert (run.input, run.device, run.job.attempts) == (b"audio", "cpu", 1)
    await run.finish()
    ended = await world.end_of(job)
    assert ended.state is JobState.COMPLETED
    assert ended.summary
    assert (ended.summary.model, ended.summary.queued_seconds) == ("rnnoise", 10.0)
    assert await world.states(job) == LIVES["completed"]
    assert world.files_of(job) == {"attempt-1/clean.wav"}
    assert world.scheduler.live(job.job_id) is None


@in_a_world()
async def test_a_job_that_fails_says_why_and_leaves_no_file(world: World) -> None:
    job, after = await world.submit(), await world.submit()
    (await world.executor.next()).refuse()
    ended = await world.end_of(job)
    assert ended.state is JobState.FAILED
    assert ended.error == JobError("INVALID_AUDIO", "The file is empty: copy or export it again.")
    assert not world.has_folder(job)
    assert await world.executor.next_jobs(1) == [after.job_id]


@in_a_world()
async def test_an_unexpected_error_of_one_job_does_not_stop_the_next(world: World) -> None:
    job, after = await world.submit(), await world.submit()
    (await world.executor.next()).fail(ZeroDivisionError("a secret"))
    ended = await world.end_of(job)
    assert ended.error
    assert ended.error.reason == "INTERNAL"
    assert "secret" not in ended.error.message
    assert not world.has_folder(job)
    assert await world.executor.next_jobs(1) == [after.job_id]


@in_a_world()
async def test_a_result_outlives_an_input_that_cannot_be_removed(world: World) -> None:
    job = await world.submit()
    run = await world.executor.next()
    world.folders.of(job.job_id).input.unlink()
    world.folders.of(job.job_id).input.mkdir()  # unlink() refuses it
    await run.finish()
    assert (await world.end_of(job)).state is JobState.COMPLETED
    await world.running(0)
    assert world.files_of(job) == {"attempt-1/clean.wav"}


@in_a_world()
async def test_a_call_that_is_over_leaves_its_record_and_no_file(world: World) -> None:
    job = await world.submit(attached=True)
    await (await world.executor.next()).finish()
    assert (await world.end_of(job)).state is JobState.COMPLETED
    assert world.files_of(job) == {"attempt-1/clean.wav"}
    await world.scheduler.release(job.job_id)
    assert not world.has_folder(job)
    assert (await world.scheduler.get(job.job_id)).state is JobState.COMPLETED


@in_a_world()
async def test_a_call_that_is_given_up_stops_its_run(world: World) -> None:
    job = await world.submit(attached=True)
    run = await world.executor.next()
    await world.scheduler.release(job.job_id)
    assert run.cancelled.is_set()
    assert (await world.scheduler.get(job.job_id)).state is JobState.CANCELLED
    assert not world.has_folder(job)


@in_a_world()
async def test_a_refused_upload_leaves_nothing(world: World) -> None:
    job = a_job()
    with pytest.raises(FieldError):
        await world.scheduler.submit(job, upload(b""))
    assert not world.has_folder(job)
    assert world.scheduler.pending == 0
    with pytest.raises(NoSuchJob):
        await world.scheduler.get(job.job_id)


@in_a_world()
async def test_an_upload_that_cannot_be_stored_leaves_nothing(world: World) -> None:
    job = a_job(client="\udcff")  # no text that SQLite takes
    with pytest.raises(UnicodeEncodeError):
        await world.scheduler.submit(job, upload())
    assert not world.has_folder(job)


@in_a_world()
async def test_nobody_knows_a_job_that_does_not_exist(world: World) -> None:
    for ask in (world.scheduler.get, world.scheduler.cancel, world.scheduler.delete):
        with pytest.raises(NoSuchJob, match=r"no job '\.\./jobs'"):
            await ask("../jobs")
    with pytest.raises(NoSuchJob):
        await anext(world.scheduler.watch("nobody", 0))
    await world.scheduler.release("nobody")


@in_a_world(capacity=8)
async def test_a_hundred_jobs_at_once_are_all_done(world: World) -> None:
    jobs = await asyncio.gather(*(world.submit(client=f"client {number % 10}") for number in range(100)))
    done = await world.executor.next_jobs(100)
    assert sorted(done) == sorted(job.job_id for job in jobs)
    for job in jobs:
        assert (await world.end_of(job)).state is JobState.COMPLETED


# Who goes first


@in_a_world()
async def test_a_more_urgent_job_starts_beside_a_running_one_and_others_wait(world: World) -> None:
    batch = await world.submit()
    assert (await world.executor.next()).job.job_id == batch.job_id
    await world.submit()
    await world.running(1)
    interactive = await world.submit(priority=Priority.INTERACTIVE)
    assert (await world.executor.next()).job.job_id == interactive.job_id
    for priority in URGENCIES:
        await world.submit(priority=priority)
    await world.running(2)


@in_a_world()
async def test_the_most_urgent_goes_first_when_a_device_is_free(world: World) -> None:
    await world.submit(priority=Priority.INTERACTIVE)
    first = await world.executor.next()
    waiting = [await world.submit(priority=priority) for priority in URGENCIES]
    assert [world.scheduler.position(job.job_id) for job in waiting] == [3, 2, 1]
    await first.finish()
    assert await world.executor.next_jobs(3) == [job.job_id for job in reversed(waiting)]


@in_a_world()
async def test_clients_take_turns(world: World) -> None:
    first = await world.submit(client="a")
    run = await world.executor.next()
    assert run.job.job_id == first.job_id
    a2, a3, b1, b2, c1 = [await world.submit(client=client) for client in "aabbc"]
    await run.finish()
    order = await world.executor.next_jobs(5)
    assert order == [job.job_id for job in (b1, c1, a2, b2, a3)]


@in_a_world(capacity=2)
async def test_a_device_takes_as_many_as_it_says(world: World) -> None:
    for _ in range(5):
        await world.submit()
    runs = [await world.executor.next() for _ in range(2)]
    await world.running(2)
    await runs[0].finish()
    await world.executor.next()
    await world.running(2)


@in_a_world(GPU, CPU)
async def test_devices_work_beside_each_other(world: World) -> None:
    devices = []
    for device in ("auto", "cpu", "cuda"):
        await world.submit(device=device)
    for _ in range(2):
        devices.append((await world.executor.next()).device)
    assert sorted(devices) == ["cpu", "cuda:0"]
    await world.running(2)


@in_a_world(NO_GPU, CPU)
async def test_a_device_that_is_not_there_fails_the_job_with_the_reason(world: World) -> None:
    job, after = await world.submit(device="cuda"), await world.submit()
    ended = await world.end_of(job)
    assert ended.error
    assert (ended.error.reason, ended.error.facts) == ("DEVICE_UNAVAILABLE", {"device": "cuda"})
    assert "no NVIDIA driver found" in ended.error.message
    assert not world.has_folder(job)
    assert await world.executor.next_jobs(1) == [after.job_id]


@in_a_world()
async def test_a_machine_that_cannot_be_looked_at_fails_the_job_and_not_the_daemon(world: World) -> None:
    for error, reason in (
        (WorkerDied("The probe died."), "WORKER_DIED"),
        (OSError(12, "no memory"), "INTERNAL"),
    ):
        world.executor.trouble.append(error)
        ended = await world.end_of(await world.submit())
        assert ended.error
        assert ended.error.reason == reason
    job = await world.submit()
    assert await world.executor.next_jobs(1) == [job.job_id]


@in_a_world(queue_limit=2)
async def test_a_full_queue_refuses_until_there_is_room(world: World) -> None:
    await world.submit()
    run = await world.executor.next()
    waiting = [await world.submit(), await world.submit()]
    with pytest.raises(Busy, match=r"full \(2 jobs wait\)"):
        await world.submit()
    await run.finish()
    await world.executor.next()
    waiting.append(await world.submit())
    assert world.scheduler.pending == 2


@in_a_world(queue_limit=1)
async def test_a_full_queue_still_knows_what_was_submitted_before_and_reads_no_upload(world: World) -> None:
    async def never() -> AsyncIterator[bytes]:
        pytest.fail("the upload was read")
        yield b""

    await world.submit()
    await world.executor.next()
    first, _ = await world.scheduler.submit(a_job(key="take 7"), upload())
    again, existing = await world.scheduler.submit(a_job(key="take 7"), never())
    assert (again.job_id, existing) == (first.job_id, True)


@in_a_world(queue_limit=1)
async def test_an_upload_takes_a_place_in_the_queue_while_it_comes(world: World) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        begun.set()
        await go_on.wait()
        yield b"audio"

    first = asyncio.ensure_future(world.scheduler.submit(a_job(), slow()))
    await begun.wait()
    with pytest.raises(Busy):
        await world.submit()
    first.cancel()
    await asyncio.wait([first])
    await world.submit()


# Cancelling and deleting


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


# Deaths of workers


@in_a_world()
async def test_a_job_whose_worker_dies_runs_again(world: World) -> None:
    job = await world.submit()
    first = await world.executor.next()
    old = await first.grow()
    first.die()
    second = await world.executor.next()
    assert (second.job.attempts, second.job.crashes, second.input) == (2, 1, b"audio")
    assert second.outputs != first.outputs
    assert not old.exists()
    await second.finish()
    assert (await world.end_of(job)).state is JobState.COMPLETED
    assert await world.states(job) == ["pending", "processing", "pending", "processing", "completed"]
    assert world.files_of(job) == {"attempt-2/clean.wav"}


@in_a_world(capacity=2)
async def test_a_second_attempt_beside_other_jobs_can_be_cancelled(world: World) -> None:
    job = await world.submit()
    (await world.executor.next()).die()
    run = await world.executor.next()
    await world.running(1)
    await world.scheduler.cancel(job.job_id)
    assert run.cancelled.is_set()
    await world.running(0)


@in_a_world(max_crashes=3)
async def test_a_job_that_brings_down_worker_after_worker_fails_with_the_reason(world: World) -> None:
    job = await world.submit()
    for _ in range(3):
        (await world.executor.next()).die()
    ended = await world.end_of(job)
    assert ended.error
    assert ended.error.reason == "WORKER_DIED"
    assert "ended by SIGKILL. It happened 3 times" in ended.error.message
    assert not world.has_folder(job)
    await world.running(0)


@in_a_world()
async def test_the_progress_of_a_dead_attempt_is_forgotten(world: World) -> None:
    job = await world.submit()
    run = await world.executor.next()
    await run.grow()
    await run.advance(0.9)
    assert (await world.scheduler.get(job.job_id)).progress == Progress("denoising", 0.9)
    run.die()
    await world.executor.next()
    assert (await world.scheduler.get(job.job_id)).progress == Progress("starting")
    live = world.scheduler.live(job.job_id)
    assert live
    assert not live.outputs


# The same submission twice


@in_a_world()
async def test_a_key_that_was_used_gives_the_first_job_and_keeps_nothing_of_the_second(world: World) -> None:
    first = await world.submit(key="k")
    second = a_job(key="k")
    stored, existing = await world.scheduler.submit(second, upload(b"other"))
    assert (stored.job_id, existing) == (first.job_id, True)
    assert not world.has_folder(second)
    assert await world.executor.next_jobs(1) == [first.job_id]
    await world.end_of(first)
    await world.running(0)


@in_a_world()
async def test_uploads_with_one_key_at_the_same_time_become_one_job(world: World) -> None:
    both_there = asyncio.Barrier(2)

    async def together() -> AsyncIterator[bytes]:
        yield b"au"
        await both_there.wait()
        yield b"dio"

    jobs = [a_job(key="k"), a_job(key="k")]
    answers = await asyncio.gather(*(world.scheduler.submit(job, together()) for job in jobs))
    (one,) = {job.job_id for job, _ in answers}
    assert sorted(existing for _, existing in answers) == [False, True]
    assert [job.job_id for job in jobs if world.has_folder(job)] == [one]
    assert await world.executor.next_jobs(1) == [one]


class Held(tuple[JobState, ...]):
    """States to ask the store for: while it looks at them its thread waits, and whatever comes after."""

    go_on: threading.Event

    def __iter__(self) -> Iterator[JobState]:
        self.go_on.wait()
        return super().__iter__()

    def __bool__(self) -> bool:
        return True


@pytest.mark.parametrize("hops", [0, 1, 2, 4, 8, 200])
@pytest.mark.parametrize("attached", [False, True])
def test_a_submission_that_is_broken_off_is_a_whole_job_or_none(
    tmp_path: Path, hops: int, attached: bool
) -> None:
    async def broken_off(world: World) -> None:
        job, held = a_job(attached=attached), Held()
        held.go_on = threading.Event()
        holding = asyncio.ensure_future(world.store.page(held, "", 1, None))
        submitting = asyncio.ensure_future(world.scheduler.submit(job, upload()))
        for _ in range(hops):
            await asyncio.to_thread(lambda: None)
        submitting.cancel()
        await steps(5)
        held.go_on.set()
        await asyncio.wait([submitting, holding])
        if attached:
            await world.scheduler.release(job.job_id)
        if await world.store.get(job.job_id) is None:
            assert not world.has_folder(job)
            await world.running(0)
        elif attached:
            assert (await world.end_of(job)).state is JobState.CANCELLED
            assert not world.has_folder(job)
        else:
            assert await world.executor.next_jobs(1) == [job.job_id]

    in_a_world()(broken_off)(tmp_path)


# Watching


@in_a_world()
async def test_whoever_watches_sees_the_whole_life(world: World) -> None:
    job = await world.submit()
    seen: list[JobEvent] = []

    async def watch() -> None:
        seen.extend([event async for event in world.scheduler.watch(job.job_id, 0)])

    watching = asyncio.ensure_future(watch())
    await (await world.executor.next()).finish()
    await watching
    assert [event.state.value for event in seen] == LIVES["completed"]
    assert seen[-1].summary
    again = [event async for event in world.scheduler.watch(job.job_id, 0)]
    assert again == seen
    assert [event async for event in world.scheduler.watch(job.job_id, seen[0].sequence)] == seen[1:]
    assert [event async for event in world.scheduler.watch(job.job_id, seen[-1].sequence)] == []


@in_a_world()
async def test_a_slow_watcher_misses_nothing(world: World) -> None:
    other, job = await world.submit(), await world.submit()
    events = world.scheduler.watch(job.job_id, 0)
    assert (await anext(events)).state is JobState.PENDING
    assert await world.executor.next_jobs(2) == [other.job_id, job.job_id]
    await world.end_of(job)
    assert [event.state.value async for event in events] == LIVES["completed"][1:]


def test_broken_watches_resume_without_gap_or_repetition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_RECORD_SECONDS", 0.0)

    async def watched(world: World) -> None:
        job = await world.submit()

        async def follow(patience: int) -> list[JobEvent]:
            """Break the stream after every `patience` events."""
            seen: list[JobEvent] = []
            while not seen or not seen[-1].state.is_final:
                after = seen[-1].sequence if seen else 0
                async with aclosing(world.scheduler.watch(job.job_id, after)) as events:
                    for _ in range(patience):
                        seen.append(await anext(events))
                        if seen[-1].state.is_final:
                            break
            return seen

        watchers = [asyncio.ensure_future(follow(patience)) for patience in (1, 2, 3, 7, 1000)]
        run = await world.executor.next()
        for number in range(40):
            await run.advance(number / 40)
            await steps(number % 4)
        run.die()
        run = await world.executor.next()
        for number in range(40):
            await run.advance(number / 40)
            await steps(number % 3)
        await run.finish()
        everything = [list(seen) for seen in await asyncio.gather(*watchers)]
        recorded = list(await world.store.events(job.job_id, 0))
        assert len(recorded) > 10
        assert everything == [recorded] * len(watchers)

    in_a_world()(watched)(tmp_path)


@in_a_world()
async def test_a_watch_of_a_job_that_is_deleted_ends(world: World) -> None:
    job = await world.submit()
    await world.executor.next()
    events = world.scheduler.watch(job.job_id, 0)
    assert [(await anext(events)).state, (await anext(events)).state] == [
        JobState.PENDING,
        JobState.PROCESSING,
    ]
    deleting = asyncio.ensure_future(world.scheduler.delete(job.job_id))
    try:
        assert [event.state async for event in events] == [JobState.CANCELLED]
    except NoSuchJob:
        assert world.scheduler.live(job.job_id) is None
    await deleting


# Other processes before and after this one


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
            assert left == {jobs[name].job_id for name in ("waits", "ran", "completed")}
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


# The end of what is finished


def test_finished_jobs_go_after_the_retention_time(tmp_path: Path) -> None:
    now = 1000.0

    async def kept() -> None:
        nonlocal now
        async with asyncio.timeout(20), world(tmp_path, clock=lambda: now, retention=60.0) as here:
            old, call = await here.submit(), await here.submit(attached=True)
            await here.executor.next_jobs(2)
            for job in (old, call):
                await here.end_of(job)
            now = 1030.0
            young, unfinished = await here.submit(), await here.submit()
            await here.executor.next_jobs(1)
            await here.end_of(young)
            await here.executor.next()
            now = 1061.0
            sweeper = Sweeper(here.store, here.folders, 60.0, lambda: now)
            sweeper.in_use.add(call.job_id)
            await sweeper.sweep()
            left = [job.job_id for job in (old, call, young, unfinished) if await here.store.get(job.job_id)]
            assert left == [job.job_id for job in (call, young, unfinished)]
            assert {path.name for path in here.folders.root.iterdir()} == set(left)

    asyncio.run(kept())


def test_a_sweep_at_the_start_spares_calls_that_still_read(tmp_path: Path) -> None:
    async def swept() -> None:
        async with (
            asyncio.timeout(20),
            world(tmp_path, retention=0.0, clock=iter(range(10**6)).__next__) as here,
        ):
            call = await here.submit(attached=True)
            await here.executor.next_jobs(1)
            await here.end_of(call)
            await here.scheduler._sweeper.sweep()
            assert here.files_of(call) == {"attempt-1/clean.wav"}
            await here.scheduler.release(call.job_id)
            await here.scheduler._sweeper.sweep()
            assert await here.store.get(call.job_id) is None

    asyncio.run(swept())


@in_a_world()
async def test_a_call_whose_job_is_deleted_meanwhile_ends_like_any_other(world: World) -> None:
    job = (await world.scheduler.submit(a_job(attached=True), upload()))[0]
    await world.executor.next()
    await asyncio.gather(world.scheduler.delete(job.job_id), world.scheduler.release(job.job_id))
    assert not world.has_folder(job)


@in_a_world()
async def test_a_job_waits_while_nobody_knows_the_devices(world: World) -> None:
    world.executor.trouble.append(WorkerLost("The machine is away."))
    job = await world.submit()
    await (await world.executor.next()).finish()
    assert (await world.end_of(job)).state is JobState.COMPLETED
