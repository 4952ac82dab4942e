"""Whose fault it is that a worker ended: of several jobs nobody's, until one has had a worker alone."""

import asyncio
from typing import Any, cast

import pytest
from daemon.fake_executor import CPU, GPU
from daemon.job_examples import a_job
from daemon.world import World, in_a_world
from unmix.words import JobState, Priority
from unmix_daemon.queue import occupancy
from unmix_daemon.queue.occupancy import Attempt, Occupancy


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occupancy, "_FIRST_REST", 0.0)


@in_a_world()
async def test_a_worker_that_is_lost_costs_the_job_nothing(world: World) -> None:
    job = await world.submit()
    for _ in range(world.config.max_crashes + 1):
        (await world.executor.next()).be_lost()
    await (await world.executor.next()).finish()
    ended = await world.end_of(job)
    assert (ended.state, ended.crashes) == (JobState.COMPLETED, 0)
    assert ended.attempts == world.config.max_crashes + 2


@in_a_world(capacity=2)
async def test_jobs_that_lost_a_worker_together_run_alone_after_it(world: World) -> None:
    jobs = [await world.submit(), await world.submit()]
    pair = [await world.executor.next(), await world.executor.next()]
    for run in pair:
        run.be_lost()
    first = await world.executor.next()
    await world.running(1)
    await first.finish()
    second = await world.executor.next()
    assert {first.job.job_id, second.job.job_id} == {job.job_id for job in jobs}
    await second.finish()
    for job in jobs:
        assert (await world.end_of(job)).crashes == 0


@in_a_world(capacity=2)
async def test_what_brings_workers_down_is_found_and_its_neighbours_are_done(world: World) -> None:
    poison, good = await world.submit(), await world.submit()
    for run in [await world.executor.next(), await world.executor.next()]:
        run.be_lost()
    deaths = 0
    while deaths < world.config.max_crashes:
        run = await world.executor.next()
        if run.job.job_id == poison.job_id:
            deaths += 1
            run.die()
        else:
            await run.finish()
    assert (await world.end_of(poison)).state is JobState.FAILED
    assert (await world.end_of(good)).state is JobState.COMPLETED
    assert (await world.end_of(good)).crashes == 0


@in_a_world(capacity=2)
async def test_beside_a_job_that_must_be_alone_begins_only_what_is_more_urgent(world: World) -> None:
    await world.submit()
    (await world.executor.next()).be_lost()
    alone = await world.executor.next()
    await world.submit()
    await world.running(1)
    await world.submit(priority=Priority.INTERACTIVE)
    urgent = await world.executor.next()
    assert urgent.job.options.priority is Priority.INTERACTIVE
    await world.running(2)
    await urgent.finish()
    await alone.finish()
    await (await world.executor.next()).finish()


@in_a_world()
async def test_of_jobs_that_lost_a_worker_together_the_urgent_one_is_first(world: World) -> None:
    await world.submit()
    batch = await world.executor.next()
    await world.submit(priority=Priority.INTERACTIVE)
    urgent = await world.executor.next()
    batch.be_lost()
    urgent.be_lost()
    first = await world.executor.next()
    assert first.job.options.priority is Priority.INTERACTIVE
    await first.finish()
    await (await world.executor.next()).finish()


@in_a_world(capacity=2)
async def test_who_has_brought_a_worker_down_alone_is_alone_from_then_on(world: World) -> None:
    await world.submit()
    (await world.executor.next()).die()
    again = await world.executor.next()
    await world.submit()
    await world.running(1)
    await again.finish()
    await (await world.executor.next()).finish()


@in_a_world(capacity=2)
async def test_a_job_that_must_be_alone_gets_its_turn_although_others_keep_coming(world: World) -> None:
    lost, other = await world.submit(), await world.submit()
    for run in [await world.executor.next(), await world.executor.next()]:
        run.be_lost()
    first = await world.executor.next()
    later = [await world.submit(client="b") for _ in range(3)]
    await first.finish()
    second = await world.executor.next()
    assert {first.job.job_id, second.job.job_id} == {lost.job_id, other.job_id}
    await second.finish()
    assert set(await world.executor.next_jobs(3)) == {job.job_id for job in later}


def test_while_a_job_waits_to_be_alone_only_what_is_more_urgent_begins() -> None:
    at_work = Occupancy()
    suspect, batch, urgent = a_job(), a_job(), a_job(priority=Priority.INTERACTIVE)
    at_work.begin("another", Attempt("cpu", Priority.BATCH, task := cast("Any", object())))
    at_work.rest(suspect)
    assert not at_work.has_room(suspect, "cpu", 8)
    assert at_work.has_room(batch, "cpu", 8)
    at_work.rested(suspect.job_id)
    assert not at_work.has_room(suspect, "cpu", 8)
    assert not at_work.has_room(batch, "cpu", 8)
    assert at_work.has_room(batch, "cuda:0", 8)
    assert at_work.has_room(urgent, "cpu", 8)
    at_work.end("another", task)
    assert at_work.has_room(suspect, "cpu", 8)
    at_work.begin(suspect.job_id, Attempt("cpu", Priority.BATCH, task))
    assert at_work.has_room(urgent, "cpu", 8)
    assert not at_work.has_room(batch, "cpu", 8)
    at_work.end(suspect.job_id, task)
    at_work.forget(suspect.job_id)
    assert at_work.has_room(batch, "cpu", 8)


@in_a_world(GPU, CPU)
async def test_another_device_is_no_company(world: World) -> None:
    await world.submit(device="cuda:0")
    (await world.executor.next()).be_lost()
    await world.executor.next()
    await world.submit(device="cpu")
    await world.running(2)


@in_a_world()
async def test_a_job_that_rests_can_be_cancelled(world: World) -> None:
    job = await world.submit()
    running_before = await world.executor.next()
    running_before.be_lost()
    assert (await world.scheduler.cancel(job.job_id)).state is JobState.CANCELLED
    other = await world.submit()
    while (run := await world.executor.next()).job.job_id != other.job_id:
        run.refuse()
    await run.finish()
    assert (await world.end_of(other)).state is JobState.COMPLETED


@in_a_world(drain=20.0)
async def test_a_daemon_that_stops_leaves_what_rests_to_the_next_one(world: World) -> None:
    job = await world.submit()
    run = await world.executor.next()
    closing = asyncio.ensure_future(world.scheduler.close())
    await asyncio.sleep(0)
    run.be_lost()
    await closing
    stored = await world.store.get(job.job_id)
    assert stored
    assert (stored.state, stored.crashes) == (JobState.PENDING, 0)


def test_each_loss_makes_the_rest_longer_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occupancy, "_FIRST_REST", 0.25)
    lost = Occupancy()
    job = a_job()
    rests = [lost.rest(job) for _ in range(10)]
    assert rests[:3] == [0.25, 0.5, 1.0]
    assert rests[-1] == 30.0
    assert lost.rest(a_job()) == 0.25
