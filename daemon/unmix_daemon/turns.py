"""Whose turn it is: higher priority first; within a priority clients take turns; a client's jobs in order."""

from collections.abc import Iterable, Mapping

from .jobs import Job


def order(pending: Iterable[Job], last_served: Mapping[str, int]) -> list[Job]:
    """Sort waiting jobs by when they run.

    `last_served` numbers each client's latest start (higher is later, absent is never). Within a priority the
    client that was served longest ago goes first, one job each, round after round.
    """
    rounds: dict[tuple[int, str], int] = {}
    ranked: list[tuple[tuple[float, ...], Job]] = []
    for position, job in enumerate(pending):
        key = (job.options.priority, job.client)
        turn = rounds.get(key, 0)
        rounds[key] = turn + 1
        ranked.append(((-job.options.priority, turn, last_served.get(job.client, -1), position), job))
    return [job for _, job in sorted(ranked, key=lambda entry: entry[0])]
