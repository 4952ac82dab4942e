"""What the tests of watched folders share."""

from pathlib import Path
from typing import Any

from unmix.words import DenoiseTask
from unmix_plugins.watch.config.folder import FolderConfig
from unmix_plugins.watch.ledger.entry import FileFacts
from unmix_plugins.watch.seen.observer import Observer

SETTLE = 0.06


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
