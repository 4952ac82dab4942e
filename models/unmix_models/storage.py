"""Disks that run full, said in one sentence."""

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from .errors import StorageFull

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def is_full(error: OSError) -> bool:
    """True when the error says that the disk, the quota or the largest file size is reached."""
    return error.errno in _FULL


@contextmanager
def naming_full_disks(folder: Path) -> Generator[None]:
    """Turn a full-disk OSError inside the block into StorageFull that names `folder`."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise StorageFull(f"The disk that holds {folder} is full; free some space and try again.") from error
