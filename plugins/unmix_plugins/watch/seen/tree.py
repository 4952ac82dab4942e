"""The files below a watched folder, found without falling into loops, our own outputs or half of a download.

Links are never followed, and no file is opened. Names are text in Python's sense: bytes that are no UTF-8 become
lone surrogates (PEP 383) and turn back into the same bytes.
"""

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from fnmatch import translate
from pathlib import Path
from unicodedata import normalize

from unmix_plugins.watch.config.folder import FolderConfig
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
        folders = [str(start or self.source)]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(folder) as entries:
                    found = list(entries)
            except OSError as error:
                if folder == str(start or self.source):
                    raise
                on_error(error)
                continue
            for entry in found:
                if is_ignored(entry.name):
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if self._recursive and _identity(entry.stat(follow_symlinks=False)) not in never:
                            folders.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        yield entry.path, entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # gone meanwhile
                    continue
                except OSError as error:  # its path is too long, or the disk fails
                    on_error(error)

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
        if not self._recursive or self.source not in folder.parents or is_ignored(folder.name):
            return False
        try:
            facts = folder.lstat()
        except OSError:  # gone again
            return False
        if stat.S_ISLNK(facts.st_mode) or _identity(facts) in self._identities():
            return False
        return self.enters(folder.parent)

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


def look(path: Path) -> FileFacts | None:
    """The file as it is now; None when there is none, or what is there is a link, a folder or a device."""
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return None
    return FileFacts.of(status) if stat.S_ISREG(status.st_mode) else None


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
