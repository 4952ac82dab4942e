"""The system's trash, from where a user can take a file back.

Linux and the like: the Trash specification of freedesktop.org, version 1.0. macOS: the user's `.Trash` of the disk.
There is none for Windows, where `check_layout` refuses the policy.
"""

import os
import stat
import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from unmix_plugins.watch.disk.mounts import mount_of
from unmix_plugins.watch.disk.moves import free_name, is_there


def trash_name(path: Path) -> Path:
    """A free name for the file `path` in the trash of its disk; only missing folders are made. Raises OSError."""
    if sys.platform == "darwin":
        return free_name(_mac_trash(path) / path.name)
    trash = _home_trash() if _is_on(path, _home_trash()) else _disk_trash(mount_of(path).point)
    for folder in (trash / "files", trash / "info"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return free_name(trash / "files" / path.name, lambda name: is_there(name) or is_there(info_of(name)))


def info_of(final: Path) -> Path:
    """The description of a file in a trash."""
    return final.parent.parent / "info" / f"{final.name}.trashinfo"


def write_info(info: Path, path: Path, now: datetime) -> None:
    """Describe the file `path` that is about to be trashed. Raises FileExistsError when another has the name."""
    trash = info.parent.parent
    top = trash.parent.parent if trash.parent.name == ".Trash" else trash.parent
    said = Path(os.path.realpath(path.parent)) / path.name
    if trash != _home_trash() and said.is_relative_to(top):
        said = said.relative_to(top)
    line = f"Path={quote(os.fsencode(said))}\n"
    try:
        with info.open("x", encoding="ascii") as file:
            file.write(f"[Trash Info]\n{line}DeletionDate={now:%Y-%m-%dT%H:%M:%S}\n")
    except FileExistsError:
        if line not in info.read_text("ascii", "replace"):  # else it is ours, from before we were killed
            raise


def _home_trash() -> Path:
    data = os.environ.get("XDG_DATA_HOME", "")
    return (Path(data) if data.startswith("/") else Path.home() / ".local" / "share") / "Trash"


def _disk_trash(top: Path) -> Path:
    """The trash of another disk than the user's own."""
    user = os.getuid()
    common = top / ".Trash"
    try:
        facts = common.lstat()
        if stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX:
            return common / str(user)
    except OSError:
        pass
    return top / f".Trash-{user}"


def _mac_trash(path: Path) -> Path:
    home = Path.home() / ".Trash"
    trash = home if _is_on(path, home) else mount_of(path).point / ".Trashes" / str(os.getuid())
    trash.mkdir(mode=0o700, parents=True, exist_ok=True)
    return trash


def _is_on(path: Path, folder: Path) -> bool:
    """True when a rename leads from one to the other."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return there.stat().st_dev == path.lstat().st_dev
