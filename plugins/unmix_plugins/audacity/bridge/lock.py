"""One bridge for each folder: an advisory lock that the system frees when the process ends."""

import os
import sys
import time
from pathlib import Path
from typing import IO

from unmix_plugins.errors import UnmixError

LOCK = "bridge.lock"
_PATIENCE = 0.5
"""Seconds; who asks for the holder has the lock for an instant."""


class BridgeRuns(UnmixError):
    """Another bridge serves this folder; the message says which process."""

    reason = "BRIDGE_RUNS"
    advice = "A bridge to Audacity runs already: `unmix audacity status` shows what it does."


class BridgeLock:
    """Holds `bridge.lock` in a folder, until it is released."""

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises BridgeRuns, or OSError where the file cannot be made."""
        self._file = (folder / LOCK).open("a+", encoding="ascii")
        deadline = time.monotonic() + _PATIENCE
        while not (is_ours := _locks(self._file)) and time.monotonic() < deadline:
            time.sleep(_PATIENCE / 10)
        if not is_ours:
            pid = _number(self._file)
            self._file.close()
            raise BridgeRuns(
                f"A bridge to Audacity runs already (process {pid}): `unmix audacity status` shows what it does."
                if pid
                else ""
            )
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let another bridge have the folder."""
        self._file.close()


def holder(folder: Path) -> int | None:
    """The process of this folder's bridge; 0 when its number is not known, None when there is none."""
    try:
        with (folder / LOCK).open("r+", encoding="ascii") as file:
            return None if _locks(file, for_a_look=True) else _number(file)
    except (OSError, UnicodeDecodeError):
        return None


def _number(file: IO[str]) -> int:
    file.seek(0)
    said = file.read(20).strip()
    return int(said) if said.isdecimal() else 0


def _locks(file: IO[str], *, for_a_look: bool = False) -> bool:
    """Take the lock; False when a bridge has it. Those who only look are not in each other's way."""
    if sys.platform == "win32":
        return True  # without unix sockets there is no bridge
    import fcntl  # noqa: PLC0415  # does not exist on Windows

    try:
        fcntl.flock(file, (fcntl.LOCK_SH if for_a_look else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
