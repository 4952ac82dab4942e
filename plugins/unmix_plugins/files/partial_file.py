"""A file that comes into being all at once: written under no name, then put in its place."""

import os
import secrets
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from unmix_plugins.errors import OutputError, OutputExists

_DESCRIPTORS = Path("/proc/self/fd")
_LONGEST_NAME = 50
"""Characters of the target's name in the temporary one: 255 bytes are the limit nearly everywhere."""


class PartialFile:
    """The bytes of `target` until they are complete; nothing of it is seen, and `target` is untouched.

    Where the system can (Linux), the file has no name at all, so that it vanishes with a process that is
    killed. Elsewhere it is `.<name>.<random>.part` beside the target, because only a rename within one
    file system is one step.
    """

    def __init__(self, target: Path) -> None:
        """Open the file in the folder of `target`, which must exist; a link is followed to what it names."""
        self.target = target
        self._real = Path(os.path.realpath(target))
        mark = f".{self._real.name[:_LONGEST_NAME]}.{secrets.token_hex(4)}"
        self._part = self._real.with_name(f"{mark}.part")
        self._old = self._real.with_name(f"{mark}.old")
        self._named = False
        self._is_new = False
        self._has_replaced = False
        with output_errors(target):
            self.file: BinaryIO = self._open()

    def place(self, *, overwrite: bool) -> None:
        """Make the bytes durable and give the file its name; `settle()` or `discard()` must follow.

        Raises OutputExists when the name is taken and `overwrite` is False, OutputError when the disk or
        the folder refuses.
        """
        with output_errors(self.target):
            self.file.flush()
            os.fsync(self.file.fileno())
            replaces = overwrite and self._real.exists()
            # In one step where that can be: a process that is killed leaves no temporary name then.
            self._is_new = not self._named and not replaces and self._link(self._real)
            if not self._named and not self._is_new:
                self._name()
            self.file.close()  # Windows renames no open file
            if replaces:
                self._replace()
            elif not self._is_new:
                self._take_free_name()

    def settle(self) -> None:
        """Keep the placed file for good."""
        with suppress(OSError):
            self._old.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove every trace; a file that was replaced comes back where the disk has hard links."""
        with suppress(OSError):  # closing writes what is buffered, which a full disk refuses
            self.file.close()
        with suppress(OSError):
            if self._has_replaced and self._old.exists():
                self._old.replace(self._real)
            elif self._is_new:
                self._real.unlink()
        for trace in (self._part, self._old):
            with suppress(OSError):
                trace.unlink(missing_ok=True)

    def _open(self) -> BinaryIO:
        if sys.platform == "linux" and _DESCRIPTORS.is_dir():
            with suppress(OSError):  # FAT, NFS and some FUSE file systems have no unnamed files
                return os.fdopen(os.open(self._real.parent, os.O_TMPFILE | os.O_RDWR, 0o666), "r+b")
        file = self._part.open("x+b")
        self._named = True
        return file

    def _link(self, path: Path) -> bool:
        """Give the unnamed file a name in its folder; False where /proc takes no links."""
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            # With a folder's descriptor os.link follows the link in /proc; without one it would link that.
            os.link(_DESCRIPTORS / str(self.file.fileno()), path.name, dst_dir_fd=folder)
        except FileExistsError:
            raise
        except OSError:
            return False
        finally:
            os.close(folder)
        return True

    def _name(self) -> None:
        """Give the unnamed file its temporary name, or copy it there."""
        if not self._link(self._part):
            with self._part.open("x+b") as named:
                self.file.seek(0)
                shutil.copyfileobj(self.file, named)
                named.flush()
                os.fsync(named.fileno())

    def _take_free_name(self) -> None:
        try:
            os.link(self._part, self._real)  # fails where the name is taken, in one step
        except FileExistsError:
            raise
        except OSError:  # this file system has no hard links
            if self._real.exists():
                raise FileExistsError from None
            self._part.replace(self._real)
        self._is_new = True
        self._part.unlink(missing_ok=True)

    def _replace(self) -> None:
        shutil.copymode(self._real, self._part)
        with suppress(OSError):  # this file system has no hard links
            os.link(self._real, self._old)
        self._part.replace(self._real)
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
