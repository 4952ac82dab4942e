"""SQLite files that keep promises: what is committed is on the disk, and the schema is brought up to date."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from unmix.ownership import open_own

Migration = Callable[[sqlite3.Connection], None]
"""One step of a schema's life; `PRAGMA user_version` counts those that have run."""

_BUSY_SECONDS = 15.0
"""How long another process may hold the file."""
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite makes beside the file, with the same mode: sqlite.org/tempfiles.html."""


def open_database(path: Path, migrations: Sequence[Migration]) -> sqlite3.Connection:
    """Open a file, made where it is absent, for one thread at a time; transactions are begun by hand.

    Nobody else can read it. Raises sqlite3.DatabaseError when the file is from a newer unmix, is no database, or
    cannot be opened, Untrusted when it is a link or another user's, and OSError.
    """
    os.close(open_own(path, os.O_RDWR | os.O_CREAT))
    for beside in (path.with_name(f"{path.name}{end}") for end in BESIDE):
        if beside.exists() or beside.is_symlink():
            os.close(open_own(beside, os.O_RDWR))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
    db.row_factory = sqlite3.Row
    db.text_factory = _text
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            db.execute(f"PRAGMA {pragma}")
        migrate(db, migrations)
    except (
        UnicodeDecodeError
    ) as error:  # SQLite tells what is wrong with the schema in the schema's own bytes
        db.close()
        raise sqlite3.DatabaseError("its schema is damaged") from error
    except BaseException:
        db.close()
        raise
    return db


def _text(stored: bytes) -> str:
    """What a damaged page holds need not be text, and is for whoever reads the row to judge."""
    return stored.decode("utf-8", "replace")


def migrate(db: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Bring the schema up to date, each step in a transaction of its own.

    Raises sqlite3.DatabaseError when the file is from a newer unmix, or no database.
    """
    while True:
        # Two processes may open a new file at once: one migrates, the other sees it.
        db.execute("BEGIN IMMEDIATE")
        try:
            (done,) = db.execute("PRAGMA user_version").fetchone()
            if done > len(migrations):
                raise sqlite3.DatabaseError(
                    f"schema {done} is newer than this unmix knows ({len(migrations)})"
                )
            if done < len(migrations):
                migrations[done](db)
                db.execute(f"PRAGMA user_version = {done + 1}")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:  # a full disk has rolled it back already
                db.execute("ROLLBACK")
            raise
        if done == len(migrations):
            return
