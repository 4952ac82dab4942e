"""What the tests of watched folders share."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import sounds
from unmix.words import DenoiseStem, DenoiseTask
from unmix_plugins.watch.config.folder import FolderConfig
from unmix_plugins.watch.ledger.entry import FileFacts
from unmix_plugins.watch.seen.observer import Observer

SETTLE = 0.06
RNNOISE = DenoiseTask("rnnoise")
BOTH = DenoiseTask(stems=tuple(DenoiseStem))


def folder_config(source: Path, target: Path | None = None, **settings: Any) -> FolderConfig:
    """A folder that settles at once."""
    defaults: dict[str, Any] = {"task": DenoiseTask(), "settle_seconds": SETTLE, "poll_interval": SETTLE}
    return FolderConfig("inbox", source, target or source.with_name("out"), **(defaults | settings))


class Taken:
    """Everything that an observer has given so far."""

    def __init__(self, observer: Observer, source: Path) -> None:
        self._observer = observer
        self._source = source
        self.given: list[tuple[Path, FileFacts]] = []

    def names(self) -> list[str]:
        """Paths inside the source, in the order in which they settled."""
        self.given += self._observer.take()
        return [str(path.relative_to(self._source)) for path, _ in self.given]

    def facts(self) -> list[FileFacts]:
        """Of the same files."""
        return [facts for _, facts in self.given]


def watched(folder: Path, **settings: Any) -> FolderConfig:
    (folder / "in").mkdir(parents=True, exist_ok=True)
    made = FolderConfig(
        str(folder), folder / "in", folder / "out", RNNOISE, settle_seconds=SETTLE, poll_interval=SETTLE
    )
    return replace(made, **settings)


def put(folder: Path, name: str, seconds: float = 0.3, seed: int = 0) -> Path:
    path = folder / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return sounds.write(path, sounds.voice(seconds, seed=seed))


def files(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() or path.name.startswith(".")
    )
