"""Why a file cannot be taken yet, although it does not change."""

import errno
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from unmix_plugins.files.folder import Folder
from unmix_plugins.files.shown import shown

_GONE = {errno.ENOENT, errno.ENOTDIR}


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stands in the way."""

    sentence: str
    """For the user."""
    passes: bool
    """True where it will pass by itself: another program has the file open."""


def blocker_of(source: Path, path: Path) -> Blocker | None:
    """What keeps the file `path`, below `source`, from being read; None when nothing does, or it is gone."""
    try:
        with Folder.open(source) as folder, folder.at(path) as place, place.read() as file:
            os.read(file.fileno(), 1)  # some network file systems refuse only now
            if _is_being_written(file.fileno()):
                return Blocker(
                    f"{shown(path)} is open in another program that may still write to it.", passes=True
                )
    except OSError as error:
        return _refused(path, error)
    return None


def _refused(path: Path, error: OSError) -> Blocker | None:
    if error.errno in _GONE:
        return None
    said = error.strerror or type(error).__name__
    if isinstance(error, PermissionError):
        # On Windows this is also what an open file says.
        sentence = f"{shown(path)} cannot be read ({said}): give this user the right to read it."
        return Blocker(sentence, passes=sys.platform == "win32")
    return Blocker(f"{shown(path)} cannot be read ({said}): check the file and its disk.", passes=False)


if sys.platform == "linux":
    import fcntl

    _F_SETSIG = 10  # fcntl.h; not in the fcntl module

    def _is_being_written(descriptor: int) -> bool:
        """A read lease is refused while anybody has the file open to write: fcntl(2), "Leases".

        Only the file's owner may ask, and only local file systems answer; elsewhere the pause has to do.
        """
        try:
            # Who opens the file in this instant makes the kernel signal us: with one that does no harm.
            fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGURG)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        return False

else:

    def _is_being_written(descriptor: int) -> bool:
        """Not to be known here: the pause has to do."""
        del descriptor
        return False
