"""What the watcher knows: SQLite in WAL mode, every change durable when the method returns. All SQL is here.

One watcher writes (see `lock.py`); `unmix watch status` reads meanwhile, and `unmix watch retry` marks dead letters.
"""

import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unmix.database import open_database

from unmix_plugins.errors import UnmixError
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.ledger.entry import ENDED, Entry, FileFacts, Move, State
from unmix_plugins.watch.ledger.rows import entry_from_row, row_from_entry
from unmix_plugins.watch.ledger.schema import MIGRATIONS


class LedgerError(UnmixError):
    """The ledger cannot be opened or written."""

    reason = "LEDGER_UNUSABLE"
    advice = "The ledger cannot be used: check its disk."


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that the watcher waits for."""

    folder: str
    sentence: str
    since: float
    """Unix time."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What has been done since some time."""

    recordings: int
    seconds: float
    """Of sound."""


class Ledger:
    """May be used from several threads; one transaction runs at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create the ledger. Raises LedgerError."""
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = open_database(path, MIGRATIONS)
            (self.token,) = self._db.execute("SELECT token FROM ledger").fetchone()
            """Tells this ledger's jobs and temporary files from those of others."""
        except (OSError, sqlite3.Error, TypeError) as error:
            raise LedgerError(
                f"The ledger {shown(path)} cannot be opened ({error}): check its disk and its rights, or move it away;"
                " then everything in the watched folders is new."
            ) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All changes inside become durable together, or not at all; they may be nested."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0 and self._db.in_transaction:  # a full disk has rolled it back already
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def folder(self, name: str) -> int:
        """The number of the watched folder of this name."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO folders (name) VALUES (?) ON CONFLICT DO NOTHING", (os.fsencode(name),)
            )
            [found] = self._all("SELECT folder FROM folders WHERE name = ?", os.fsencode(name))
        return found["folder"]

    def folders(self) -> dict[int, str]:
        """All folders that were ever watched with this ledger."""
        return {
            row["folder"]: os.fsdecode(row["name"])
            for row in self._all("SELECT * FROM folders ORDER BY folder")
        }

    def add(self, folder: int, path: Path, facts: FileFacts) -> Entry:
        """A new entry, found."""
        with self.transaction():
            [row] = self._all(
                "INSERT INTO entries (folder, path, size, mtime_ns, identity, state) VALUES (?, ?, ?, ?, ?, ?)"
                " RETURNING *",
                *(folder, os.fsencode(path), facts.size, facts.mtime_ns, facts.identity, State.FOUND),
            )
        return entry_from_row(row)

    def save(self, entry: Entry) -> Entry:
        """Write an entry that was changed; returns it."""
        values = row_from_entry(entry)
        columns = ", ".join(f"{name} = ?" for name in values)
        with self.transaction():
            self._db.execute(
                f"UPDATE entries SET {columns} WHERE entry_id = ?",  # noqa: S608  # our own column names only
                (*values.values(), entry.entry_id),
            )
        return entry

    def forget(self, entry: Entry) -> None:
        """Remove an entry: what it was about is gone, or is another entry's now."""
        with self.transaction():
            self._db.execute("DELETE FROM entries WHERE entry_id = ?", (entry.entry_id,))

    def get(self, entry_id: int) -> Entry | None:
        """One entry."""
        return self._one("SELECT * FROM entries WHERE entry_id = ?", entry_id)

    def at(self, folder: int, path: Path) -> Entry | None:
        """The newest entry about a path, unless its source was put away."""
        newest = self._one(
            "SELECT * FROM entries WHERE folder = ? AND path = ? ORDER BY entry_id DESC LIMIT 1",
            *(folder, os.fsencode(path)),
        )
        return None if newest is None or newest.is_away else newest

    def same_file(self, folder: int, facts: FileFacts) -> Entry | None:
        """The newest entry with these facts under whatever name, unless its source was put away."""
        return self._one(
            "SELECT * FROM entries WHERE folder = ? AND identity = ? AND size = ? AND mtime_ns = ? AND NOT is_away"
            " ORDER BY entry_id DESC LIMIT 1",
            *(folder, facts.identity, facts.size, facts.mtime_ns),
        )

    def same_content(self, entry: Entry) -> Entry | None:
        """An earlier entry about the same path with the same content, unless its source was put away."""
        return self._one(
            "SELECT * FROM entries WHERE folder = ? AND path = ? AND sha256 = ? AND size = ? AND entry_id < ?"
            " AND NOT is_away ORDER BY entry_id DESC LIMIT 1",
            *(entry.folder, os.fsencode(entry.path), entry.sha256, entry.facts.size, entry.entry_id),
        )

    def in_states(self, folder: int, states: Sequence[State], now: float, limit: int) -> list[Entry]:
        """Entries of a folder that are due, longest due first."""
        marks = ", ".join("?" * len(states))
        rows = self._all(
            f"SELECT * FROM entries WHERE folder = ? AND state IN ({marks}) AND due <= ?"  # noqa: S608  # marks only
            " ORDER BY due, entry_id LIMIT ?",
            *(folder, *states, now, limit),
        )
        return [entry_from_row(row) for row in rows]

    def found(self, folder: int, now: float, pages_of: int = 10) -> Iterator[Entry]:
        """What waits for its turn and is due, longest due first; as many as are taken."""
        last = (-1.0, 0)
        while True:
            rows = self._all(
                "SELECT * FROM entries WHERE folder = ? AND state = ? AND due <= ? AND (due, entry_id) > (?, ?)"
                " ORDER BY due, entry_id LIMIT ?",
                *(folder, State.FOUND, now, *last, pages_of),
            )
            for row in rows:
                yield entry_from_row(row)
            if len(rows) < pages_of:
                return
            last = (rows[-1]["due"], rows[-1]["entry_id"])

    def counts(self) -> dict[int, dict[State, int]]:
        """How many entries each folder has in each state."""
        counts: dict[int, dict[State, int]] = {}
        for row in self._all("SELECT folder, state, COUNT(*) AS number FROM entries GROUP BY folder, state"):
            counts.setdefault(row["folder"], {})[State(row["state"])] = row["number"]
        return counts

    def has_unfinished(self, folder: int) -> bool:
        """True while an entry of a folder is neither done nor dead, or has still to be told of."""
        states = [state for state in State if state not in ENDED]
        [row] = self._all(
            f"SELECT EXISTS (SELECT 1 FROM entries WHERE folder = ? AND state IN ({_marks(states)}))"  # noqa: S608  # marks only
            " OR EXISTS (SELECT 1 FROM entries WHERE folder = ? AND is_untold) AS found",
            *(folder, *states, folder),
        )
        return bool(row["found"])

    def untold(self, folder: int, limit: int) -> list[Entry]:
        """Ended entries that the folder's hook was not told of, the oldest first."""
        rows = self._all(
            "SELECT * FROM entries WHERE folder = ? AND is_untold ORDER BY entry_id LIMIT ?", folder, limit
        )
        return [entry_from_row(row) for row in rows]

    def dead(self, folders: Iterable[int], limit: int) -> list[Entry]:
        """Dead letters, newest first."""
        return self._of_folders("state = 'dead' ORDER BY ended DESC LIMIT ?", folders, limit)

    def troubled(self, folders: Iterable[int], limit: int) -> list[Entry]:
        """Entries that failed and will be tried again, most failures first."""
        return self._of_folders(
            "state = 'found' AND message != '' ORDER BY attempts DESC LIMIT ?", folders, limit
        )

    def tally(self, folders: Iterable[int], since: float) -> Tally:
        """What was done since `since`, in Unix time."""
        chosen = tuple(folders)
        condition = f"state = 'done' AND ended >= ? AND folder IN ({_marks(chosen)})"
        sql = f"SELECT COUNT(*) AS number, COALESCE(SUM(seconds), 0.0) AS seconds FROM entries WHERE {condition}"  # noqa: S608  # marks only
        [row] = self._all(sql, since, *chosen)
        return Tally(row["number"], row["seconds"])

    def mark_for_retry(self, folders: Iterable[int]) -> int:
        """Have the watcher try the dead letters of these folders again; returns how many there are."""
        chosen = tuple(folders)
        dead = f"state = 'dead' AND folder IN ({_marks(chosen)})"
        sql = f"UPDATE entries SET state = 'retry', due = 0, is_away = 0 WHERE {dead}"  # noqa: S608  # marks only
        with self.transaction():
            return self._db.execute(sql, chosen).rowcount

    def add_outputs(self, entry: Entry, moves: Iterable[Move]) -> None:
        """Remember what was written for an entry, so that it is never taken for an input."""
        with self.transaction():
            self._db.executemany(
                "INSERT INTO outputs (entry_id, path, size, sha256, identity) VALUES (?, ?, ?, ?, ?)",
                [(entry.entry_id, os.fsencode(m.final), m.size, m.sha256, m.identity) for m in moves],
            )

    def outputs(self, entry: Entry) -> list[Path]:
        """What was written for an entry."""
        rows = self._all("SELECT path FROM outputs WHERE entry_id = ? ORDER BY rowid", entry.entry_id)
        return [Path(os.fsdecode(row["path"])) for row in rows]

    def is_output(self, path: Path, facts: FileFacts, sha256: str) -> bool:
        """True when this is a file that was written here, and at most given another name since."""
        rows = self._all("SELECT * FROM outputs WHERE sha256 = ? AND size = ?", sha256, facts.size)
        return any(row["path"] == os.fsencode(path) or row["identity"] == facts.identity for row in rows)

    def wait(self, folder: int, subject: str, sentence: str, now: float) -> None:
        """Note what a folder waits for."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO waits VALUES (?, ?, ?, ?)"
                " ON CONFLICT (folder, subject) DO UPDATE SET sentence = excluded.sentence",
                (folder, subject, shown(sentence), now),
            )

    def go_on(self, folder: int, subject: str | None = None) -> None:
        """A folder does not wait for this any more; None: for nothing."""
        with self.transaction():
            self._db.execute(
                "DELETE FROM waits WHERE folder = ? AND (? IS NULL OR subject = ?)",
                (folder, subject, subject),
            )

    def waits(self) -> list[Wait]:
        """What is waited for, the longest first."""
        rows = self._all("SELECT name, sentence, since FROM waits JOIN folders USING (folder) ORDER BY since")
        return [Wait(os.fsdecode(row["name"]), row["sentence"], row["since"]) for row in rows]

    def mount_of(self, path: Path) -> Path | None:
        """The mount point that a folder had when it was last there."""
        rows = self._all("SELECT point FROM mounts WHERE path = ?", os.fsencode(path))
        return Path(os.fsdecode(rows[0]["point"])) if rows else None

    def note_mount(self, path: Path, point: Path) -> None:
        """Remember a folder's mount point."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO mounts VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET point = excluded.point",
                (os.fsencode(path), os.fsencode(point)),
            )

    def _of_folders(self, condition: str, folders: Iterable[int], limit: int) -> list[Entry]:
        chosen = tuple(folders)
        sql = f"SELECT * FROM entries WHERE folder IN ({_marks(chosen)}) AND {condition}"  # noqa: S608  # ours
        rows = self._all(sql, *chosen, limit)
        return [entry_from_row(row) for row in rows]

    def _one(self, sql: str, *values: object) -> Entry | None:
        rows = self._all(sql, *values)
        return entry_from_row(rows[0]) if rows else None

    def _all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values)) or "NULL"
