"""Disks that are full, or may not be written, said in one sentence."""

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from unmix_models.errors import StorageDenied, StorageFull
from unmix_models.process.passing import Shortage, passing

_DENIED = {errno.EROFS, errno.EACCES, errno.EPERM}


def is_full(error: OSError) -> bool:
    """True when the error says that the disk or the quota is full."""
    return passing(error) is Shortage.DISK


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
