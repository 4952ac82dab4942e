"""Disks that are full, too small, or may not be written, said in one sentence."""

import errno
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from unmix_models.errors import ResultTooLarge, StorageDenied, StorageFull

_FULL = {errno.ENOSPC, errno.EDQUOT}
_DENIED = {errno.EROFS, errno.EACCES, errno.EPERM}


def is_full(error: OSError) -> bool:
    """True when the error says that the disk or the quota is full."""
    return error.errno in _FULL


def check_room(folder: Path, needed: int, reserve: int, written: int = 0) -> None:
    """Raise StorageFull where `needed` bytes and the reserve do not fit on a disk now, ResultTooLarge where never.

    `written` of them are there already, and are free again when the results are given up.
    """
    disk = shutil.disk_usage(folder)
    size = f"more than {_gigabytes(written)}" if written else f"up to {_gigabytes(needed)}"
    if needed + reserve > disk.total:
        raise ResultTooLarge(
            f"The results take {size}, and the disk of the state folder has "
            f"{_gigabytes(disk.total)} in all: choose a section, another format, or a larger disk."
        )
    room = max(0, disk.free + written - reserve)
    if needed > room:
        raise StorageFull(
            f"The disk of the state folder is full: the results take {size}, and {_gigabytes(room)} may be used.",
            needed_bytes=str(needed),
        )


@contextmanager
def naming_the_disk(folder: Path) -> Generator[None]:
    """Turn an OSError of a full or a read-only disk inside the block into an error that names `folder`."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StorageFull(f"The disk that holds {folder} is full; free some space, try again.") from error
        if error.errno in _DENIED:
            raise StorageDenied(
                f"{folder} cannot be written ({error.strerror}); change its permissions."
            ) from error
        raise


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB"
