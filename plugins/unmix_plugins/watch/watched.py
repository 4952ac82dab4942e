"""One watched folder, and what the work on it stands on: made once in `app.py`, and passed whole to every step."""

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from unmix_plugins.files.folder import Folder
from unmix_plugins.watch.config.folder import FolderConfig
from unmix_plugins.watch.disk.mounts import TargetMounts
from unmix_plugins.watch.disk.moves import is_there
from unmix_plugins.watch.disk.original import NOTHING_THERE, Original, look
from unmix_plugins.watch.ledger.entry import Entry, FileFacts
from unmix_plugins.watch.ledger.store import Ledger
from unmix_plugins.watch.notify.report import Tell


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
        found = self.look(entry)
        return found is not None and found.is_same_version(entry.facts)

    def look(self, entry: Entry) -> FileFacts | None:
        """The file that has the entry's name now; None where it is none, or a link, a FIFO or a device."""
        return look(self.folder.source, self.source_of(entry))

    def is_there(self, entry: Entry) -> bool:
        """True when anything has the entry's name now."""
        try:
            with Folder.open(self.folder.source) as source:
                return is_there(source, self.source_of(entry))
        except OSError:
            return False

    @contextmanager
    def original(self, entry: Entry) -> Generator[Original | None]:
        """The entry's file, held open; None when it is not in its place any more, as it was.

        An inode may be another one than it was, as some file systems make them up each time. Raises OSError when the
        file cannot be opened.
        """
        with ExitStack() as stack:
            try:
                source = stack.enter_context(Folder.open(self.folder.source))
                place = stack.enter_context(source.at(self.source_of(entry)))
                found = stack.enter_context(Original(place))
            except OSError as error:
                if error.errno not in NOTHING_THERE:
                    raise
                found = None
            yield found if found is not None and found.facts.is_same_version(entry.facts) else None

    def mark(self, entry: Entry) -> str:
        """What no other entry has, of whatever ledger: for the names of temporary files."""
        return f"{self.ledger.token}-{entry.entry_id}"

    def local_time(self) -> datetime:
        """Now, where the user is."""
        return datetime.fromtimestamp(self.clock(), UTC).astimezone()
