"""One watched folder, and what the work on it stands on: made once in `app.py`, and passed whole to every step."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from unmix_plugins.watch.config.folder import FolderConfig
from unmix_plugins.watch.disk.mounts import TargetMounts
from unmix_plugins.watch.ledger.entry import Entry
from unmix_plugins.watch.ledger.store import Ledger
from unmix_plugins.watch.notify.report import Tell
from unmix_plugins.watch.seen.tree import look


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder as it is configured, and the watcher's own parts."""

    folder: FolderConfig
    number: int
    """The folder's in the ledger."""
    ledger: Ledger
    mounts: TargetMounts
    """Of the folders that are written to."""
    tell: Tell
    max_attempts: int
    """Tries of a file whose failure may pass."""
    is_over: Callable[[], bool] = lambda: False
    """True from the moment at which everything is to end."""
    clock: Callable[[], float] = time.time
    """Gives Unix time."""

    def source_of(self, entry: Entry) -> Path:
        """Where the entry's file was found."""
        return self.folder.source / entry.path

    def is_unchanged(self, entry: Entry) -> bool:
        """True when the entry's file is in its place, as it was."""
        found = look(self.source_of(entry))
        return found is not None and found.is_same_version(entry.facts)

    def mark(self, entry: Entry) -> str:
        """What no other entry has, of whatever ledger: for the names of temporary files."""
        return f"{self.ledger.token}-{entry.entry_id}"

    def local_time(self) -> datetime:
        """Now, where the user is."""
        return datetime.fromtimestamp(self.clock(), UTC).astimezone()
