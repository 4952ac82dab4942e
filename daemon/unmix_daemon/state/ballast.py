"""Room on the disk that is held for the moment when there is no other, as ships hold weight to throw out."""

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

from unmix_daemon.passing import Hindrance

_log = logging.getLogger(__name__)
_BYTES = 4 << 20
"""Thousands of ends: each takes a few pages of SQLite's log, which begins anew at 4 MB."""
_PIECE = 1 << 20


class Ballast:
    """One file of real blocks; while it is absent there was no room for it."""

    def __init__(self, path: Path) -> None:
        """Holds nothing yet."""
        self._path = path

    def take_in(self) -> None:
        """Write the file, where it is absent and the disk has room for several such; failing is no error."""
        if self._path.exists() or shutil.disk_usage(self._path.parent).free < 4 * _BYTES:
            return
        part = self._path.with_suffix(".part")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                for _ in range(_BYTES // _PIECE):
                    os.write(descriptor, os.urandom(_PIECE))  # which no file system stores in less
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            part.replace(self._path)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def let_go(self) -> None:
        """Give the room back."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


class Patience:
    """How long the database is waited for: until the daemon ends."""

    def __init__(self, ballast: Ballast) -> None:
        """`ballast` is what is thrown out when the database has no room."""
        self.ballast = ballast
        self._is_over = False

    def end(self) -> None:
        """From now on what cannot be recorded at the second try is an error; the next daemon takes over."""
        self._is_over = True

    def told(self, met: Hindrance, tries: int) -> None:
        """A transaction has failed so many times. Raises Short once patience is over."""
        self.ballast.let_go()
        if tries == 1:
            _log.warning("the database of jobs is tried again and again: %s", met.why)
        elif self._is_over:
            raise met.error()
