# ruff: noqa: N802 - the functions are named as REAPER names them
"""The program itself: its version, its folders, the files and the clock around it."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from fake_reaper import table
from fake_reaper.marshal import Reference

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper


def GetAppVersion(reaper: "FakeReaper") -> str:
    return reaper.switches.version


def GetOS(reaper: "FakeReaper") -> str:
    return reaper.switches.system


def GetResourcePath(reaper: "FakeReaper") -> str:
    return str(reaper.switches.resource_folder)


def GetExePath(_reaper: "FakeReaper") -> str:
    return "/opt/REAPER"


def get_ini_file(reaper: "FakeReaper") -> str:
    return str(reaper.switches.resource_folder / "reaper.ini")


def APIExists(_reaper: "FakeReaper", name: str) -> int:
    return int(name in table.load().functions)


def APITest(reaper: "FakeReaper") -> None:
    reaper.windows.message_box("The API works.", "API test", 0)


def time_precise(_reaper: "FakeReaper") -> float:
    return time.perf_counter()


def file_exists(_reaper: "FakeReaper", path: str) -> int:
    return int(Path(path).is_file())


def RecursiveCreateDirectory(_reaper: "FakeReaper", path: str, _ignored: int) -> int:
    folder = Path(path)
    if folder.is_dir():
        return 0
    folder.mkdir(parents=True)
    return 1


def EnumerateFiles(_reaper: "FakeReaper", path: str, index: int) -> str | None:
    return _name(Path(path), index, folders=False)


def EnumerateSubdirectories(_reaper: "FakeReaper", path: str, index: int) -> str | None:
    return _name(Path(path), index, folders=True)


def _name(folder: Path, index: int, *, folders: bool) -> str | None:
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    names = [entry.name for entry in entries if entry.is_dir() == folders]
    return names[index] if 0 <= index < len(names) else None


def IsMediaExtension(_reaper: "FakeReaper", extension: str, _others: int) -> int:
    return int(extension.lower().lstrip(".") in ("wav", "flac", "aif", "aiff", "mp3", "ogg", "mp4", "mid"))


def genGuid(reaper: "FakeReaper", _guid: None) -> None:
    reaper.note("A GUID* is never valid in Python: genGuid wrote to NULL.")


def guidToString(reaper: "FakeReaper", _guid: None, _text: Reference) -> None:
    reaper.note("A GUID* is never valid in Python: read GUIDs with GetSet…Info_String.")


def GetMainHwnd(_reaper: "FakeReaper") -> int:
    return 0x00005581_00C0FFEE
