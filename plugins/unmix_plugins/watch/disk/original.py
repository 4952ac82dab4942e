"""A user's file, held open: it is this one that is read and moved, whatever has its name by then."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from unmix_plugins.errors import Cancelled
from unmix_plugins.files.folder import Folder, Place
from unmix_plugins.watch.ledger.entry import FileFacts

_READ = 1 << 20
NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.EILSEQ}
"""What a system answers about a name that no file has, or can have."""


class Original:
    """An open file, and its name in the folder where it was opened; use it in a `with` statement."""

    def __init__(self, place: Place) -> None:
        """Open the file at `place`. Raises FileNotFoundError where that is no regular file, and OSError."""
        self.place = place
        self.file: BinaryIO = place.read()
        status = os.fstat(self.file.fileno())
        self._identity = status.st_dev, status.st_ino

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    @property
    def facts(self) -> FileFacts:
        """As the open file is now."""
        return FileFacts.of(os.fstat(self.file.fileno()))

    def is_at(self, place: Place) -> bool:
        """True when the name is one of this very file: both are asked now, so that no inode can be another's."""
        try:
            status = place.status()
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    def is_still(self, facts: FileFacts, sha256: str) -> bool:
        """True when this is the file of these facts, or one of the same size, time and content."""
        now = self.facts
        if not now.is_same_version(facts):
            return False
        return now.identity == facts.identity or not sha256 or digest(self.file) == sha256

    def drop(self, *, names: int = 1, otherwise: Callable[[], object] = lambda: None) -> None:
        """Take its name away: it has another one, or a copy, `names` of them links.

        Where its name is another file's meanwhile, that one stays. Raises FileNotFoundError when this file has been
        given another name instead, and OSError when the system refuses; `otherwise` was done then.
        """
        try:
            if self.is_at(self.place):
                if os.name == "nt":  # which removes no open file
                    self.file.close()
                self.place.unlink()
            elif os.fstat(self.file.fileno()).st_nlink > names:
                raise self.lost()
        except OSError:
            otherwise()
            raise

    def lost(self) -> FileNotFoundError:
        """The exception for a file that does not have its name any more."""
        return FileNotFoundError(errno.ENOENT, "it is another file now", str(self.place.path))


def look(source: Path, path: Path) -> FileFacts | None:
    """The file at `path` below `source` as it is now; it is not opened.

    None when there is none, or what is there, or a folder on the way, is a link, a FIFO or a device.
    """
    try:
        with Folder.open(source) as folder, folder.at(path) as place:
            status = place.status()
    except (OSError, ValueError):
        return None
    return FileFacts.of(status) if stat.S_ISREG(status.st_mode) else None


def digest(file: BinaryIO, is_over: Callable[[], bool] = lambda: False) -> str:
    """SHA-256 of a file's content, in hexadecimal. Raises Cancelled when `is_over` says so meanwhile."""
    found = hashlib.sha256()
    file.seek(0)
    while data := file.read(_READ):
        if is_over():
            raise Cancelled
        found.update(data)
    file.seek(0)
    return found.hexdigest()
