"""Rows of the database as jobs and events.

A row that cannot be read is a failed job that says so: another version of unmix may have written it. Nothing is
guessed, for a guess would be work that nobody asked for.
"""

import sqlite3

from unmix.words import TASKS, Job, JobError, JobEvent, JobState, Options, Progress, Summary, Task

from unmix_daemon import records

UNFINISHED = (JobState.PENDING, JobState.PROCESSING)
_UNREADABLE = (ValueError, RecursionError)
"""Of text that is no JSON, not of the kind that it should be, or nested without end."""


def job(row: sqlite3.Row) -> Job:
    """The job in a row of `jobs`; failed, with UNREADABLE_JOB, where that cannot be read."""
    try:
        read = Job(
            job_id=row["job_id"],
            client=row["client"],
            task=_task(row["task_kind"], row["task"]),
            kind=row["task_kind"],
            options=records.load(Options, row["options"]),
            attached=bool(row["attached"]),
            created=row["created"],
            idempotency_key=row["idempotency_key"] or "",
            state=JobState(row["state"]),
            attempts=row["attempts"],
            crashes=row["crashes"],
            started=row["started"],
            ended=row["ended"],
            progress=records.load(Progress, row["progress"]),
            error=records.load_optional(JobError, row["error"]),
            summary=records.load_optional(Summary, row["summary"]),
        )
        read.to_proto()  # what the contract cannot hold would fail whoever lists it among others
        return read
    except _UNREADABLE:
        return Job(
            job_id=row["job_id"],
            client=row["client"],
            task=None,
            kind=row["task_kind"],
            options=Options(),
            attached=bool(row["attached"]),
            created=row["created"],
            idempotency_key=row["idempotency_key"] or "",
            state=JobState.FAILED,
            attempts=row["attempts"],
            crashes=row["crashes"],
            started=row["started"],
            ended=row["ended"],
            error=_unreadable(row),
        )


def event(row: sqlite3.Row) -> JobEvent:
    """The event in a row of `events`. One that cannot be read says the state; the end of a job, that it failed."""
    try:
        return JobEvent(
            sequence=row["sequence"],
            time=row["time"],
            state=JobState(row["state"]),
            progress=records.load(Progress, row["progress"]),
            error=records.load_optional(JobError, row["error"]),
            summary=records.load_optional(Summary, row["summary"]),
        )
    except _UNREADABLE:
        ended = row["state"] not in (JobState.PENDING, JobState.PROCESSING)
        state = JobState.FAILED if ended else JobState(row["state"])
        return JobEvent(
            row["sequence"], row["time"], state, Progress(), _unreadable(row) if ended else None, None
        )


def _task(kind: str, text: str) -> Task:
    """Raises ValueError for a kind that this version does not know, or text that is none of it."""
    known = TASKS.get(kind)
    if known is None:
        raise ValueError(f"no such task: {kind}")
    return records.load(known, text)


def _unreadable(row: sqlite3.Row) -> JobError:
    return JobError(
        "UNREADABLE_JOB",
        f"Job {row['job_id']} cannot be read by this version of unmix, another one may have written it; "
        "send the file again.",
    )
