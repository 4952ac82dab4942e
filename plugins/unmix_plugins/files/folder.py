"""An open folder, and names in it: what is done there happens in that folder, whatever its path leads to by then.

Whoever may write to a folder can put a link, a FIFO or another folder in the place of any name, at any moment between
a look and a use. So names are looked up in open folders (`openat(2)` and its kin), one by one, and no link is followed.
What a user has named is another matter: `Folder.open` goes where that leads.

Windows has none of these calls. There, and only in this module, paths are joined, and links are looked for beforehand;
that has not been tried.
"""

import errno
import os
import shutil
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import TracebackType
from typing import BinaryIO, Self

_HAS_DESCRIPTORS = os.open in os.supports_dir_fd
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_FILE = _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A FIFO is opened at once, whether anybody writes to it or not."""
_NO_FOLDER = {errno.ELOOP, errno.EMLINK, errno.ENOTDIR}
"""What systems answer when a folder is to be opened and a link, or a file, has its name."""
_NO_FILE = {errno.ELOOP, errno.EMLINK, errno.ENXIO}
"""And when a file is to be opened; the last one where it is a socket."""
_LONGEST_PATH = os.pathconf("/", "PC_PATH_MAX") if hasattr(os, "pathconf") else 1 << 15
"""Bytes with the zero behind: what lies deeper could be made step by step, and be opened by no other program."""
_PIECE = 1 << 20
_CLOSED = -1
"""A descriptor that no system knows."""


class LinkFound(NotADirectoryError):
    """A link has the name of a folder, and is not followed."""


class Folder:
    """An open folder; close it, or use it in a `with` statement. Methods raise OSError with whole paths in it."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        """Take over an open descriptor, None on Windows; `open` and `enter` are the ways to get one."""
        self.path = path
        """What it was called when it was opened: for users and the ledger, and never used to get there."""
        self.descriptor = descriptor

    @classmethod
    def open(cls, path: Path, *, make: bool = False) -> "Folder":
        """The folder that `path` leads to, over links as well; with `make`, missing ones are made, durably."""
        try:
            if _HAS_DESCRIPTORS:
                return cls(path, os.open(path, _FOLDER))
            os.listdir(path)  # noqa: PTH208  # raises what opening it would
            return cls(path, None)
        except FileNotFoundError:
            if not make or path.parent == path:
                raise
        with cls.open(path.parent, make=True) as above:
            return above.enter(path.name, make=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __truediv__(self, name: str) -> "Place":
        return Place(self, name)

    def close(self) -> None:
        """Let go of it; a second time nothing happens, and nothing can be done in it any more."""
        if self.descriptor is not None and self.descriptor != _CLOSED:
            descriptor, self.descriptor = self.descriptor, _CLOSED
            os.close(descriptor)

    def enter(self, inside: PurePath | str = "", *, make: bool = False) -> "Folder":
        """Open the folder at the relative path `inside`; with `make`, missing ones are made, durably.

        Raises NotADirectoryError where a link or a file has the name of a folder.
        """
        folder = Folder(self.path, None if self.descriptor is None else os.dup(self.descriptor))
        for name in PurePath(inside).parts:
            with folder:
                folder = (folder / name).enter(make=make)
        return folder

    @contextmanager
    def at(self, path: Path, *, make: bool = False) -> Generator["Place"]:
        """The last name of `path`, which lies below this folder's, in the folder where it is; opened as by `enter`."""
        inside = path.relative_to(self.path)
        with self.enter(inside.parent, make=make) as folder:
            yield folder / inside.name

    def status(self) -> os.stat_result:
        """Of the folder itself."""
        return self.path.stat() if self.descriptor is None else os.fstat(self.descriptor)

    def scan(self) -> list["os.DirEntry[str]"]:
        """What is in it. Entries know their names only, and tell of themselves while the folder is open."""
        try:
            with os.scandir(self.path if self.descriptor is None else self.descriptor) as found:
                return list(found)
        except OSError as error:
            error.filename = str(self.path)
            raise

    def holds(self, name: str) -> bool:
        """False where the path of this name would be too long for the system."""
        return len(os.fsencode(self.path)) + 1 + len(os.fsencode(name)) < _LONGEST_PATH

    @property
    def is_writable(self) -> bool:
        """True when this user may make and remove names in it."""
        return os.access(self.path if self.descriptor is None else ".", os.W_OK, dir_fd=self.descriptor)

    def sync(self) -> None:
        """Make the names in it survive a power cut, where the system can."""
        if self.descriptor is not None:
            with suppress(OSError):  # some network file systems know no such thing
                os.fsync(self.descriptor)


@dataclass(frozen=True, slots=True)
class Place:
    """A name in an open folder. Methods follow no link, and raise OSError with whole paths in it."""

    folder: Folder
    name: str

    @property
    def path(self) -> Path:
        """What the user calls it."""
        return self.folder.path / self.name

    def beside(self, name: str) -> "Place":
        """Another name in the same folder."""
        return Place(self.folder, name)

    def status(self) -> os.stat_result:
        """Of what has the name, be it a link."""
        with self._named() as (name, folder):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def exists(self) -> bool:
        """True when something has this name, be it a link to nowhere."""
        try:
            self.status()
        except OSError:
            return False
        return True

    def read(self) -> BinaryIO:
        """Open the regular file of this name.

        Raises FileNotFoundError where a link, a FIFO, a device or a folder has the name, and waits for none of them.
        """
        if not stat.S_ISREG(self.status().st_mode):  # to open a device may set it going
            raise _no_file(self)
        with self._named() as (name, folder):
            try:
                descriptor = os.open(name, os.O_RDONLY | _FILE, dir_fd=folder)
            except OSError as error:
                if error.errno in _NO_FILE:
                    raise _no_file(self) from error
                raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise _no_file(self)
        return open(self.path, "rb", opener=lambda path, flags: descriptor)  # so that its name is the file's

    def create(self, mode: int = 0o666) -> BinaryIO:
        """Make a new file and open it to be written and read. Raises FileExistsError."""
        with self._named() as (name, folder):
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FILE, mode, dir_fd=folder)
        return os.fdopen(descriptor, "w+b")

    def make_folder(self, mode: int = 0o777) -> None:
        """Make a new folder. Raises FileExistsError."""
        with self._named() as (name, folder):
            os.mkdir(name, mode, dir_fd=folder)

    def enter(self, *, make: bool = False) -> Folder:
        """Open the folder of this name; with `make`, a missing one is made, durably. Raises as `Folder.enter`."""
        try:
            return self._folder()
        except FileNotFoundError:
            if not make:
                raise
        with suppress(FileExistsError):  # made by somebody else meanwhile
            self.make_folder()
            self.folder.sync()
        return self._folder()

    def link(self, other: "Place") -> None:
        """Give what is here the name `other` as well. Raises FileExistsError where that is taken."""
        with self._named(other) as (name, folder), other._named() as (new, into):
            os.link(name, new, src_dir_fd=folder, dst_dir_fd=into, follow_symlinks=not _HAS_DESCRIPTORS)

    def replace(self, other: "Place") -> None:
        """Move what is here to the name `other`, in one step; a file that has that is lost."""
        with self._named(other) as (name, folder), other._named() as (new, into):
            os.replace(name, new, src_dir_fd=folder, dst_dir_fd=into)

    def copy_of(self, file: BinaryIO) -> None:
        """Copy an open file to this name, with its times and rights, durably; what had the name is lost."""
        self.remove()
        file.seek(0)
        with self.create(0o600) as copied:
            shutil.copyfileobj(file, copied, _PIECE)
            copied.flush()
            os.fsync(copied.fileno())
            # Descriptors do as well as paths, which Windows has to have.
            files = (file.fileno(), copied.fileno()) if _HAS_DESCRIPTORS else (file.name, self.path)
            shutil.copystat(*files)  # pyright: ignore[reportArgumentType]

    def set_time(self, mtime_ns: int) -> None:
        """Say when what is here was changed."""
        with self._named() as (name, folder):
            os.utime(name, ns=(mtime_ns, mtime_ns), dir_fd=folder, follow_symlinks=not _HAS_DESCRIPTORS)

    def unlink(self) -> None:
        """Remove a file, or a link."""
        with self._named() as (name, folder):
            os.unlink(name, dir_fd=folder)

    def remove_folder(self) -> None:
        """Remove an empty folder."""
        with self._named() as (name, folder):
            os.rmdir(name, dir_fd=folder)

    def remove(self) -> None:
        """Remove a file or a link, or a folder with all that is in it; nothing is no error."""
        try:
            is_folder = stat.S_ISDIR(self.status().st_mode)
        except FileNotFoundError:
            return
        if is_folder:
            with self._named() as (name, folder):
                shutil.rmtree(name, dir_fd=folder)
        else:
            self.unlink()

    def _folder(self) -> Folder:
        with self._named() as (name, folder):
            if folder is None:
                if stat.S_ISDIR(self.status().st_mode):
                    return Folder(self.path, None)
                raise _no_folder(self)
            try:
                return Folder(self.path, os.open(name, _FOLDER | _NO_LINK, dir_fd=folder))
            except OSError as error:
                if error.errno in _NO_FOLDER:
                    raise _no_folder(self) from error
                raise

    @contextmanager
    def _named(self, other: "Place | None" = None) -> Generator[tuple[str, int | None]]:
        """What the system's calls get; within this, errors tell whole paths."""
        path = str(self.path)
        if self.name in {"", ".", ".."} or "/" in self.name:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        if not self.folder.holds(self.name):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path)
        folder = self.folder.descriptor
        try:
            yield (path if folder is None else self.name), folder
        except OSError as error:
            error.filename = path
            if other is not None:
                error.filename2 = str(other.path)
            raise


def _no_folder(place: Place) -> NotADirectoryError:
    """What stands in the way of a folder, in words."""
    try:
        is_link = stat.S_ISLNK(place.status().st_mode)
    except OSError:
        is_link = False
    if is_link:
        return LinkFound(errno.ENOTDIR, "a link is not followed here", str(place.path))
    return NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place.path))


def _no_file(place: Place) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "it is no file, or is none any more", str(place.path))
