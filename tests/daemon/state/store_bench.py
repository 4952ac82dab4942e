"""A database file for the tests of the store, and jobs in every state."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from daemon.job_examples import SUMMARY, a_job
from unmix.words import Job, JobError, JobState
from unmix_daemon.state.store import Store

T = TypeVar("T")
ERROR = JobError("MODEL_MISSING", "It is not installed; get it.", facts={"model": "htdemucs"})
LOST = JobError("SHUTTING_DOWN", "The daemon stopped.")

STATES = tuple(state for state in JobState if state is not JobState.UNKNOWN)
"""Those that a job of ours can be in."""


class Clock:
    def __init__(self) -> None:
        self.now = 2000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A database file, opened for one piece of work after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()

    def run(self, work: Callable[[Store], Awaitable[T]]) -> T:
        async def opened() -> T:
            store = Store(self.path, self.clock)
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(opened())


async def reached(store: Store, state: JobState, **options: object) -> Job:
    """A stored job that has come to `state`."""
    job, _ = await store.add(a_job(**options))  # type: ignore[arg-type]  # whatever a_job takes
    if state is JobState.PENDING:
        return job
    started = await store.start(job.job_id)
    assert started
    ends: dict[JobState, Callable[[], Awaitable[Job | None]]] = {
        JobState.COMPLETED: lambda: store.complete(job.job_id, SUMMARY),
        JobState.FAILED: lambda: store.fail(job.job_id, ERROR),
        JobState.CANCELLED: lambda: store.cancel(job.job_id),
    }
    ended = await ends[state]() if state in ends else started
    assert ended
    return ended
