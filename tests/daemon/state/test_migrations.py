"""The schema, from nothing and from every version that was ever released."""

import sqlite3

import pytest
from unmix.database import migrate
from unmix_daemon.state.migrations import MIGRATIONS


@pytest.fixture
def db() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def schema(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def test_a_blank_file_gets_the_present_schema(db: sqlite3.Connection) -> None:
    migrate(db, MIGRATIONS)
    assert version(db) == len(MIGRATIONS)
    assert {"jobs", "events", "jobs_by_state", "events_by_job"} <= {name for name, _ in schema(db)}


@pytest.mark.parametrize("start", range(len(MIGRATIONS)))
def test_every_older_schema_becomes_the_present_one(db: sqlite3.Connection, start: int) -> None:
    for step in MIGRATIONS[:start]:
        step(db)
    db.execute(f"PRAGMA user_version = {start}")
    migrate(db, MIGRATIONS)
    blank = sqlite3.connect(":memory:", isolation_level=None)
    migrate(blank, MIGRATIONS)
    assert schema(db) == schema(blank)
    assert version(db) == len(MIGRATIONS)


def test_the_oldest_schema_keeps_its_jobs(db: sqlite3.Connection) -> None:
    MIGRATIONS[0](db)
    db.execute("PRAGMA user_version = 1")
    db.execute(
        "INSERT INTO jobs (job_id, client, attached, state, task_kind, task, options, created, progress)"
        " VALUES ('a', 'shell', 0, 'pending', 'denoise', '{}', '{}', 1.0, '{}')"
    )
    migrate(db, MIGRATIONS)
    assert db.execute("SELECT job_id, client FROM jobs").fetchall() == [("a", "shell")]


def test_migrating_twice_is_harmless(db: sqlite3.Connection) -> None:
    migrate(db, MIGRATIONS)
    before = schema(db)
    migrate(db, MIGRATIONS)
    assert schema(db) == before


def test_a_newer_schema_is_refused_and_not_touched(db: sqlite3.Connection) -> None:
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(sqlite3.DatabaseError, match=f"schema {len(MIGRATIONS) + 1} is newer"):
        migrate(db, MIGRATIONS)
    assert schema(db) == []


def test_a_step_that_fails_is_undone_and_those_before_it_stay(db: sqlite3.Connection) -> None:
    def broken(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (x)")
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(sqlite3.OperationalError, match="disk is full"):
        migrate(db, (*MIGRATIONS, broken))
    assert version(db) == len(MIGRATIONS)
    assert "half" not in {name for name, _ in schema(db)}
