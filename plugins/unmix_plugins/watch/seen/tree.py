"""The files below a watched folder, found without falling into loops, our own outputs or half of a download.

Links are never followed, whenever they are put there, and no file is opened. Names are text in Python's sense: bytes
that are no UTF-8 become lone surrogates (PEP 383) and turn back into the same bytes.
"""

import errno
import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from fnmatch import translate
from pathlib import Path
from unicodedata import normalize

from unmix_plugins.files.folder import Folder
from unmix_plugins.watch.config.folder import FolderConfig
from unmix_plugins.watch.disk.original import NOTHING_THERE, look
from unmix_plugins.watch.ledger.entry import FileFacts

_FOREIGN_FOLDERS = {
    "@eadir",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "lost+found",
    "system volume information",
}
"""Thumbnails, recycle bins and the like, which network storage and Windows keep among the user's files."""
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart")
_GONE = NOTHING_THERE - {errno.ENAMETOOLONG}
"""What a system answers about a folder that has been there just now; a link may have its name."""
_LONGEST_NAME = 255
"""Bytes, nearly everywhere."""


class Tree:
    """What of a folder is to be watched."""

    def __init__(self, folder: FolderConfig, never: Collection[Path] = ()) -> None:
        """Watch `folder`, and nothing inside the folders `never`."""
        self.source = folder.source
        self._recursive = folder.recursive
        self._never = tuple({*never, *folder.own_folders})
        self._include = _matcher(folder.include)
        self._exclude = _matcher(folder.exclude)

    def walk(
        self, start: Path | None = None, on_error: Callable[[OSError], object] = lambda _: None
    ) -> Iterator[tuple[str, os.stat_result]]:
        """Every regular file below `start`, itself inside the source, whose name is not one to be left alone.

        Patterns are not looked at yet: `wants` does, for the few files that have changed. Raises OSError when `start`
        cannot be read; a folder below it goes to `on_error` and is passed over.
        """
        never = self._identities()
        first = (start or self.source).relative_to(self.source)
        folders = [first]
        with Folder.open(self.source) as source:
            while folders:
                inside = folders.pop()
                try:
                    yield from self._files(source, inside, folders, never, on_error)
                except OSError as error:
                    if inside == first:
                        raise
                    if error.errno not in _GONE:
                        on_error(error)

    def _files(
        self,
        source: Folder,
        inside: Path,
        folders: list[Path],
        never: set[tuple[int, int]],
        on_error: Callable[[OSError], object],
    ) -> list[tuple[str, os.stat_result]]:
        """The files of one folder; those in it go to `folders`."""
        files: list[tuple[str, os.stat_result]] = []
        with source.enter(inside) as folder:
            if _identity(folder.status()) in never:
                return files
            above = f"{folder.path}/"
            has_room = folder.holds("x" * _LONGEST_NAME)
            for entry in folder.scan():
                name = entry.name
                if is_ignored(name):
                    continue
                try:
                    if entry.is_file(follow_symlinks=False):
                        if not has_room and not folder.holds(name):
                            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), above + name)
                        files.append((above + name, entry.stat(follow_symlinks=False)))
                    elif self._recursive and entry.is_dir(follow_symlinks=False):
                        folders.append(inside / name)
                except FileNotFoundError:  # gone meanwhile
                    continue
                except OSError as error:  # its path is too long, or the disk fails
                    on_error(error)
        return files

    def wants(self, path: Path) -> bool:
        """True when a file of this name is to be taken, provided that it lies where one is looked for."""
        inside = path.relative_to(self.source)
        if any(is_ignored(part) for part in inside.parts):
            return False
        return self._include(inside) and not self._exclude(inside)

    def enters(self, folder: Path) -> bool:
        """True when `walk` comes by this folder: no link leads there, and nothing of unmix is written there."""
        if folder == self.source:
            return True
        if not self._recursive or self.source not in folder.parents:
            return False
        inside = folder.relative_to(self.source)
        if any(map(is_ignored, inside.parts)):
            return False
        never = self._identities()
        try:
            with ExitStack() as stack:
                here = stack.enter_context(Folder.open(self.source))
                for name in inside.parts:
                    here = stack.enter_context(here.enter(name))
                    if _identity(here.status()) in never:
                        return False
        except OSError:  # gone again
            return False
        return True

    def look(self, path: Path) -> FileFacts | None:
        """The file as it is now; None when there is none, or it is a link, a FIFO or a device, or lies behind one."""
        return look(self.source, path)

    def _identities(self) -> set[tuple[int, int]]:
        """Folders are told apart by what they are: a name may differ in case, or lead there through a link."""
        found: set[tuple[int, int]] = set()
        for folder in self._never:
            try:
                found.add(_identity(folder.stat()))
            except (OSError, ValueError):  # not there yet
                continue
        return found


def is_ignored(name: str) -> bool:
    """True for names that no user's finished recording has: hidden, unfinished, or a machine's own."""
    lower = name.lower()
    return lower.startswith((".", "~$")) or lower.endswith(_UNFINISHED) or lower in _FOREIGN_FOLDERS


def is_renamed(old: Path, new: Path, facts: FileFacts) -> bool:
    """True when the file at `new`, known as `old` before, has left that name; False when it has both (a hard link).

    On file systems that ignore case, `a.wav` is still found after it became `A.wav`: there the folder's list of
    names decides.
    """
    try:
        status = old.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    if FileFacts.of(status).identity != facts.identity:
        return True
    pairs = zip(reversed((old, *old.parents)), reversed((new, *new.parents)), strict=False)
    differing = [mine for mine, its in pairs if mine.name != its.name]
    return _folded(old) == _folded(new) and any(not _is_listed(path) for path in differing)


def _is_listed(path: Path) -> bool:
    try:
        return path.name in os.listdir(path.parent)  # noqa: PTH208  # names are all that is wanted
    except OSError:
        return False


def _folded(path: Path) -> str:
    return normalize("NFC", str(path)).casefold()


def _identity(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_dev, facts.st_ino


def _matcher(patterns: Collection[str]) -> Callable[[Path], bool]:
    """Whether a path inside the source matches any: patterns with a slash the path, others the name."""
    whole = _any([pattern.strip("/") for pattern in patterns if "/" in pattern])
    names = _any([pattern for pattern in patterns if "/" not in pattern])
    return lambda inside: bool(whole.match(inside.as_posix()) or names.match(inside.name))


def _any(patterns: Collection[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)) or r"(?!)", re.IGNORECASE)
