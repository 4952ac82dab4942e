"""Steps on a file system that are whole or not there, and never replace what is somebody else's.

Raises plain OSError: who calls knows what the file was for.
"""

import errno
import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from unmix_plugins.errors import Cancelled
from unmix_plugins.watch.ledger.entry import FileFacts, Move

_READ = 1 << 20
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOTSUP}
_NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.EILSEQ}
_NAME_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR}


def place(staged: Path, final: Path, *, part: Path, overwrite: bool = False) -> None:
    """Give the file `staged` the name `final`, where another disk is reached by way of `part`, beside `final`.

    Raises FileExistsError when the name is taken, unless `overwrite` is set and a file has it.
    """
    try:
        if overwrite:
            staged.replace(final)
        else:
            _take_free_name(staged, final)
    except OSError as error:
        if error.errno == errno.EXDEV:
            _place_across(staged, final, part=part, overwrite=overwrite)
        elif error.errno in _NAME_TAKEN and not isinstance(error, FileExistsError):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final)) from error
        else:
            raise


def place_folder(staged: Path, final: Path, *, part: Path) -> None:
    """As `place`, for a folder with everything in it. An empty folder of that name is no obstacle."""
    try:
        staged.rename(final)
    except OSError as error:
        if error.errno == errno.EXDEV:
            remove(part)
            shutil.copytree(staged, part, copy_function=copy)
            sync_folder(part)
            place_folder(part, final, part=part)
        elif error.errno in _NAME_TAKEN:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final)) from error
        else:
            raise


def relocate(source: Path, final: Path, *, part: Path, keep: bool) -> None:
    """Move a user's file, or with `keep` make a second one of it: a link where that can be, else a copy.

    Raises FileExistsError when the name is taken. At no moment there is less than one complete file.
    """
    if not keep and not os.access(source.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(source.parent))
    if not keep:
        place(source, final, part=part)
    else:
        try:
            os.link(source, final)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in {*_NO_LINKS, errno.EXDEV}:
                raise
            copy(source, part)
            place(part, final, part=part)
    sync_folder(final.parent)


def copy(source: str | Path, target: str | Path) -> None:
    """Copy a file with its times and rights, durably; what `target` was is lost."""
    with suppress(FileNotFoundError):
        Path(target).unlink()
    shutil.copyfile(source, target)
    with Path(target).open("rb+") as file:
        os.fsync(file.fileno())
    shutil.copystat(source, target)  # last, as it may forbid to write


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably. Raises NotADirectoryError where a file has the name of one."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    with suppress(FileExistsError):  # made by another thread meanwhile
        folder.mkdir()
        sync_folder(folder.parent)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def part_beside(final: Path, mark: str) -> Path:
    """The hidden name, in the folder of `final`, of what is on its way there."""
    return final.with_name(f".unmix-{mark}.part")


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; nothing is no error."""
    if not is_there(path):
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems know no such thing
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def identity_of(path: Path) -> str:
    """What the file system knows a file by."""
    return FileFacts.of(path.lstat()).identity


def is_there(path: Path) -> bool:
    """True when something has this name, be it a link to nowhere."""
    return os.path.lexists(path)


def is_in_place(move: Move) -> bool:
    """True when an output has its name already: in an earlier life, that did not live to tell."""
    return is_file(move.final, FileFacts(move.size, 0, move.identity), move.sha256)


def is_file(path: Path, facts: FileFacts, sha256: str) -> bool:
    """True when `path` is the file of these facts, or one of the same content; times do not count."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != facts.size:
            return False
        return FileFacts.of(status).identity == facts.identity or digest(path) == sha256
    except OSError as error:
        if error.errno not in _NOTHING_THERE:
            raise
        return False


def digest(path: Path, is_over: Callable[[], bool] = lambda: False) -> str:
    """SHA-256 of a file's content, in hexadecimal. Raises Cancelled when `is_over` says so meanwhile."""
    found = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while data := file.read(_READ):
            if is_over():
                raise Cancelled
            found.update(data)
    return found.hexdigest()


def numbered(path: Path, number: int) -> Path:
    """`talk.wav`, `talk (2).wav`, `talk (3).wav`, …"""
    return path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")


def free_name(path: Path, is_taken: Callable[[Path], bool] = is_there) -> Path:
    """The first of the numbered names that nothing has now."""
    number = 1
    while is_taken(name := numbered(path, number)):
        number += 1
    return name


def _take_free_name(staged: Path, final: Path) -> None:
    try:
        os.link(staged, final)  # fails where the name is taken, in one step
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _claim(final)
        staged.replace(final)
        return
    _drop(staged, final)


def _place_across(staged: Path, final: Path, *, part: Path, overwrite: bool) -> None:
    try:
        copy(staged, part)
        place(part, final, part=part, overwrite=overwrite)
    except BaseException:
        remove(part)
        raise
    sync_folder(final.parent)
    _drop(staged, final)


def _drop(staged: Path, final: Path) -> None:
    """Remove the old name of what has a new one; where that cannot be, the new one goes again."""
    try:
        staged.unlink()
    except OSError:
        final.unlink()
        raise


def _claim(final: Path) -> None:
    """Take a name with an empty file, on a file system without hard links.

    An empty file that has it already is our own claim, from before we were killed: the name was free when it was
    decided on.
    """
    try:
        os.close(os.open(final, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        if final.is_symlink() or not final.is_file() or final.stat().st_size:
            raise
