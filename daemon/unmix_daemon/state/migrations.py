"""The database's schema as functions in order; `PRAGMA user_version` counts those that have run."""

import json
import sqlite3
from collections.abc import Callable
from typing import Any


def _first(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE jobs (
            number          INTEGER PRIMARY KEY AUTOINCREMENT,
            job_id          TEXT NOT NULL UNIQUE,
            client          TEXT NOT NULL,
            idempotency_key TEXT,
            attached        INTEGER NOT NULL,
            state           TEXT NOT NULL,
            task_kind       TEXT NOT NULL,
            task            TEXT NOT NULL,
            options         TEXT NOT NULL,
            attempts        INTEGER NOT NULL DEFAULT 0,
            crashes         INTEGER NOT NULL DEFAULT 0,
            created         REAL NOT NULL,
            started         REAL,
            ended           REAL,
            progress        TEXT NOT NULL,
            error           TEXT,
            summary         TEXT,
            UNIQUE (client, idempotency_key)
        ) STRICT
        """
    )
    db.execute("CREATE INDEX jobs_by_state ON jobs (state, ended)")
    db.execute(
        """
        CREATE TABLE events (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            job_id   TEXT NOT NULL REFERENCES jobs (job_id) ON DELETE CASCADE,
            time     REAL NOT NULL,
            state    TEXT NOT NULL,
            progress TEXT NOT NULL,
            error    TEXT,
            summary  TEXT
        ) STRICT
        """
    )
    db.execute("CREATE INDEX events_by_job ON events (job_id, sequence)")


def _second(db: sqlite3.Connection) -> None:
    """0.1.0's summaries: what only sound has goes into `audio`, and an output gets a name besides its stem."""
    for table, key in (("jobs", "number"), ("events", "sequence")):
        rows = db.execute(f"SELECT {key}, job_id, summary FROM {table} WHERE summary IS NOT NULL").fetchall()  # noqa: S608  # ours
        for number, job_id, text in rows:
            try:
                summary = _with_audio(json.loads(text), job_id)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                continue  # told when somebody asks for the job
            db.execute(
                f"UPDATE {table} SET summary = ? WHERE {key} = ?",  # noqa: S608
                (json.dumps(summary, ensure_ascii=False), number),
            )


def _with_audio(old: dict[str, Any], job_id: str) -> dict[str, Any]:
    sound = ("frames", "sample_rate", "channels")
    kept = {name: value for name, value in old.items() if name not in sound}
    outputs = [{"name": output["stem"], **output} for output in old["outputs"]]
    return {**kept, "job_id": job_id, "audio": {name: old[name] for name in sound}, "outputs": outputs}


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first, _second)


def migrate(db: sqlite3.Connection) -> None:
    """Bring the schema up to date, each step in a transaction of its own.

    Raises sqlite3.DatabaseError when the file is from a newer unmix, or no database.
    """
    (done,) = db.execute("PRAGMA user_version").fetchone()
    if done > len(MIGRATIONS):
        raise sqlite3.DatabaseError(f"schema {done} is newer than this unmix knows ({len(MIGRATIONS)})")
    for version, step in enumerate(MIGRATIONS[done:], done + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            step(db)
            db.execute(f"PRAGMA user_version = {version}")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:  # a full disk has rolled it back already
                db.execute("ROLLBACK")
            raise
