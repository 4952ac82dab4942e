"""Taking away what lies below the weights folder of one model."""

import os
import shutil
from pathlib import Path


def remove(folder: Path, name: str) -> int:
    """Delete the model's folder and what downloads and imports of it have left beside; return their bytes.

    A link is deleted, and what it leads to is left alone. Raises OSError.
    """
    gone = folder / f".{name}.gone"
    beside = [f".{name}.{end}" for end in ("tar.gz.part", "staged", "part", "import")]
    paths = [folder / each for each in (name, *beside)]
    size = sum(map(_size, [gone, *paths]))
    _delete(gone)
    if os.path.lexists(folder / name):
        (folder / name).rename(gone)  # whole or absent, as far as anybody sees
    for path in [*paths[1:], gone]:
        _delete(path)
    return size


def _delete(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif os.path.lexists(path):
        _open_up(path)
        shutil.rmtree(path)


def _open_up(folder: Path) -> None:
    """Whoever owns a folder may delete it whatever its permissions are, but must change these first."""
    folder.chmod(0o700)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            _open_up(entry)


def _size(path: Path) -> int:
    try:
        if path.is_symlink() or not path.is_dir():
            return path.lstat().st_size
        return sum(entry.lstat().st_size for entry in path.rglob("*"))
    except OSError:
        return 0
