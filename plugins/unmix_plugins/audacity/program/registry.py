"""pluginregistry.cfg: which effects Audacity has found, and which of them it offers."""

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unmix_plugins.files.ini_file import IniFile


@dataclass(frozen=True, slots=True)
class Registered:
    """What Audacity keeps about one effect."""

    name: str
    """Its label in the menu."""
    is_enabled: bool
    """False when the user has switched it off in the plug-in manager."""
    is_valid: bool
    """False when Audacity could not load it."""


def registered(registry: Path, plug_ins: Path) -> Mapping[str, Registered]:
    """The effects in the folder `plug_ins`, by file name; empty where the registry cannot be read."""
    try:
        status = registry.stat()
    except OSError:
        return {}
    return _read(registry, plug_ins, status.st_mtime_ns, status.st_size)


def unknown_effects(registry: Path, plug_ins: Path) -> list[str]:
    """The files of Unmix's effects that Audacity has not registered yet."""
    known = registered(registry, plug_ins)
    try:
        names = sorted(entry.name for entry in os.scandir(plug_ins) if _is_ours(entry.name))
    except OSError:
        return []
    return [name for name in names if name not in known]


def _is_ours(name: str) -> bool:
    return name.startswith("unmix-") and name.endswith(".ny")


@functools.lru_cache(maxsize=4)
def _read(registry: Path, plug_ins: Path, _changed: int, _size: int) -> Mapping[str, Registered]:
    """`_changed` and `_size` are those of the file: it is read again only when it is another one."""
    try:
        file = IniFile.parse(registry.read_bytes())
    except OSError:
        return {}
    folder = os.path.realpath(plug_ins)
    found: dict[str, Registered] = {}
    for section in file.sections():
        entry = {key: value.decode("utf-8", "replace") for _, key, value in file.pairs(section)}
        path = entry.get("Path", "")
        if path.endswith(".ny") and os.path.realpath(Path(path).parent) == folder:
            found[Path(path).name] = Registered(
                entry.get("Name", ""), entry.get("Enabled") == "1", entry.get("Valid") == "1"
            )
    return found
