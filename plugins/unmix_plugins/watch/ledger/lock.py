"""One watcher for each ledger: an advisory lock that the system frees when the process ends."""

import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from unmix_plugins.errors import UnmixError
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.ledger.store import LedgerError

_PATIENCE = 0.5
"""Seconds; whoever asks for the holder has the lock for an instant."""


class AlreadyWatched(UnmixError):
    """Another watcher works with this ledger; the message says who."""

    reason = "ALREADY_WATCHED"


class WatchLock:
    """Holds `<ledger>.lock`, for as long as the `with` block lasts."""

    def __init__(self, ledger: Path) -> None:
        """Take the lock. Raises AlreadyWatched, or LedgerError where the file cannot be made."""
        path = _lock_file(ledger)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = path.open("a+", encoding="ascii")
        except OSError as error:
            said = error.strerror or type(error).__name__
            raise LedgerError(
                f"{shown(path)} cannot be written ({said}): the ledger needs a folder of yours."
            ) from error
        deadline = time.monotonic() + _PATIENCE
        while not (is_ours := _lock(self._file)) and time.monotonic() < deadline:
            time.sleep(_PATIENCE / 10)
        if not is_ours:
            holder = _holder(self._file)
            self._file.close()
            raise AlreadyWatched(
                f"Another unmix watch (process {holder or 'unknown'}) already works with {shown(ledger)}: stop that one"
                " first, or name both folders in one watch.toml."
            )
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def watcher_of(ledger: Path) -> str | None:
    """The process that works with a ledger, or None when none does."""
    try:
        with _lock_file(ledger).open("r+", encoding="ascii") as file:
            return None if _lock(file) else _holder(file) or "unknown"
    except (OSError, UnicodeDecodeError):
        return None


def _lock_file(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}.lock")


def _holder(file: IO[str]) -> str:
    file.seek(1 if sys.platform == "win32" else 0)  # there the first byte is what is locked
    return file.read(20).strip()


def _lock(file: IO[str]) -> bool:
    """False when somebody else has it."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415  # exists on Windows only

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415  # does not exist on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
