"""`unmix_reaper.json`, beside the scripts: how they reach unmix, and what was installed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from unmix_plugins.errors import SourceError
from unmix_plugins.files.file_changes import read
from unmix_plugins.reaper.installation.actions import MODULES

NAME = "unmix_reaper.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an installation wrote down; empty where there is none."""

    client: tuple[str, ...] = ()
    """The argument list that starts `unmix`; the scripts read nothing else of this file."""
    version: str = ""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """The scripts' names, with `/` where one lies in a folder, and the SHA-256 of each."""
    created: tuple[str, ...] = ()
    """Files and folders that were not there before, as names below the resource folder."""

    @property
    def content(self) -> bytes:
        """The file's bytes; ASCII, so that any Python reads them under any locale."""
        said = {
            "client": self.client,
            "version": self.version,
            "files": dict(sorted(self.files.items())),
            "created": sorted(self.created),
        }
        return json.dumps(said, indent=1).encode() + b"\n"


def read_manifest(path: Path) -> Manifest:
    """What is written there, as far as it makes sense: it lies in a folder that others write to."""
    try:
        said = json.loads(read(path) or b"")
    except (SourceError, ValueError, RecursionError):
        return Manifest()
    if not isinstance(said, dict):
        return Manifest()
    entries = cast("dict[str, Any]", said)
    files = entries.get("files")
    return Manifest(
        client=_texts(entries.get("client")),
        version=version if isinstance(version := entries.get("version"), str) else "",
        files={
            name: digest
            for name, digest in (cast("dict[str, Any]", files).items() if isinstance(files, dict) else ())
            if isinstance(digest, str) and _is_script(name)
        },
        created=_texts(entries.get("created")),
    )


def _is_script(name: str) -> bool:
    """Whether this can be the name of a script that was installed, and leads to no other place."""
    plain = name.removeprefix(f"{MODULES}/")
    return Path(plain).name == plain and plain.endswith(".py")


def _texts(value: object) -> tuple[str, ...]:
    entries = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(entry for entry in entries if isinstance(entry, str))
