"""Where REAPER keeps its settings and scripts: the folder that holds reaper.ini."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from unmix_plugins.errors import NotFound, NotPossibleNow
from unmix_plugins.reaper.installation.running import SETTINGS

_HOW = "Options > Show REAPER resource path in REAPER opens it"


def find_resource_folder(named: Path | None = None) -> Path:
    """The folder that was named, or the only one that this user has.

    Raises NotFound where there is none, NotPossibleNow where there are several.
    """
    if named is not None:
        folder = named.expanduser().absolute()
        if not (folder / SETTINGS).is_file():
            raise NotFound(
                f"{folder} holds no {SETTINGS}: start REAPER once, or name the right folder ({_HOW})."
            )
        return folder
    found = {os.path.realpath(folder): folder for folder in _places() if (folder / SETTINGS).is_file()}
    match list(found.values()):
        case []:
            usual = next(iter(usual_folders()))
            raise NotFound(
                f"There is no {SETTINGS} in {usual}: start REAPER once, or name its folder with"
                f" --resource-folder ({_HOW})."
            )
        case [folder]:
            return folder
        case several:
            names = " and ".join(str(folder) for folder in several)
            raise NotPossibleNow(
                f"REAPER has settings in {names}: choose one of them with --resource-folder ({_HOW})."
            )


def usual_folders() -> tuple[Path, ...]:
    """Where an installed REAPER keeps its settings on this system."""
    if sys.platform == "darwin":
        return (Path.home() / "Library" / "Application Support" / "REAPER",)
    if sys.platform == "win32":
        return (Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "REAPER",)
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return (configuration / "REAPER", Path.home() / ".config" / "REAPER")


def _places() -> Iterator[Path]:
    """The usual folders, and those in which a portable REAPER may lie."""
    yield from usual_folders()
    if sys.platform == "darwin":
        yield from (Path("/Applications"), Path.home() / "Applications")
    elif sys.platform == "win32":
        for variable in ("ProgramFiles", "ProgramW6432"):
            if parent := os.environ.get(variable):
                yield from (Path(parent) / "REAPER", Path(parent) / "REAPER (x64)")
    else:
        yield from (Path.home() / "opt" / "REAPER", Path("/opt/REAPER"))
    if program := shutil.which("reaper"):
        yield Path(os.path.realpath(program)).parent
