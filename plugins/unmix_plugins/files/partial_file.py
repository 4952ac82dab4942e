"""A file that comes into being all at once: written under no name, then put in its place."""

import os
import secrets
import shutil
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from unmix_plugins.errors import OutputError, OutputExists
from unmix_plugins.files.folder import Folder, Place

_DESCRIPTORS = Path("/proc/self/fd")
_LONGEST_NAME = 50
"""Characters of the target's name in the temporary one: 255 bytes are the limit nearly everywhere."""


class PartialFile:
    """The bytes of `target` until they are complete; nothing of it is seen, and `target` is untouched.

    Where the system can (Linux), the file has no name at all, so that it vanishes with a process that is
    killed. Elsewhere it is `.<name>.<random>.part` beside the target, because only a rename within one
    file system is one step. All of it happens in the folder as it is opened here, whatever its path leads to later.
    """

    def __init__(self, target: Path | Place) -> None:
        """Open the file in the folder of `target`, which must exist.

        A path that is a link is followed to what it names; a place is taken as it is, and a link there replaced.
        """
        self.target = target if isinstance(target, Path) else target.path
        with output_errors(self.target):
            if isinstance(target, Path):
                real = Path(os.path.realpath(target))
                self._final = Folder.open(real.parent) / real.name
            else:
                self._final = target.folder.enter() / target.name
        mark = f".{self._final.name[:_LONGEST_NAME]}.{secrets.token_hex(4)}"
        self._part = self._final.beside(f"{mark}.part")
        self._old = self._final.beside(f"{mark}.old")
        self._named = False
        self._is_new = False
        self._has_replaced = False
        try:
            with output_errors(self.target):
                self.file: BinaryIO = self._open()
        except BaseException:
            self._final.folder.close()
            raise

    def place(self, *, overwrite: bool) -> None:
        """Make the bytes durable and give the file its name; `settle()` or `discard()` must follow.

        Raises OutputExists when the name is taken and `overwrite` is False, OutputError when the disk or
        the folder refuses.
        """
        with output_errors(self.target):
            self.file.flush()
            os.fsync(self.file.fileno())
            replaces = overwrite and self._final.exists()
            # In one step where that can be: a process that is killed leaves no temporary name then.
            self._is_new = not self._named and not replaces and self._link(self._final)
            if not self._named and not self._is_new:
                self._name()
            if replaces:
                self._keep_rights()
            self.file.close()  # Windows renames no open file
            if replaces:
                self._replace()
            elif not self._is_new:
                self._take_free_name()

    def settle(self) -> None:
        """Keep the placed file for good."""
        if self._has_replaced:
            with suppress(OSError):
                self._old.unlink()
        self._final.folder.close()

    def discard(self) -> None:
        """Remove every trace; a file that was replaced comes back where the disk has hard links."""
        with suppress(OSError):  # closing writes what is buffered, which a full disk refuses
            self.file.close()
        with suppress(OSError):
            if self._has_replaced and self._old.exists():
                self._old.replace(self._final)
            elif self._is_new:
                self._final.unlink()
        for trace in (self._part, self._old):
            with suppress(OSError):
                trace.unlink()
        self._final.folder.close()

    def _open(self) -> BinaryIO:
        folder = self._final.folder
        if sys.platform == "linux" and _DESCRIPTORS.is_dir():
            with suppress(OSError):  # FAT, NFS and some FUSE file systems have no unnamed files
                unnamed = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o666, dir_fd=folder.descriptor)
                return os.fdopen(unnamed, "r+b")
        file = self._part.create()
        self._named = True
        return file

    def _link(self, place: Place) -> bool:
        """Give the unnamed file a name in its folder; False where /proc takes no links."""
        try:
            # With a folder's descriptor os.link follows the link in /proc; without one it would link that.
            os.link(_DESCRIPTORS / str(self.file.fileno()), place.name, dst_dir_fd=place.folder.descriptor)
        except FileExistsError:
            raise
        except OSError:
            return False
        return True

    def _name(self) -> None:
        """Give the unnamed file its temporary name, or go on with a copy that has it."""
        if self._link(self._part):
            return
        with self.file as unnamed:
            self.file = self._part.create()
            unnamed.seek(0)
            shutil.copyfileobj(unnamed, self.file)
        self.file.flush()
        os.fsync(self.file.fileno())

    def _take_free_name(self) -> None:
        try:
            self._part.link(self._final)  # fails where the name is taken, in one step
        except FileExistsError:
            raise
        except OSError:  # this file system has no hard links
            if self._final.exists():
                raise FileExistsError from None
            self._part.replace(self._final)
            self._is_new = True
            return
        self._is_new = True
        self._part.unlink()

    def _keep_rights(self) -> None:
        """Those of the file that is replaced, where it is one and the system has such rights."""
        mode = self._final.status().st_mode
        if stat.S_ISREG(mode) and sys.platform != "win32":
            os.fchmod(self.file.fileno(), stat.S_IMODE(mode))

    def _replace(self) -> None:
        with suppress(OSError):  # this file system has no hard links
            self._final.link(self._old)
        self._part.replace(self._final)
        self._has_replaced = True


@contextmanager
def output_errors(target: object) -> Generator[None]:
    """Turn what the system says about writing `target` into OutputError and OutputExists."""
    try:
        yield
    except FileExistsError as error:
        raise OutputExists(
            f"{target} exists already: choose another folder, or allow it to be replaced."
        ) from error
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise OutputError(f"{target} cannot be written ({said}): make room, or write elsewhere.") from error
