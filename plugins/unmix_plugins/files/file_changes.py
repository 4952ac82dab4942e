"""Changes to files that are made all together or not at all, with a backup of what users may miss."""

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from unmix_plugins.errors import NotPossibleNow, OutputError, OutputExists, SourceError
from unmix_plugins.files.partial_file import PartialFile, output_errors


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is to be written or removed."""

    path: Path
    old: bytes | None
    """What it held when the change was thought out; None: it was not there."""
    new: bytes | None
    """None: it goes."""
    said: str
    """What this does, for the user."""
    backup: bool = False
    """Keep `old` beside the file."""


def read(path: Path) -> bytes | None:
    """A file's bytes, or None where there is none. Raises SourceError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}): make it readable.") from error


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def missing_folders(paths: Iterable[Path], root: Path) -> tuple[Path, ...]:
    """The folders of these files below `root` that are not there yet, outermost first."""
    folders = {folder for path in paths for folder in path.parents if folder.is_relative_to(root)}
    return tuple(sorted(folder for folder in folders if not folder.exists()))


def apply(changes: Sequence[Change], root: Path) -> None:
    """Make all changes below the folder `root`, or, when one cannot be made, none.

    Every new content is on the disk before the first file is removed. Links are followed, modes are kept. Raises
    NotPossibleNow when a file is not any more what it was, OutputError when a disk or a folder refuses.
    """
    for change in changes:
        if read(change.path) != change.old:
            raise NotPossibleNow(
                f"{change.path} was changed by another program just now: run the command again."
            )
    written = [(change.path, change.new) for change in changes if change.new is not None]
    placed: list[PartialFile] = []
    with ExitStack() as undo:
        for folder in missing_folders((path for path, _ in written), root):
            with output_errors(folder):
                folder.mkdir()
            undo.callback(_remove_folder, folder)
        for change in changes:
            if change.backup and change.old is not None and not _has_backup(change.path, change.old):
                backup = _back_up(change.path, change.old)
                undo.callback(backup.discard)
                placed.append(backup)
        for path, content in written:
            file = PartialFile(path)
            undo.callback(file.discard)
            placed.append(file)
            with output_errors(path):
                file.file.write(content)
            file.place(overwrite=True)
        undo.pop_all()
    for file in placed:
        file.settle()
    for change in changes:
        if change.new is None:
            _remove(change.path)


def remove_folders(folders: Iterable[Path]) -> None:
    """Remove those of these folders that are empty, innermost first."""
    for folder in sorted(folders, reverse=True):
        _remove_folder(folder)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be removed ({error.strerror}): close what uses it, and run the command again."
        ) from error


def _remove_folder(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _has_backup(path: Path, content: bytes) -> bool:
    return any(read(backup) == content for backup in path.parent.glob(f"{path.name}.unmix-*.bak"))


def _back_up(path: Path, content: bytes) -> PartialFile:
    """Write `<name>.unmix-<date>-<time>.bak` beside the file, which may be a link to elsewhere."""
    now = f"{datetime.now():%Y%m%d-%H%M%S}"
    for number in itertools.count(1):
        mark = now if number == 1 else f"{now}-{number}"
        file = PartialFile(path.with_name(f"{path.name}.unmix-{mark}.bak"))
        try:
            with output_errors(path):
                file.file.write(content)
            file.place(overwrite=False)
        except OutputExists:
            file.discard()
            continue
        except BaseException:
            file.discard()
            raise
        return file
    raise AssertionError
