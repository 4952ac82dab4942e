"""One daemon for each state folder: an advisory lock that the system frees when the process ends."""

import os
from pathlib import Path
from typing import IO

import psutil


class AlreadyRunning(Exception):
    """Another process holds the state folder or the address; `str()` says who, without a full stop."""


class AddressTaken(AlreadyRunning):
    """Another process listens there."""


class FolderLock:
    """Holds `unmixd.lock` in a state folder."""

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises AlreadyRunning."""
        path = folder / "unmixd.lock"
        self._file = path.open("a+", encoding="ascii")
        try:
            _lock(self._file)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise AlreadyRunning(f"Another unmixd (process {holder}) already serves {folder}") from error
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let another daemon have the folder."""
        self._file.close()


def port_holder(port: int) -> str:
    """Who listens on a TCP port of this machine, in words."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                name = psutil.Process(connection.pid).name() if connection.pid else "another user's process"
                return f"{name} (process {connection.pid})" if connection.pid else name
    except psutil.Error:
        pass
    return "another process"


def _lock(file: IO[str]) -> None:
    """Raise OSError when somebody else has it."""
    if os.name == "nt":
        import msvcrt  # noqa: PLC0415  # exists on Windows only

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows only
    else:
        import fcntl  # noqa: PLC0415  # does not exist on Windows

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
