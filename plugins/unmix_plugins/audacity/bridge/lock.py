"""One bridge for each folder."""

from pathlib import Path

from unmix import lock
from unmix.lock import FileLock, LockHeldError

from unmix_plugins.errors import UnmixError

LOCK = "bridge.lock"


class BridgeRuns(UnmixError):
    """Another bridge serves this folder; the message says which process."""

    reason = "BRIDGE_RUNS"
    advice = "A bridge to Audacity runs already: `unmix audacity status` shows what it does."


def lock_folder(folder: Path) -> FileLock:
    """Hold `bridge.lock` in a folder. Raises BridgeRuns, or OSError where the file cannot be made."""
    try:
        return FileLock(folder / LOCK)
    except LockHeldError as error:
        raise BridgeRuns(
            f"A bridge to Audacity runs already (process {error.holder}): `unmix audacity status` shows what it does."
            if error.holder
            else ""
        ) from error


def holder(folder: Path) -> int | None:
    """The process of this folder's bridge; 0 when its number is not known, None when there is none."""
    return lock.holder(folder / LOCK)
