"""Resource folders of REAPER as tests need them: what users have in them, and how much of it a command changed."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from unmix_plugins.reaper.installation.actions import ACTIONS

KEYMAP = (
    b'SCR 4 0 RS1ee9bb229dabffe151848d7efa3c10f748e1a1cf "Custom: lyrics.lua" Cockos/lyrics.lua\n'
    b'ACT 1 0 "0395b611050e4cde81c3c4f6db60d4bd" "Custom: caf\xe9 (not UTF-8)" 40318 40290\n'
    b"KEY 1 82 0 0\t\t # Main : R : DISABLED DEFAULT\n"
)
MENU = (
    b"[Floating toolbar 1]\nicon_0=text\nitem_0=40774 1/64\ntitle=Grid Bar\n\n"
    b"[Main toolbar]\ndefault=2bcb4157b56ed885\nitem_0=40023 New project...\ntitle=Main toolbar\n\n"
)
ITEM_MENU = (
    b"[Media item context]\nitem_0=40009 &Item properties...\nitem_1=-1\nitem_2=-2 &Take\n"
    b"item_3=40129 Delete caf\xe9\nitem_4=-3\ntitle=Media item context\n\n"
)
SETTINGS = b"[.swell]\nui_scale=1.0\n\n[REAPER]\nlastproject=\n\n"
SCRIPTS = {
    "unmix_actions/job.py": b"# a module\n",
    **{action.file_name: b"# " + action.title.encode() + b"\n" for action in ACTIONS},
}


def make_folder(folder: Path, **files: bytes | None) -> Path:
    """A resource folder with reaper.ini and these files: `keymap`, `menu`, `settings`."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"keymap": "reaper-kb.ini", "menu": "reaper-menu.ini", "settings": "reaper.ini"}
    for name, content in {"settings": SETTINGS, **files}.items():
        if content is not None:
            (folder / names[name]).write_bytes(content)
    return folder


def make_scripts(folder: Path, scripts: Mapping[str, bytes] = SCRIPTS) -> Path:
    """A folder of scripts, as a version of unmix ships them."""
    for name, content in scripts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def snapshot(folder: Path, *, backups: bool = True) -> dict[str, bytes | None]:
    """Everything in a folder: the bytes of files, None for folders."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if backups or path.suffix != ".bak"
    }


def backups(folder: Path) -> list[Path]:
    """Every backup in a folder and below."""
    return sorted(folder.rglob("*.bak"))


@contextmanager
def reaper_in(folder: Path) -> Iterator[int]:
    """A process that is named as REAPER is and lies in this folder; its id."""
    program = folder / "reaper"
    shutil.copy(os.path.realpath("/bin/sh"), program)
    with subprocess.Popen([program, "-c", "read line"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()
    program.unlink()
