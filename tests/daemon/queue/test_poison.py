"""Jobs that bring every worker down are found, and none that ran beside them is charged: by chance, many times."""

import random
from pathlib import Path

import pytest
from daemon.fake_executor import FakeRun
from daemon.world import World, in_a_world, steps
from unmix.words import JobState, Priority
from unmix_daemon.queue import occupancy

PRIORITIES = (Priority.BATCH, Priority.FOLDER, Priority.INTERACTIVE)


class Worker:
    """One process, as `WorkerProcess` tells of it: it has several runs, and ends with all of them."""

    def __init__(self, world: World, poisons: set[str], chance: random.Random) -> None:
        self._world = world
        self._poisons = poisons
        self._chance = chance
        self._runs: list[FakeRun] = []

    async def step(self) -> None:
        """One of the runs that it has comes to its end, or is the worker's."""
        self._runs += await self._world.executor.begun()
        if not self._runs:
            return
        run = self._chance.choice(self._runs)
        if run.job.job_id not in self._poisons:
            self._runs.remove(run)
            await run.finish()
            return
        runs, self._runs = self._runs, []
        for one in runs:
            if len(runs) == 1:
                one.die()
            else:
                one.be_lost()


@pytest.mark.parametrize("seed", range(4))
def test_poison_is_charged_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(occupancy, "_FIRST_REST", 0.0)
    chance = random.Random(seed)

    @in_a_world(capacity=8)
    async def test(world: World) -> None:
        jobs = [
            await world.submit(priority=chance.choice(PRIORITIES), client=chance.choice("abc"))
            for _ in range(24)
        ]
        poisons = {job.job_id for job in chance.sample(jobs, 4)}
        worker = Worker(world, poisons, chance)
        while world.scheduler.pending or world.scheduler.processing:
            await worker.step()
            await world.store.get("")
            await steps(5)
        for job in jobs:
            ended = await world.end_of(job)
            if job.job_id in poisons:
                assert (ended.state, ended.error and ended.error.reason) == (JobState.FAILED, "WORKER_DIED")
            else:
                assert (ended.state, ended.crashes) == (JobState.COMPLETED, 0)

    test(tmp_path)
