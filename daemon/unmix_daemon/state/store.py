"""Jobs and their events in SQLite (WAL). All SQL is here, all of it runs on one thread."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from unmix.database import open_database
from unmix.words import Job, JobError, JobEvent, JobState, Progress, Summary

from unmix_daemon import records
from unmix_daemon.passing import waited_out
from unmix_daemon.state import retention as retained
from unmix_daemon.state import rows
from unmix_daemon.state.ballast import Ballast, Patience
from unmix_daemon.state.migrations import MIGRATIONS
from unmix_daemon.state.rows import UNFINISHED

P = ParamSpec("P")
T = TypeVar("T")

_PAGE_CHARACTERS = 1 << 19
"""Of rows, after which a page ends: with one more, which the contract bounds, it fits into the 4 MiB of a message that
gRPC takes by default."""
_STATES = (*UNFINISHED, JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Page:
    """Jobs, newest first."""

    jobs: tuple[Job, ...]
    next: int | None
    """Where the next page begins; None on the last."""


class Store:
    """The durable truth about jobs. Methods are coroutines; each is one transaction.

    One that fails for a reason that passes, as on a full disk, is tried until it succeeds: what has happened to a job
    is recorded. Only `add` and `report` raise at once (see `passing`), as whoever brings a job is told to come again,
    and the next progress is soon there.

    With `synchronous=FULL` a committed transaction survives a power cut; 1,000 claims and finishes a
    second were measured, far above any rate of jobs.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Open or create the database. Raises sqlite3.DatabaseError when it cannot be used."""
        self._clock = clock
        self.patience = Patience(Ballast(path.with_name("ballast")))
        self._thread = ThreadPoolExecutor(1, "store")
        try:
            self._db = self._thread.submit(open_database, path, MIGRATIONS).result()
        except BaseException:
            self._thread.shutdown()
            raise

    async def close(self) -> None:
        """Finish what is queued and close the database."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
        self._thread.shutdown()

    async def add(self, job: Job) -> tuple[Job, bool]:
        """Store a new job. With an idempotency key that its client has used: that job, and True."""
        return await self._once(_add, job)

    async def known(self, client: str, idempotency_key: str) -> Job | None:
        """The job that this client has submitted under this key, or None."""
        return await self._run(_known, client, idempotency_key)

    async def get(self, job_id: str) -> Job | None:
        """The job, or None."""
        return await self._run(_get, job_id)

    async def page(self, states: Sequence[JobState], client: str, size: int, before: int | None) -> Page:
        """Up to `size` jobs older than `before`, of these states (all when empty) and this client (if any).

        Fewer, but one at least, where they have so much to tell that a message could not hold it.
        """
        return await self._run(_page, states, client, size, before)

    async def start(self, job_id: str) -> Job | None:
        """pending → processing, one attempt more; None when the job is not pending (any more)."""
        return await self._run(_start, job_id, self._clock())

    async def report(self, job_id: str, progress: Progress) -> None:
        """Record progress of a processing job."""
        await self._once(_report, job_id, progress, self._clock())

    async def complete(self, job_id: str, summary: Summary) -> Job | None:
        """processing → completed; None when the job was cancelled or deleted meanwhile."""
        return await self._run(_end, job_id, JobState.COMPLETED, self._clock(), None, summary)

    async def fail(self, job_id: str, error: JobError) -> Job | None:
        """Unfinished → failed; None when it had finished already."""
        return await self._run(_end, job_id, JobState.FAILED, self._clock(), error, None)

    async def cancel(self, job_id: str) -> Job | None:
        """Unfinished → cancelled; None when it had finished already."""
        return await self._run(_end, job_id, JobState.CANCELLED, self._clock(), None, None)

    async def requeue(self, job_id: str, *, crashed: bool, stage: str = "") -> Job | None:
        """processing → pending; `crashed` counts a worker's death against the job, `stage` says what it waits for."""
        return await self._run(_requeue, job_id, crashed, stage, self._clock())

    async def retry(self, job_id: str) -> Job | None:
        """failed or cancelled → pending, as if nothing had been counted; None when it is neither."""
        return await self._run(_retry, job_id, self._clock())

    async def recover(self, lost: JobError) -> tuple[Job, ...]:
        """At start: processing → pending; attached jobs, whose callers are gone, → failed with `lost`.

        Returns the pending jobs, oldest first.
        """
        return await self._run(_recover, lost, self._clock())

    async def delete(self, job_id: str) -> bool:
        """Forget a finished job and its events; False when there was none, or when it is to be worked on."""
        return await self._run(_delete, job_id)

    async def expired(self, passed: float, retention: float) -> tuple[str, ...]:
        """Let `passed` seconds pass; finished jobs that have been kept for `retention` seconds."""
        return await self._run(retained.expired, passed, retention)

    async def with_files(self) -> frozenset[str]:
        """Jobs whose folders are needed: those that wait or run, and durable ones with results or an input to retry."""
        return await self._run(_with_files)

    async def events(self, job_id: str, after: int) -> tuple[JobEvent, ...]:
        """Events of a job with a sequence number above `after`, in order."""
        return await self._run(_events, job_id, after)

    async def _run(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await waited_out(lambda: self._once(work, *args, **kwargs), self.patience.told)

    async def _once(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        def transaction() -> T:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                result = work(self._db, *args, **kwargs)
                self._db.execute("COMMIT")
            except BaseException as error:
                if self._db.in_transaction:  # a full disk has rolled it back already
                    self._db.execute("ROLLBACK")
                if isinstance(error, UnicodeDecodeError | IndexError):  # of columns' names
                    raise sqlite3.DatabaseError("its schema is damaged") from error
                raise
            return result

        # Shielded: a caller that is cancelled must not leave us in doubt whether the transaction ran.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, transaction))


def _add(db: sqlite3.Connection, job: Job) -> tuple[Job, bool]:
    if job.idempotency_key and (known := _known(db, job.client, job.idempotency_key)):
        return known, True
    db.execute(
        "INSERT INTO jobs (job_id, client, idempotency_key, attached, state, task_kind, task, options, created,"
        " progress) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.job_id,
            job.client,
            job.idempotency_key or None,
            job.attached,
            job.state,
            job.kind,
            records.dump_optional(job.task),
            records.dump(job.options),
            job.created,
            records.dump(job.progress),
        ),
    )
    _note(db, job.job_id, job.created)
    return job, False


def _known(db: sqlite3.Connection, client: str, idempotency_key: str) -> Job | None:
    row = db.execute(
        "SELECT * FROM jobs WHERE client = ? AND idempotency_key = ?", (client, idempotency_key)
    ).fetchone()
    return rows.job(row) if row else None


def _get(db: sqlite3.Connection, job_id: str) -> Job | None:
    row = db.execute("SELECT * FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
    return rows.job(row) if row else None


def _page(
    db: sqlite3.Connection, states: Sequence[JobState], client: str, size: int, before: int | None
) -> Page:
    marks = ", ".join("?" * len(states))
    found = db.execute(
        f"SELECT * FROM jobs WHERE (? OR state IN ({marks})) AND (? = '' OR client = ?) AND (? IS NULL OR number < ?)"  # noqa: S608  # question marks only
        " ORDER BY number DESC LIMIT ?",
        (not states, *states, client, client, before, before, size + 1),
    )
    shown: list[sqlite3.Row] = []
    characters = 0
    for row in found:
        if len(shown) == size or characters > _PAGE_CHARACTERS:
            return Page(tuple(map(rows.job, shown)), shown[-1]["number"])
        shown.append(row)
        characters += sum(len(column) for column in row if isinstance(column, str))
    return Page(tuple(map(rows.job, shown)), None)


def _start(db: sqlite3.Connection, job_id: str, now: float) -> Job | None:
    row = db.execute(
        "UPDATE jobs SET state = ?, attempts = attempts + 1, started = ?, progress = ?"
        " WHERE job_id = ? AND state = ? RETURNING *",
        (JobState.PROCESSING, now, records.dump(Progress("starting")), job_id, JobState.PENDING),
    ).fetchone()
    if row:
        _note(db, job_id, now)
    return rows.job(row) if row else None


def _report(db: sqlite3.Connection, job_id: str, progress: Progress, now: float) -> None:
    changed = db.execute(
        "UPDATE jobs SET progress = ? WHERE job_id = ? AND state = ?",
        (records.dump(progress), job_id, JobState.PROCESSING),
    ).rowcount
    if changed:
        _note(db, job_id, now)


def _end(
    db: sqlite3.Connection,
    job_id: str,
    state: JobState,
    now: float,
    error: JobError | None,
    summary: Summary | None,
) -> Job | None:
    # Only what a worker has begun can be completed; to fail or to be cancelled a job need not have run.
    earliest = JobState.PROCESSING if state is JobState.COMPLETED else JobState.PENDING
    row = db.execute(
        "UPDATE jobs SET state = ?, ended = ?, error = ?, summary = ?,"
        " progress = CASE WHEN ? = 'completed' THEN ? ELSE progress END"
        " WHERE job_id = ? AND state IN (?, ?) RETURNING *",
        (
            state,
            now,
            records.dump_optional(error),
            records.dump_optional(summary),
            state,
            records.dump(Progress("done", 1.0, 0.0)),
            job_id,
            earliest,
            JobState.PROCESSING,
        ),
    ).fetchone()
    if row:
        _note(db, job_id, now)
    return rows.job(row) if row else None


def _requeue(db: sqlite3.Connection, job_id: str, crashed: bool, stage: str, now: float) -> Job | None:
    row = db.execute(
        "UPDATE jobs SET state = ?, crashes = crashes + ?, progress = ? WHERE job_id = ? AND state = ? RETURNING *",
        (JobState.PENDING, int(crashed), records.dump(Progress(stage)), job_id, JobState.PROCESSING),
    ).fetchone()
    if row:
        _note(db, job_id, now)
    return rows.job(row) if row else None


def _retry(db: sqlite3.Connection, job_id: str, now: float) -> Job | None:
    # Attempts are counted on: a worker of an earlier one that still lives must write nowhere that counts.
    row = db.execute(
        "UPDATE jobs SET state = ?, crashes = 0, progress = ?, error = NULL, started = NULL, ended = NULL"
        " WHERE job_id = ? AND state IN (?, ?) RETURNING *",
        (JobState.PENDING, records.dump(Progress()), job_id, JobState.FAILED, JobState.CANCELLED),
    ).fetchone()
    if row is None:
        return None
    db.execute(
        "DELETE FROM events WHERE job_id = ?", (job_id,)
    )  # whoever watches would stop at the former end
    _note(db, job_id, now)
    return rows.job(row)


def _recover(db: sqlite3.Connection, lost: JobError, now: float) -> tuple[Job, ...]:
    for row in db.execute("SELECT * FROM jobs WHERE state NOT IN (?, ?, ?, ?, ?)", _STATES).fetchall():
        db.execute(  # a newer version's state, which nothing here would ever end
            "UPDATE jobs SET state = ?, ended = ?, error = ? WHERE job_id = ?",
            (JobState.FAILED, now, records.dump_optional(rows.job(row).error), row["job_id"]),
        )
    unfinished = [
        rows.job(row)
        for row in db.execute(
            "SELECT * FROM jobs WHERE state IN (?, ?) ORDER BY number", UNFINISHED
        ).fetchall()
    ]
    for job in unfinished:
        if job.error:  # its row cannot be read
            _end(db, job.job_id, JobState.FAILED, now, job.error, None)
        elif job.attached:
            _end(db, job.job_id, JobState.FAILED, now, lost, None)
        elif job.state is JobState.PROCESSING:
            _requeue(db, job.job_id, False, "", now)
    pending = db.execute("SELECT * FROM jobs WHERE state = ? ORDER BY number", (JobState.PENDING,)).fetchall()
    return tuple(map(rows.job, pending))


def _delete(db: sqlite3.Connection, job_id: str) -> bool:
    gone = db.execute("DELETE FROM jobs WHERE job_id = ? AND state NOT IN (?, ?)", (job_id, *UNFINISHED))
    return gone.rowcount > 0


def _with_files(db: sqlite3.Connection) -> frozenset[str]:
    needed = db.execute(
        "SELECT job_id FROM jobs WHERE state IN (?, ?) OR (state IN (?, ?) AND NOT attached)",
        (*UNFINISHED, JobState.COMPLETED, JobState.FAILED),
    )
    return frozenset(row["job_id"] for row in needed)


def _events(db: sqlite3.Connection, job_id: str, after: int) -> tuple[JobEvent, ...]:
    found = db.execute(
        "SELECT * FROM events WHERE job_id = ? AND sequence > ? ORDER BY sequence", (job_id, after)
    ).fetchall()
    return tuple(map(rows.event, found))


def _note(db: sqlite3.Connection, job_id: str, now: float) -> None:
    """Append the job's present state to its events."""
    db.execute(
        "INSERT INTO events (job_id, time, state, progress, error, summary)"
        " SELECT job_id, ?, state, progress, error, summary FROM jobs WHERE job_id = ?",
        (now, job_id),
    )
