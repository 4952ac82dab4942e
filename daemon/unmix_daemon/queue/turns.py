"""Whose turn it is: higher priority first; within a priority clients take turns; a client's jobs in order."""

from collections.abc import Iterable

from unmix.words import Job, Priority

_REMEMBERED = 1024
"""Clients; those without a name are as many as their connections."""


class Turns:
    """Remembers who was served when."""

    def __init__(self) -> None:
        """Nobody has had a turn."""
        self._served: dict[tuple[Priority, str], int] = {}
        """The latest turn of each client in each priority, oldest first."""
        self._turns = 0

    def order(self, pending: Iterable[Job]) -> list[Job]:
        """Sort waiting jobs, given in the order of their arrival, by when they run.

        Within a priority the client that was served longest ago goes first, one job each, round after round.
        """
        rounds: dict[tuple[Priority, str], int] = {}
        ranked: list[tuple[tuple[int, ...], Job]] = []
        for position, job in enumerate(pending):
            whose = _whose(job)
            turn = rounds.get(whose, 0)
            rounds[whose] = turn + 1
            ranked.append(((-job.options.priority, turn, self._served.get(whose, 0), position), job))
        return [job for _, job in sorted(ranked, key=lambda entry: entry[0])]

    def take(self, job: Job) -> None:
        """The job is started."""
        whose = _whose(job)
        self._turns += 1
        self._served.pop(whose, None)
        self._served[whose] = self._turns
        if len(self._served) > _REMEMBERED:
            del self._served[next(iter(self._served))]


def _whose(job: Job) -> tuple[Priority, str]:
    return job.options.priority, job.client
