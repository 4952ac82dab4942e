"""`unmix-install.json`, beside the effects: what an installation changed, so that it can be taken back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from unmix_plugins.audacity.installation.configuration import SECTIONS, Setting
from unmix_plugins.errors import SourceError
from unmix_plugins.files.file_changes import read

NAME = "unmix-install.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an installation wrote down; empty where there is none."""

    version: str = ""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """The names of files in Plug-Ins, and the SHA-256 of each."""
    setting: Setting | None = None
    """What audacity.cfg said of the script pipe before; None: it was not changed."""
    autostart: str = ""
    """SHA-256 of the entry that starts the bridge at login; empty: none was made."""
    folders: tuple[str, ...] = ()
    """Folders that were not there before."""

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        said = {
            "version": self.version,
            "files": dict(sorted(self.files.items())),
            "setting": None if self.setting is None else dict(sorted(self.setting.items())),
            "autostart": self.autostart,
            "folders": sorted(self.folders),
        }
        return json.dumps(said, indent=1).encode() + b"\n"


def read_manifest(path: Path) -> Manifest:
    """What is written there, as far as it makes sense: anybody may have edited it."""
    try:
        said = json.loads(read(path) or b"")
    except (SourceError, ValueError, RecursionError):
        return Manifest()
    entries = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    files = entries.get("files")
    setting = entries.get("setting")
    folders = entries.get("folders")
    return Manifest(
        version=_text(entries.get("version")),
        files={
            name: digest
            for name, digest in (cast("dict[str, Any]", files).items() if isinstance(files, dict) else ())
            if isinstance(digest, str) and Path(name).name == name and name.startswith("unmix")
        },
        setting=_setting(cast("dict[str, Any]", setting)) if isinstance(setting, dict) else None,
        autostart=_text(entries.get("autostart")),
        folders=tuple(map(_text, cast("list[object]", folders) if isinstance(folders, list) else [])),
    )


def _setting(said: dict[str, Any]) -> Setting:
    return {
        section: value
        for section, value in said.items()
        if section in SECTIONS and (value is None or isinstance(value, str))
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
