"""Whoever watches a job sees its whole life, once and in order."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from daemon.job_examples import LIVES
from daemon.world import World, in_a_world, steps
from unmix.words import JobEvent, JobState
from unmix_daemon.errors import NoSuchJob
from unmix_daemon.queue import recorder


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
