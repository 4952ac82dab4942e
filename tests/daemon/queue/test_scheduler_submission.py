"""A job that is submitted twice or only half is one whole job or none."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from daemon.job_examples import a_job
from daemon.world import World, in_a_world, steps, upload
from unmix.words import JobState


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
