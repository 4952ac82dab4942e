"""One watcher for each ledger."""

from pathlib import Path

from unmix.lock import FileLock, LockHeldError, holder

from unmix_plugins.errors import UnmixError
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.ledger.store import LedgerError


class AlreadyWatched(UnmixError):
    """Another watcher works with this ledger; the message says who."""

    reason = "ALREADY_WATCHED"


def lock_ledger(ledger: Path) -> FileLock:
    """Hold `<ledger>.lock`. Raises AlreadyWatched, or LedgerError where the file cannot be made."""
    path = _lock_file(ledger)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return FileLock(path)
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise LedgerError(
            f"{shown(path)} cannot be written ({said}): the ledger needs a folder of yours."
        ) from error
    except LockHeldError as error:
        raise AlreadyWatched(
            f"Another unmix watch (process {error.holder or 'unknown'}) already works with {shown(ledger)}: stop that"
            " one first, or name both folders in one watch.toml."
        ) from error


def watcher_of(ledger: Path) -> str | None:
    """The process that works with a ledger, or None when none does."""
    pid = holder(_lock_file(ledger))
    return None if pid is None else str(pid or "unknown")


def _lock_file(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}.lock")
