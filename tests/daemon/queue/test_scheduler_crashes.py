"""Jobs whose worker dies run again, until they have brought down too many."""

from daemon.world import World, in_a_world
from unmix.words import JobState, Progress


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
    assert world.files_of(job) == {"input"}
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
