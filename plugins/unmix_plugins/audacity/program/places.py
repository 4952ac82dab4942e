"""Where the Audacity of this user keeps its settings and plug-ins, and where its parts lie.

The rules are Audacity's own (`FileNames.cpp`, the same in 3.2.4 and 3.7.5) on Linux: a folder “Portable Settings”
beside the program comes first, then `~/.audacity-data` where there is one, and the XDG folders otherwise.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from unmix_plugins.audacity.program.process import audacity_pids
from unmix_plugins.audacity.program.registry import unknown_effects
from unmix_plugins.errors import NotFound, NotPossibleNow, NotSupported, UnmixError

FOLDER = "audacity"
"""Below the state folder: where effects and bridge meet."""
SETTINGS = "audacity.cfg"
LIBRARIES = (Path("/usr/lib"), Path("/usr/local/lib"))
"""Where Linux distributions keep the libraries of programs."""
_MODULE = "mod-script-pipe.so"
_FLATPAK = ".var/app/org.audacityteam.Audacity"


@dataclass(frozen=True, slots=True)
class Places:
    """Audacity's folders of one user."""

    configuration: Path
    """With audacity.cfg and pluginregistry.cfg."""
    data: Path
    """With Plug-Ins."""
    program: Path | None = None
    """The executable, where it is known."""

    @property
    def settings(self) -> Path:
        """Audacity's settings, which it writes anew while it runs."""
        return self.configuration / SETTINGS

    @property
    def registry(self) -> Path:
        """What Audacity knows about plug-ins."""
        return self.configuration / "pluginregistry.cfg"

    @property
    def plug_ins(self) -> Path:
        """Where the user's own effects lie."""
        return self.data / "Plug-Ins"

    def running(self) -> int | None:
        """An Audacity that uses these settings, or may."""
        return next((pid for pid in audacity_pids() if _uses(pid, self.settings)), None)

    def modules(self) -> Iterator[Path]:
        """The script pipe's files in the order in which Audacity looks for them."""
        for folder in _module_folders(self):
            file = folder / _MODULE
            if file.is_file():
                yield file


def find_places(named: Path | None = None) -> Places:
    """The folders of the Audacity that this user has, or `named`, a folder with audacity.cfg or Plug-Ins.

    Raises NotFound where there is none, NotPossibleNow where there are two, and NotSupported where effects cannot reach
    the bridge: in Flatpak, and on systems other than Linux.
    """
    if sys.platform != "linux":
        raise NotSupported(
            "Unmix in Audacity's menu needs Linux so far: use `unmix denoise FILE` on this system."
        )
    home = Path.home()
    usual = usual_places(os.environ, home, find_program())
    is_here = usual.program is not None or usual.settings.exists() or usual.plug_ins.exists()
    flatpak = home / _FLATPAK
    if named is not None:
        folder = named.expanduser().absolute()
        if folder.is_relative_to(flatpak):
            raise _flatpak_refused()
        if folder in {usual.configuration, usual.data}:
            return usual
        if not (folder / SETTINGS).exists() and not (folder / "Plug-Ins").exists():
            raise NotFound(
                f"{folder} holds neither {SETTINGS} nor Plug-Ins: name the folder of Audacity's settings."
            )
        return Places(folder, folder, usual.program)
    if flatpak.exists():
        if not is_here:
            raise _flatpak_refused()
        if usual.program is None:
            raise NotPossibleNow(
                f"There are settings of Audacity in {usual.configuration} and of one from Flatpak, where unmix cannot"
                f" work: for the former say --audacity-folder {usual.configuration}."
            )
    if not is_here:
        raise NotFound(
            f"There is no Audacity on the PATH and none in {usual.configuration}: start it once, or name the folder"
            f" that holds its {SETTINGS} with --audacity-folder."
        )
    return usual


def usual_places(environment: Mapping[str, str], home: Path, program: Path | None) -> Places:
    """Where an Audacity with this environment and executable keeps its settings."""
    if program is not None and (portable := program.parent / "Portable Settings").is_dir():
        return Places(portable, portable, program)
    if (old := home / ".audacity-data").is_dir():
        return Places(old, old, program)
    configuration = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    return Places(configuration / "audacity", data / "audacity", program)


def find_program() -> Path | None:
    """The executable of the Audacity that a user would start."""
    found = shutil.which("audacity")
    return Path(os.path.realpath(found)) if found else None


def effects_are_new() -> bool:
    """Whether Audacity will register effects of Unmix at its next start."""
    try:
        places = find_places()
    except UnmixError:
        return False
    return bool(unknown_effects(places.registry, places.plug_ins))


def _flatpak_refused() -> NotSupported:
    return NotSupported(
        "Audacity from Flatpak runs in a sandbox that sees no process outside, so its effects cannot reach unmix: use"
        " the Audacity of your distribution or the AppImage."
    )


def _module_folders(places: Places) -> Iterator[Path]:
    yield from map(Path, filter(None, os.environ.get("AUDACITY_MODULES_PATH", "").split(os.pathsep)))
    if places.program is not None:
        beside = places.program.parent
        yield from (beside / "modules", beside / "lib" / "audacity" / "modules")
        yield from (beside.parent / "lib" / "audacity" / "modules", beside.parent / "modules")
    for library in LIBRARIES:
        yield library / "audacity" / "modules"
        yield from sorted(library.glob("*-linux-gnu*/audacity/modules"))


def _uses(pid: int, settings: Path) -> bool:
    """False where it is certain that this Audacity has other settings."""
    try:
        process = psutil.Process(pid)
        environment, program = process.environ(), process.exe()
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
    if not environment:
        return False  # it is ending: its memory is gone
    home = Path(environment.get("HOME") or Path.home())
    theirs = usual_places(environment, home, Path(program) if program else None).settings
    return os.path.realpath(theirs) == os.path.realpath(settings)
