"""Taking away what lies below the weights folder of one model."""

import os
import shutil
from pathlib import Path


def remove(folder: Path, name: str) -> int | None:
    """Delete the model's folder and what downloads of it have left beside; return their bytes.

    None where there was nothing. A link is deleted, and what it leads to is left alone. Raises OSError.
    """
    gone = folder / f".{name}.gone"
    _delete(gone)
    if os.path.lexists(folder / name):
        (folder / name).rename(gone)  # whole or absent, as far as anybody sees
    ends = ("gone", "tar.gz.part", "staged", "part")
    freed = [_delete(folder / f".{name}.{end}") for end in ends]
    there = [size for size in freed if size is not None]
    return sum(there) if there else None


def _delete(path: Path) -> int | None:
    """Delete a file, a link or a folder; return its bytes, or None where there is none."""
    if not os.path.lexists(path):
        return None
    if path.is_symlink() or not path.is_dir():
        size = path.lstat().st_size
        path.unlink()
        return size
    _open_up(path)
    size = sum(entry.lstat().st_size for entry in path.rglob("*") if not entry.is_dir())
    shutil.rmtree(path)
    return size


def _open_up(folder: Path) -> None:
    """Whoever owns a folder may delete it whatever its permissions are, but must change these first."""
    folder.chmod(0o700)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            _open_up(entry)
