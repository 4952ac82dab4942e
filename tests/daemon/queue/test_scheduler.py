"""What runs when, and that every job comes to its end."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from daemon.fake_executor import CPU, GPU
from daemon.job_examples import LIVES, a_job
from daemon.world import World, in_a_world, upload
from unmix.words import FieldError, JobError, JobState, Priority
from unmix_daemon.errors import Busy, NoSuchJob, WorkerDied, WorkerLost
from unmix_models.devices import Device

NO_GPU = Device("cuda:0", "A GPU", available=False, reason="no NVIDIA driver found")


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
async def test_a_job_that_fails_says_why_and_keeps_its_input(world: World) -> None:
    job, after = await world.submit(), await world.submit()
    (await world.executor.next()).refuse()
    ended = await world.end_of(job)
    assert ended.state is JobState.FAILED
    assert ended.error == JobError("INVALID_AUDIO", "The file is empty: copy or export it again.")
    assert world.files_of(job) == {"input"}
    assert await world.executor.next_jobs(1) == [after.job_id]


@in_a_world()
async def test_an_unexpected_error_of_one_job_does_not_stop_the_next(world: World) -> None:
    job, after = await world.submit(), await world.submit()
    (await world.executor.next()).fail(ZeroDivisionError("a secret"))
    ended = await world.end_of(job)
    assert ended.error
    assert ended.error.reason == "INTERNAL"
    assert "secret" not in ended.error.message
    assert world.files_of(job) == {"input"}
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
    assert world.files_of(job) == {"input"}
    assert await world.executor.next_jobs(1) == [after.job_id]


@in_a_world()
async def test_a_machine_that_cannot_be_looked_at_fails_the_job_and_not_the_daemon(world: World) -> None:
    for error, reason in (
        (WorkerDied("The probe died."), "WORKER_DIED"),
        (LookupError("a secret"), "INTERNAL"),
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
async def test_an_upload_takes_its_place_in_the_queue_when_it_is_here(world: World) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        begun.set()
        await go_on.wait()
        yield b"audio"

    first = asyncio.ensure_future(world.scheduler.submit(a_job(), slow()))
    await begun.wait()
    assert (world.scheduler.receiving, world.scheduler.pending) == (1, 0)
    await world.submit()
    await world.executor.next()
    waiting = await world.submit()
    go_on.set()
    late, _ = await first
    assert (world.scheduler.receiving, world.scheduler.pending) == (0, 2)
    with pytest.raises(Busy):
        await world.submit()
    assert {waiting.job_id, late.job_id} == {job.job_id for job in [waiting, late]}


@in_a_world()
async def test_a_job_waits_while_nobody_knows_the_devices(world: World) -> None:
    world.executor.trouble.append(WorkerLost("The machine is away."))
    job = await world.submit()
    await (await world.executor.next()).finish()
    assert (await world.end_of(job)).state is JobState.COMPLETED
