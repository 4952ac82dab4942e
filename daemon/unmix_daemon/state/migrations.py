"""The jobs' schema as functions in order."""

import json
import sqlite3
from typing import Any

from unmix.database import Migration


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


def _third(db: sqlite3.Connection) -> None:
    """Jobs are kept by seconds in which a daemon was awake; those that are finished are kept from now on."""
    db.execute("CREATE TABLE awake (seconds REAL NOT NULL) STRICT")
    db.execute("INSERT INTO awake VALUES (0.0)")
    db.execute("ALTER TABLE jobs ADD COLUMN kept_since REAL")
    db.execute("ALTER TABLE jobs ADD COLUMN kept_end REAL")


MIGRATIONS: tuple[Migration, ...] = (_first, _second, _third)
