"""Folders and files of this user alone, judged as ssh judges those that it trusts (sshd_config(5): StrictModes).

A folder can be trusted when it is ours and nobody else can put anything into it, nor another one in its place: each
folder and link on the way to it, from the home folder or the root on, is ours or the system's, and can be written by
others only where it is sticky, as /tmp is. Windows keeps profiles private by itself: nothing is judged there.
"""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FLAGS = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO is refused, not waited for
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST_LINKS = 40
"""As many as Linux follows: path_resolution(7)."""
ELSEWHERE = "name a folder of your own in UNMIX_STATE"


class Untrusted(PermissionError):
    """Somebody else has a hand in this folder or file; `str()` says who or how, and what to do, without a full stop."""

    def __init__(self, fault: str, cure: str) -> None:
        super().__init__(errno.EPERM, f"{fault}: {cure}")
        self.fault = fault
        self.cure = cure

    def __str__(self) -> str:
        return str(self.strerror)


def private_folder(folder: Path, *, mark: str = "") -> Path:
    """Make a folder with mode 0700 where it is absent; returns it.

    One of ours that holds the file `mark`, and so was made for us, is closed to others; no other is changed, as
    somebody may name /tmp. Raises Untrusted, or OSError where it cannot be made.
    """
    for missing in reversed([folder, *folder.parents]):
        if not missing.exists():
            missing.mkdir(mode=0o700, exist_ok=True)
    if sys.platform != "win32" and mark and (folder / mark).exists():
        status = folder.stat()
        if status.st_uid == os.geteuid() and status.st_mode & _OTHERS:
            folder.chmod(stat.S_IMODE(status.st_mode) & ~_OTHERS)
    judge_folder(folder)
    return folder


def judge_folder(folder: Path) -> None:
    """Raises Untrusted when what is in the folder can be another user's, OSError when it is not there."""
    if sys.platform == "win32":
        return
    excused, trusted = _above_home(), _trusted()
    way = list(_way(folder.absolute()))
    for passed, status in way:
        if passed not in excused and (fault := _fault_on_the_way(passed, status, trusted)):
            raise fault
    _, status = way[-1]
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if status.st_uid != os.geteuid():
        raise Untrusted(f"{folder} belongs to {_name(status.st_uid)}", ELSEWHERE)
    if _is_open_to_others(status):
        raise Untrusted(f"{folder} can be written by others ({_mode(status)})", f"chmod go-w {folder}")


def judge_socket(path: Path) -> None:
    """Raises Untrusted when who listens there can be another user, OSError when nobody does."""
    judge_folder(path.parent)
    status = path.lstat()
    if not stat.S_ISSOCK(status.st_mode):
        raise Untrusted(f"{path} is no socket", "remove it")
    if sys.platform != "win32" and status.st_uid != os.geteuid():
        raise Untrusted(f"{path} belongs to {_name(status.st_uid)}", "remove it")


def open_own(path: Path, flags: int) -> int:
    """Open a file, which is made with mode 0600, and closed to others where it is opened for writing.

    Raises Untrusted when it is a link, no file, or another user's, and OSError.
    """
    try:
        file = os.open(path, flags | _FLAGS, 0o600)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EMLINK} and path.is_symlink():
            raise Untrusted(f"{path} is a link, and has to be a file", "remove it") from error
        raise
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise Untrusted(f"{path} is no file", "remove it")
        if sys.platform != "win32":
            if status.st_uid != os.geteuid():
                raise Untrusted(f"{path} belongs to {_name(status.st_uid)}", "remove it")
            if flags & (os.O_WRONLY | os.O_RDWR) and status.st_mode & _OTHERS:
                os.fchmod(file, 0o600)
    except BaseException:
        os.close(file)
        raise
    return file


def read_own(path: Path) -> bytes:
    """What a file says that nobody else can have written. Raises Untrusted, or OSError."""
    with os.fdopen(open_own(path, os.O_RDONLY), "rb") as file:
        status = os.fstat(file.fileno())
        if sys.platform != "win32" and _is_open_to_others(status):
            raise Untrusted(f"{path} can be written by others ({_mode(status)})", f"chmod 600 {path}")
        return file.read()


def read_secret(path: Path) -> bytes:
    """What a file says that nobody else can read. Raises Untrusted, or OSError."""
    with os.fdopen(_open_secret(path), "rb") as file:
        return file.read()


def judge_secret(path: Path) -> None:
    """Raises Untrusted when another user can read or write a file, OSError when it is not there."""
    os.close(_open_secret(path))


def write_secret(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 in one step: a reader sees all of it, or what was there before. Raises OSError."""
    partial = path.with_name(f"{path.name}.part")
    partial.unlink(missing_ok=True)  # whosever it was
    with os.fdopen(open_own(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
        file.write(data)
    partial.replace(path)


def _open_secret(path: Path) -> int:
    file = open_own(path, os.O_RDONLY)
    status = os.fstat(file)
    if sys.platform != "win32" and status.st_mode & _OTHERS:
        os.close(file)
        raise Untrusted(f"{path} can be read by others ({_mode(status)})", f"chmod 600 {path}")
    return file


def _way(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every folder and link that the system passes when it looks for `path`, and what is there at last."""
    names = [*reversed(path.parts)]
    here = Path(names.pop())
    yield here, here.lstat()
    links = 0
    while names:
        name = names.pop()
        if name == "..":
            here = here.parent
            continue
        status = (here / name).lstat()
        yield here / name, status
        if not stat.S_ISLNK(status.st_mode):
            here /= name
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        names += reversed((here / name).readlink().parts)


if sys.platform != "win32":
    import grp
    import pwd

    def _fault_on_the_way(path: Path, status: os.stat_result, trusted: set[int]) -> Untrusted | None:
        if status.st_uid not in trusted:
            return Untrusted(f"{path} belongs to {_name(status.st_uid)}", ELSEWHERE)
        if stat.S_ISLNK(status.st_mode) or status.st_mode & stat.S_ISVTX or not _is_open_to_others(status):
            return None
        cure = f"chmod go-w {path}" if status.st_uid == os.geteuid() else ELSEWHERE
        return Untrusted(f"{path} can be written by others ({_mode(status)})", cure)

    def _trusted() -> set[int]:
        """This user and the system: root, which is another number within a user namespace."""
        return {os.geteuid(), 0, Path("/").stat().st_uid}

    def _is_open_to_others(status: os.stat_result) -> bool:
        mode = status.st_mode
        return bool(mode & stat.S_IWOTH) or bool(mode & stat.S_IWGRP and not _is_own_group(status.st_gid))

    def _is_own_group(gid: int) -> bool:
        """True for a group without other members, as systems give one to each user that have umask 002."""
        try:
            members = {pwd.getpwnam(name).pw_uid for name in grp.getgrgid(gid).gr_mem}
        except KeyError:
            return False
        return members | {entry.pw_uid for entry in pwd.getpwall() if entry.pw_gid == gid} <= _trusted()

    def _above_home() -> frozenset[Path]:
        """The folders in which the home folder lies, which its user cannot mend: ssh does not judge them either.

        They themselves, and not whatever leads there: a link in /tmp to somebody's home is its owner's to turn.
        """
        with suppress(OSError, RuntimeError):
            return frozenset(Path.home().resolve().parents)
        return frozenset()

    def _name(uid: int) -> str:
        with suppress(KeyError):
            return f"{pwd.getpwuid(uid).pw_name}, not to you"
        return f"user {uid}, not to you"

    def _mode(status: os.stat_result) -> str:
        return f"{stat.S_IMODE(status.st_mode):04o}"
