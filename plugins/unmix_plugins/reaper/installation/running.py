"""Is REAPER running? It writes its .ini files anew when it ends, over whatever was changed meanwhile."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SETTINGS = "reaper.ini"


@dataclass(frozen=True, slots=True)
class Running:
    """A REAPER of this user that runs."""

    pid: int
    program: Path | None
    """None where the system does not say."""
    arguments: Sequence[str] = ()

    def uses(self, folder: Path) -> bool:
        """True unless it is certain that this REAPER keeps its settings in another folder."""
        if "-cfgfile" in self.arguments:
            named = Path(dict(zip(self.arguments, self.arguments[1:], strict=False)).get("-cfgfile", ""))
            return not named.is_absolute() or _same(named.parent, folder)
        if self.program is None:
            return True
        home = program_folder(self.program)
        if (home / SETTINGS).is_file():
            return _same(home, folder)
        return not is_portable(folder)


def running() -> Iterator[Running]:
    """Every REAPER of this user."""
    for process in psutil.process_iter():
        try:
            if process.name().casefold().removesuffix(".exe") != "reaper" or not _is_own(process):
                continue
        except psutil.Error:
            continue
        try:
            program = process.exe()
            yield Running(process.pid, Path(program) if program else None, process.cmdline())
        except psutil.NoSuchProcess:
            continue
        except psutil.Error:
            yield Running(process.pid, None)


def running_with(folder: Path) -> Running | None:
    """A REAPER that keeps its settings in this folder, or may."""
    return next((reaper for reaper in running() if reaper.uses(folder)), None)


def program_folder(program: Path) -> Path:
    """The folder in which a portable REAPER with this executable has its settings."""
    inside_app = program.parts[-3:-1] == ("Contents", "MacOS")
    return program.parents[3] if inside_app else program.parent


def is_portable(folder: Path) -> bool:
    """True where a REAPER lies in the folder itself: no other one uses its settings."""
    return any((folder / name).exists() for name in ("reaper", "reaper.exe", "REAPER.app"))


def _is_own(process: psutil.Process) -> bool:
    return sys.platform == "win32" or process.uids().real == os.getuid()


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
