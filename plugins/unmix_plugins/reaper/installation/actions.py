"""The actions of unmix, and how reaper-kb.ini registers them.

A line is `SCR 4 0 RS<id> "Custom: <file name>" <path below Scripts, in quotes where it has blanks>`. The id is the
SHA-1 of that path in capitals: so it was found in the files of five users, in 4,170 of 4,170 lines. With REAPER's own
id an action is the same one whoever registers it, shortcuts come back with it after a second installation, and REAPER
adds no twin of it.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from unmix_plugins.files.ini_file import IniFile

FOLDER = "unmix"
"""Where the scripts lie, below REAPER's folder Scripts."""
MODULES = "unmix_actions"
"""The folder in it with what all actions do."""
_LINE = re.compile(rb"\s*SCR\s+\S+\s+0\s+(RS[0-9a-f]{40})\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Action:
    """A script that is an entry of REAPER's action list."""

    file_name: str
    button: str
    """Its text on the toolbar."""

    @property
    def title(self) -> str:
        """Its text in a menu."""
        return Path(self.file_name).stem.removeprefix("Unmix_")

    @property
    def id(self) -> str:
        """Its name in reaper-kb.ini; menus and shortcuts put `_` before it."""
        return script_id(self.file_name)


ACTIONS = (
    Action("Unmix_Denoise items.py", "Denoise"),
    Action("Unmix_Separate items into stems.py", "Stems"),
    Action("Unmix_Vocals and instrumental.py", "Vocals"),
    Action("Unmix_Settings.py", "Settings"),
    Action("Unmix_Cancel.py", "Cancel"),
)


def script_id(file_name: str) -> str:
    """The id that REAPER gives to a script in our folder."""
    path = f"{FOLDER}/{file_name}".upper().encode()
    return f"RS{hashlib.sha1(path, usedforsecurity=False).hexdigest()}"


def registered(content: bytes) -> frozenset[str]:
    """The ids of the scripts in the main section of reaper-kb.ini."""
    return frozenset(found for line in IniFile.parse(content).lines if (found := _id_in(line)))


def with_actions(content: bytes) -> bytes:
    """reaper-kb.ini with our actions, before everything else: REAPER too lists actions before shortcuts."""
    have = registered(content)
    lines = [
        f'SCR 4 0 {action.id} "Custom: {action.file_name}" "{FOLDER}/{action.file_name}"'
        for action in ACTIONS
        if action.id not in have
    ]
    return IniFile.parse(content).with_lines(0, lines).content


def without_actions(content: bytes, file_names: Iterable[str]) -> bytes:
    """reaper-kb.ini without the actions of these scripts; shortcuts stay, for the day they come back."""
    ids = {script_id(name) for name in file_names}
    file = IniFile.parse(content)
    return file.without(at for at, line in enumerate(file.lines) if _id_in(line) in ids).content


def _id_in(line: bytes) -> str:
    found = _LINE.match(line)
    return f"RS{found[1][2:].decode().lower()}" if found else ""
