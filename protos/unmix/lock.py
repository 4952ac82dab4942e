"""One process at a time: an advisory lock on a file, which the system frees when the process ends."""

import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from unmix.ownership import open_own

_PATIENCE = 0.5
"""Seconds; whoever only asks for the holder has the lock for an instant."""
_DIGITS = 20
"""Bytes; more than any process number has."""
_BYTE = 1 << 30
"""Windows lets nobody read the byte that is locked, so it lies beyond the number of the process."""


class LockHeldError(Exception):
    """Another process has the lock."""

    def __init__(self, path: Path, holder: int) -> None:
        super().__init__(f"{path} is held by process {holder or 'unknown'}")
        self.holder = holder
        """Its number; 0 where it is not known."""


class FileLock:
    """Holds a file, in which the number of this process is written, until `release` or the end of a `with` block."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises LockHeldError, Untrusted, or OSError where the file cannot be made."""
        self._file: int | None = None
        file = open_own(path, os.O_RDWR | os.O_CREAT)
        try:
            deadline = time.monotonic() + _PATIENCE
            while not _locks(file):
                if time.monotonic() >= deadline:
                    raise LockHeldError(path, _number(file))
                time.sleep(_PATIENCE / 10)
            os.ftruncate(file, 0)
            os.write(file, str(os.getpid()).encode("ascii"))
        except BaseException:
            os.close(file)
            raise
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Let another process have the file; a second time nothing happens."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def holder(path: Path) -> int | None:
    """The process that holds the file: 0 when its number is not known, None when there is none."""
    try:
        file = open_own(path, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if _locks(file, for_a_look=True) else _number(file)
    except OSError:
        return None
    finally:
        os.close(file)


def _number(file: int) -> int:
    os.lseek(file, 0, os.SEEK_SET)
    said = os.read(file, _DIGITS).strip()
    return int(said) if said.isdigit() else 0


if sys.platform == "win32":
    import msvcrt

    def _locks(file: int, *, for_a_look: bool = False) -> bool:  # there is one kind of lock
        os.lseek(file, _BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(file, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _locks(file: int, *, for_a_look: bool = False) -> bool:
        """Take the lock; False when another process has it. Those who only look are not in each other's way."""
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if for_a_look else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
