"""Steps on a file system that are whole or not there, and never replace what is somebody else's.

Raises plain OSError: who calls knows what the file was for.
"""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

from unmix_plugins.files.folder import Folder, Place
from unmix_plugins.watch.disk.original import NOTHING_THERE, Original, digest
from unmix_plugins.watch.ledger.entry import FileFacts, Move

_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOTSUP}
_NAME_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR}


def place(staged: Place, final: Place, *, part: str, overwrite: bool = False) -> None:
    """Give the file `staged` the name `final`, where another disk is reached by way of the name `part` beside that.

    Raises FileExistsError when the name is taken, unless `overwrite` is set and a file has it.
    """
    try:
        if overwrite:
            staged.replace(final)
        else:
            _take_free_name(staged, final)
    except OSError as error:
        if error.errno == errno.EXDEV:
            with Original(staged) as original:
                _copy(original, final, part=part, overwrite=overwrite)
                original.drop(names=0, otherwise=final.unlink)
        elif error.errno in _NAME_TAKEN and not isinstance(error, FileExistsError):
            raise _taken(final) from error
        else:
            raise


def place_folder(staged: Place, final: Place, *, part: str) -> None:
    """As `place`, for a folder with files in it. An empty folder of that name is no obstacle."""
    try:
        staged.replace(final)
    except OSError as error:
        if error.errno == errno.EXDEV:
            there = final.beside(part)
            there.remove()
            there.make_folder()
            with staged.enter() as files, there.enter() as copies:
                for entry in files.scan():
                    with (files / entry.name).read() as file:
                        (copies / entry.name).copy_of(file)
                copies.sync()
            place_folder(there, final, part=part)
        elif error.errno in _NAME_TAKEN:
            raise _taken(final) from error
        else:
            raise


def relocate(original: Original, final: Place, *, part: str, keep: bool) -> None:
    """Move a user's file, or with `keep` make a second one of it: a link where that can be, else a copy.

    Raises FileExistsError when the name is taken, FileNotFoundError when another file has the original's name by now;
    that one stays where it is. At no moment there is less than one complete file.
    """
    source = original.place
    if not (keep or source.folder.is_writable):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(source.folder.path))
    try:
        source.link(final)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno == errno.EXDEV or (keep and error.errno in _NO_LINKS):
            _copy(original, final, part=part)
            names = 0
        elif error.errno in _NO_LINKS:
            _rename(original, final)
            return
        else:
            raise
    else:
        names = 1
        if not original.is_at(final):
            final.unlink()
            raise original.lost()
    final.folder.sync()
    if not keep:
        original.drop(names=names, otherwise=final.unlink)


def part_name(mark: str) -> str:
    """The hidden name of what is on its way into a folder."""
    return f".unmix-{mark}.part"


def is_there(root: Folder, path: Path) -> bool:
    """True when something below `root` has this name, be it a link to nowhere."""
    try:
        with root.at(path) as place:
            return place.exists()
    except OSError:
        return False


def is_in_place(root: Folder, move: Move) -> bool:
    """True when an output has its name already: in an earlier life, that did not live to tell."""
    return is_file(root, move.final, FileFacts(move.size, 0, move.identity), move.sha256)


def is_file(root: Folder, path: Path, facts: FileFacts, sha256: str) -> bool:
    """True when `path`, below `root`, is the file of these facts, or one of the same content; times do not count."""
    try:
        with root.at(path) as place:
            status = place.status()
            if not stat.S_ISREG(status.st_mode) or status.st_size != facts.size:
                return False
            if FileFacts.of(status).identity == facts.identity:
                return True
            with place.read() as file:
                return digest(file) == sha256
    except OSError as error:
        if error.errno not in NOTHING_THERE:
            raise
        return False


def numbered(path: Path, number: int) -> Path:
    """`talk.wav`, `talk (2).wav`, `talk (3).wav`, …"""
    return path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")


def free_name(path: Path, is_taken: Callable[[Path], bool]) -> Path:
    """The first of the numbered names that nothing has now."""
    number = 1
    while is_taken(name := numbered(path, number)):
        number += 1
    return name


def _take_free_name(staged: Place, final: Place) -> None:
    try:
        staged.link(final)  # fails where the name is taken, in one step
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _claim(final)
        staged.replace(final)
        return
    try:
        staged.unlink()
    except OSError:
        final.unlink()
        raise


def _copy(original: Original, final: Place, *, part: str, overwrite: bool = False) -> None:
    """Give a copy the name `final`."""
    copied = final.beside(part)
    try:
        copied.copy_of(original.file)
        place(copied, final, part=part, overwrite=overwrite)
    except BaseException:
        copied.remove()
        raise
    final.folder.sync()


def _rename(original: Original, final: Place) -> None:
    """Move a file where there are no hard links; what turns out to be another one goes back."""
    source = original.place
    _claim(final)
    source.replace(final)
    if not original.is_at(final):
        if not source.exists():
            final.replace(source)
        raise original.lost()
    final.folder.sync()


def _claim(final: Place) -> None:
    """Take a name with an empty file, on a file system without hard links.

    An empty file that has it already is our own claim, from before we were killed: the name was free when it was
    decided on.
    """
    try:
        final.create(0o600).close()
    except FileExistsError:
        status = final.status()
        if not stat.S_ISREG(status.st_mode) or status.st_size:
            raise


def _taken(final: Place) -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final.path))
