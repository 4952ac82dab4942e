"""What runs where, and who may run beside it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from unmix.words import Job, Priority

_FIRST_REST = 0.25
_LONGEST_REST = 30.0
"""Seconds before a job whose worker was lost runs again; each time twice as long."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A job at work."""

    device: str
    priority: Priority
    task: asyncio.Task[None]


class Occupancy:
    """The attempts that run, by job.

    A job that lost its worker while others had it, too, rests and then runs alone: so it shows who brings a worker
    down, and nobody is charged for a neighbour. Only what is more urgent begins beside it, for people wait for that.
    """

    def __init__(self) -> None:
        """Nothing runs."""
        self._attempts: dict[str, Attempt] = {}
        self._lost: dict[str, int] = {}
        """How often each job has lost a worker in company."""
        self._resting: dict[str, Priority] = {}
        self._reserved: dict[str, Job] = {}
        """By device, the job that waits until it can be alone there; no other of its priority or below may begin."""

    def __len__(self) -> int:
        return len(self._attempts)

    def __iter__(self) -> Iterator[asyncio.Task[None]]:
        """The tasks."""
        return (attempt.task for attempt in self._attempts.values())

    def get(self, job_id: str) -> asyncio.Task[None] | None:
        """The task of a job, if it runs."""
        attempt = self._attempts.get(job_id)
        return attempt and attempt.task

    def has_room(self, job: Job, device: str, capacity: int) -> bool:
        """Whether a job may begin on a device that takes `capacity` jobs of each priority."""
        beside = {key: attempt for key, attempt in self._attempts.items() if attempt.device == device}
        if job.job_id in self._resting:
            return False
        if job.job_id in self._lost:
            if any(priority > job.options.priority for priority in self._resting.values()):
                return False  # who waits for that one is not to wait for this one, too
            if beside:
                self._reserved.setdefault(device, job)
                return False
        suspects = [attempt for key, attempt in beside.items() if key in self._lost]
        if any(attempt.priority >= job.options.priority for attempt in suspects):
            return False
        first = self._reserved.get(device, job)
        if first.job_id != job.job_id and first.options.priority >= job.options.priority:
            return False
        return sum(attempt.priority >= job.options.priority for attempt in beside.values()) < capacity

    def begin(self, job_id: str, attempt: Attempt) -> None:
        """A job runs."""
        self._attempts[job_id] = attempt
        self._free(job_id)

    def end(self, job_id: str, task: asyncio.Task[None]) -> None:
        """An attempt is over; the job's next one may run already."""
        attempt = self._attempts.get(job_id)
        if attempt and attempt.task is task:
            del self._attempts[job_id]

    def rest(self, job: Job) -> float:
        """A job has lost its worker through no fault that is known: the seconds that it is to rest."""
        times = self._lost[job.job_id] = self._lost.get(job.job_id, 0) + 1
        self._resting[job.job_id] = job.options.priority
        return min(_LONGEST_REST, _FIRST_REST * 2.0 ** min(times - 1, 20))

    def suspect(self, job_id: str) -> None:
        """A job had a worker alone when that ended: it has none beside others any more."""
        self._lost.setdefault(job_id, 0)

    def rested(self, job_id: str) -> None:
        """The job may run again."""
        self._resting.pop(job_id, None)

    def forget(self, job_id: str) -> None:
        """The job has ended for good."""
        self._lost.pop(job_id, None)
        self._resting.pop(job_id, None)
        self._free(job_id)

    def _free(self, job_id: str) -> None:
        self._reserved = {device: job for device, job in self._reserved.items() if job.job_id != job_id}
