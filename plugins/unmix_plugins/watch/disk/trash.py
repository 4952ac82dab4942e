"""The system's trash, from where a user can take a file back.

Linux and the like: the Trash specification of freedesktop.org, version 1.0. macOS: the user's `.Trash` of the disk.
There is none for Windows, where `check_layout` refuses the policy.
"""

import errno
import os
import stat
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from unmix_plugins.files.folder import Folder, Place
from unmix_plugins.watch.disk.mounts import mount_of
from unmix_plugins.watch.disk.moves import free_name, is_there

_LONGEST_INFO = 1 << 16


def open_trash(source: Folder) -> Folder:
    """The trash of the disk on which a file's folder is; missing ones are made. Raises OSError.

    On another disk than the user's own anybody may have made it: it is refused where it is a link, or not the user's.
    """
    home = Path.home() / ".Trash" if sys.platform == "darwin" else _home_trash()
    if _is_on(source, home):
        return Folder.open(home, make=True)
    with Folder.open(mount_of(source.path).point) as top:
        if sys.platform == "darwin":
            with top.enter(".Trashes") as common:
                return _own(common / str(os.getuid()))
        with suppress(OSError):
            facts = (top / ".Trash").status()
            if stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX:
                with top.enter(".Trash") as common:
                    return _own(common / str(os.getuid()))
        return _own(top / f".Trash-{os.getuid()}")


def trash_name(trash: Folder, name: str) -> Path:
    """A free name for a file in the trash; only missing folders are made. Raises OSError."""
    if sys.platform == "darwin":
        return free_name(trash.path / name, lambda path: is_there(trash, path))
    for folder in ("files", "info"):
        _own(trash / folder).close()
    return free_name(
        trash.path / "files" / name,
        lambda path: is_there(trash, path) or is_there(trash, info_of(path)),
    )


def info_of(final: Path) -> Path:
    """The description of a file in a trash."""
    return final.parent.parent / "info" / f"{final.name}.trashinfo"


def write_info(info: Place, path: Path, now: datetime) -> None:
    """Describe the file `path` that is about to be trashed. Raises FileExistsError when another has the name."""
    trash = info.path.parent.parent
    top = trash.parent.parent if trash.parent.name == ".Trash" else trash.parent
    said = Path(os.path.realpath(path.parent)) / path.name
    if trash != _home_trash() and said.is_relative_to(top):
        said = said.relative_to(top)
    line = f"Path={quote(os.fsencode(said))}\n".encode("ascii")
    try:
        with info.create() as file:
            file.write(b"[Trash Info]\n" + line + f"DeletionDate={now:%Y-%m-%dT%H:%M:%S}\n".encode("ascii"))
    except FileExistsError:
        with info.read() as file:
            if line not in file.read(_LONGEST_INFO):  # else it is ours, from before we were killed
                raise


def _home_trash() -> Path:
    data = os.environ.get("XDG_DATA_HOME", "")
    return (Path(data) if data.startswith("/") else Path.home() / ".local" / "share") / "Trash"


def _own(place: Place) -> Folder:
    """A folder that is this user's, made where it is missing."""
    with suppress(FileExistsError):
        place.make_folder(0o700)
    folder = place.enter()
    if folder.status().st_uid != os.getuid():
        folder.close()
        raise PermissionError(errno.EPERM, "it is somebody else's", str(place.path))
    return folder


def _is_on(source: Folder, folder: Path) -> bool:
    """True when a rename leads from one to the other."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return there.stat().st_dev == source.status().st_dev
