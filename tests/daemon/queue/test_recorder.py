"""What an executor reports: files on a disk that it shares with the front, or bytes from anywhere."""

import asyncio
import errno
from pathlib import Path

import pytest
from daemon.fake_executor import CLEAN, FakeRun
from daemon.job_examples import SUMMARY, a_job
from daemon.world import World, in_a_world, steps, upload
from unmix.words import JobState, OutputPiece, OutputStarted, Summary
from unmix_daemon.queue import recorder
from unmix_daemon.queue.delivery import deliver
from unmix_daemon.queue.live_job import LiveJob
from unmix_daemon.queue.recorder import Recorder
from unmix_daemon.reports import Growth
from unmix_daemon.state.store import Store


def written(world: World, run: FakeRun) -> bytes:
    return (world.folders.of(run.job.job_id).outputs(run.job.attempts) / "clean.wav").read_bytes()


async def take(live: LiveJob, got: bytearray, begun: list[OutputStarted]) -> None:
    """Read an output as a client does, each piece at its place."""
    async for delivery in deliver(live):
        match delivery:
            case OutputStarted():
                begun.append(delivery)
            case OutputPiece():
                assert delivery.offset <= len(got)
                got[delivery.offset : delivery.offset + len(delivery.data)] = delivery.data
            case _:
                pass


@in_a_world()
async def test_bytes_from_another_disk_become_the_result(world: World) -> None:
    job = await world.submit()
    run = await world.executor.next()
    await run.send(b"????bo", 0, 6)
    await run.send(b"dy", 6, 8)
    await run.send(b"head", 0, 8)
    run.complete(b"headbody")
    assert (await world.end_of(job)).state is JobState.COMPLETED
    assert written(world, run) == b"headbody"
    assert world.files_of(job) == {"attempt-1/clean.wav"}


@in_a_world()
async def test_a_caller_gets_bytes_from_another_disk_and_what_replaced_them(world: World) -> None:
    job, _ = await world.scheduler.submit(a_job(attached=True), upload())
    live = world.scheduler.live(job.job_id)
    assert live
    got, begun = bytearray(), list[OutputStarted]()
    taking = asyncio.ensure_future(take(live, got, begun))
    run = await world.executor.next()
    await run.send(b"????body", 0, 8)
    while len(got) < 8:
        await steps(1)
    await run.send(b"head", 0, 8)
    await run.send(b"!", 8, 9)
    run.complete(b"headbody!")
    await taking
    assert bytes(got) == b"headbody!"
    assert begun == [CLEAN]


@in_a_world()
async def test_an_attempt_that_begins_its_file_anew_leaves_nothing_of_the_longer_one(world: World) -> None:
    job = await world.submit()
    run = await world.executor.next()
    await run.send(b"a long first try", 0, 16)
    await run.send(b"short", 0, 5)
    run.complete(b"short")
    await world.end_of(job)
    assert written(world, run) == b"short"


@in_a_world()
async def test_a_reader_of_an_output_that_began_anew_gets_the_second_try_whole(world: World) -> None:
    job, _ = await world.scheduler.submit(a_job(attached=True), upload())
    live = world.scheduler.live(job.job_id)
    assert live
    got = bytearray()
    taking = asyncio.ensure_future(take(live, got, []))
    run = await world.executor.next()
    await run.send(b"first try", 0, 9)
    while len(got) < 9:
        await steps(1)
    await run.send(b"SECO", 0, 4)
    await run.send(b"ND TRY", 4, 10)
    run.complete(b"SECOND TRY")
    await taking
    assert bytes(got) == b"SECOND TRY"


@in_a_world()
async def test_bytes_that_end_too_early_are_no_result(world: World) -> None:
    job = await world.submit()
    short = await world.executor.next()
    await short.send(b"half", 0, 4)
    short.complete(b"half of it")
    whole = await world.executor.next()
    await whole.send(b"half of it", 0, 10)
    whole.complete(b"half of it")
    assert (await world.end_of(job)).state is JobState.COMPLETED
    assert written(world, whole) == b"half of it"


@in_a_world()
async def test_bytes_wait_while_the_disk_of_the_front_is_full_and_the_job_says_so(world: World) -> None:
    job = await world.submit()
    run = await world.executor.next()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder, "_write", full)
        sending = asyncio.ensure_future(run.send(b"wav", 0, 3))
        while (await world.scheduler.get(job.job_id)).progress.stage != "waiting: the disk is full":
            await steps(1)
        assert not sending.done()
    await sending
    run.complete(b"wav")
    assert (await world.end_of(job)).state is JobState.COMPLETED
    assert written(world, run) == b"wav"


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@in_a_world()
async def test_bytes_of_an_attempt_that_was_lost_are_no_part_of_the_next(world: World) -> None:
    job = await world.submit()
    first = await world.executor.next()
    await first.send(b"from a machine that went away", 0, 29)
    first.die()
    second = await world.executor.next()
    await second.send(b"wav", 0, 3)
    second.complete(b"wav")
    await world.end_of(job)
    assert written(world, second) == b"wav"
    assert world.files_of(job) == {"attempt-2/clean.wav"}


def test_copies_of_a_durable_job_are_synced_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", synced.append)

    async def settle(*, durable: bool) -> None:
        store = Store(tmp_path / f"{durable}.sqlite3")
        recording = Recorder(store, LiveJob(a_job()), tmp_path / str(durable), lambda work, _: work.close())
        await recording.report(Growth(CLEAN, 3, data=b"wav"))
        summary: Summary = SUMMARY
        await recording.settle(summary, durable=durable)
        await store.close()

    asyncio.run(settle(durable=False))
    assert synced == []
    asyncio.run(settle(durable=True))
    assert len(synced) == 1
