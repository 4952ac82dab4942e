"""A job that is on its way, as those who wait for it see it."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from unmix.words import Job, OutputStarted, Progress


class Signal:
    """Counts changes and wakes whoever waits for the next one."""

    def __init__(self) -> None:
        """Nothing has changed yet."""
        self.version = 0
        self._waiters: set[asyncio.Future[None]] = set()

    def changed(self) -> None:
        """Wake everybody."""
        self.version += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, seen: int) -> None:
        """Return as soon as the version is not `seen` any more."""
        while self.version == seen:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)


@dataclass(frozen=True, slots=True)
class LiveOutput:
    """A growing file of the present attempt."""

    started: OutputStarted
    path: Path
    size: int
    """Bytes from the start that are there and will not change, but for what is rewritten at the end."""


@dataclass(slots=True)
class LiveJob:
    """What this process knows of an unfinished job beyond its row in the database."""

    job: Job
    """As last recorded."""
    progress: Progress = field(default_factory=Progress)
    outputs: dict[str, LiveOutput] = field(default_factory=dict[str, LiveOutput])
    """The latest growth of each output in the present attempt."""
    rewritten: dict[str, list[tuple[int, int]]] = field(default_factory=dict[str, list[tuple[int, int]]])
    """Byte ranges of each output that changed after they were reported; whole once the job has ended."""
    moved: Signal = field(default_factory=Signal)
    """Progress, growth or state."""
    recorded: Signal = field(default_factory=Signal)
    """A new event is in the database."""

    def begin(self, job: Job) -> None:
        """A new attempt; what an earlier one made counts for nothing."""
        self.outputs.clear()
        self.rewritten.clear()
        self.progress = Progress()
        self.record(job)

    def tell(self, progress: Progress) -> None:
        """How far it is, or what it waits for."""
        self.progress = progress
        self.moved.changed()

    def record(self, job: Job) -> None:
        """The database has a new state."""
        self.job = job
        self.moved.changed()
        self.recorded.changed()
