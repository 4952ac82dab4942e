"""The ledger's schema as functions in order.

Paths are BLOBs: file names need not be text. Identities are text: inodes may be larger than SQLite's integers.
"""

import sqlite3
import uuid

from unmix.database import Migration


def _first(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE ledger (token TEXT NOT NULL) STRICT")
    db.execute("INSERT INTO ledger VALUES (?)", (uuid.uuid4().hex[:12],))
    db.execute("CREATE TABLE folders (folder INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE) STRICT")
    db.execute(
        """
        CREATE TABLE entries (
            entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
            folder   INTEGER NOT NULL REFERENCES folders (folder),
            path     BLOB NOT NULL,
            size     INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            identity TEXT NOT NULL,
            state    TEXT NOT NULL,
            sha256   TEXT NOT NULL DEFAULT '',
            tries    INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            due      REAL NOT NULL DEFAULT 0,
            job_id   TEXT NOT NULL DEFAULT '',
            plan     TEXT NOT NULL DEFAULT '',
            result   TEXT NOT NULL DEFAULT '',
            away_to  BLOB,
            is_away  INTEGER NOT NULL DEFAULT 0,
            is_missing INTEGER NOT NULL DEFAULT 0,
            reason   TEXT NOT NULL DEFAULT '',
            message  TEXT NOT NULL DEFAULT '',
            seconds  REAL NOT NULL DEFAULT 0,
            ended    REAL NOT NULL DEFAULT 0,
            is_untold INTEGER NOT NULL DEFAULT 0
        ) STRICT
        """
    )
    db.execute("CREATE INDEX entries_by_path ON entries (folder, path)")
    db.execute("CREATE INDEX entries_by_identity ON entries (folder, identity)")
    db.execute("CREATE INDEX entries_by_state ON entries (folder, state, due, entry_id)")
    db.execute("CREATE INDEX entries_by_end ON entries (state, ended)")
    db.execute("CREATE INDEX entries_untold ON entries (folder, entry_id) WHERE is_untold")
    db.execute(
        """
        CREATE TABLE outputs (
            entry_id INTEGER NOT NULL REFERENCES entries (entry_id) ON DELETE CASCADE,
            path     BLOB NOT NULL,
            size     INTEGER NOT NULL,
            sha256   TEXT NOT NULL,
            identity TEXT NOT NULL
        ) STRICT
        """
    )
    db.execute("CREATE INDEX outputs_by_content ON outputs (sha256)")
    db.execute("CREATE INDEX outputs_by_entry ON outputs (entry_id)")
    db.execute(
        """
        CREATE TABLE waits (
            folder   INTEGER NOT NULL REFERENCES folders (folder),
            subject  TEXT NOT NULL,
            sentence TEXT NOT NULL,
            since    REAL NOT NULL,
            PRIMARY KEY (folder, subject)
        ) STRICT
        """
    )
    db.execute("CREATE TABLE mounts (path BLOB PRIMARY KEY, point BLOB NOT NULL) STRICT")


MIGRATIONS: tuple[Migration, ...] = (_first,)
