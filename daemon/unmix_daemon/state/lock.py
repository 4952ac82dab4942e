"""One daemon for each state folder and each port."""

from pathlib import Path

import psutil
from unmix.locations import LOCK
from unmix.lock import FileLock, LockHeldError


class AlreadyRunning(Exception):
    """Another process holds the state folder or the address; `str()` says who, without a full stop."""


class AddressTaken(AlreadyRunning):
    """Another process listens there."""


def lock_folder(folder: Path) -> FileLock:
    """Hold `unmixd.lock` in a state folder. Raises AlreadyRunning."""
    try:
        return FileLock(folder / LOCK)
    except LockHeldError as error:
        raise AlreadyRunning(
            f"Another unmixd (process {error.holder or 'unknown'}) already serves {folder}"
        ) from error


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
