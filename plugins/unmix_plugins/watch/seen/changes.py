"""Which files of a folder are new or have changed: as the system tells, and as a full look finds, which checks that."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from unmix_plugins.files.shown import shown
from unmix_plugins.watch.config.folder import FolderConfig
from unmix_plugins.watch.disk.mounts import Mount
from unmix_plugins.watch.ledger.entry import FileFacts
from unmix_plugins.watch.seen.native import Native
from unmix_plugins.watch.seen.tree import Tree

SAFETY_INTERVAL = 60.0
"""Seconds between two full looks at a folder whose changes the system tells."""
_COST = 150.0
"""A full look is followed by a pause of so many times its processor time: well below 1 % of a core."""
_STRIKES = 2
"""Full looks in a row that found what the system had not told: then it is not relied upon."""

_log = logging.getLogger(__name__)

_Version = tuple[int, int]
"""Size and modification time: what `FileFacts.is_same_version` compares, and no more, as every file has one."""


class Changes:
    """Of one folder, while it is there; `note` gets each file that is new or has changed."""

    def __init__(
        self,
        folder: FolderConfig,
        tree: Tree,
        note: Callable[[Path, FileFacts], object],
        clock: Callable[[], float],
        safety_interval: float,
    ) -> None:
        """Every `safety_interval` seconds what the system told is checked by a full look."""
        self._folder = folder
        self._tree = tree
        self._note = note
        self._clock = clock
        self._safety_interval = safety_interval
        self._seen: dict[str, _Version] = {}
        self._polls = folder.polling
        self._native: Native | None = None
        self._has_looked = False
        self._next_look = 0.0
        self._unannounced: set[Path] = set()
        self._strikes = 0
        self._passed: set[str] = set()

    @property
    def are_told(self) -> bool:
        """False while they are looked for."""
        return self._native is not None

    def begin(self, mount: Mount) -> None:
        """Everything in the folder, which is on `mount`, is new."""
        self.end()
        self._seen.clear()
        self._unannounced.clear()
        self._strikes = 0
        self._has_looked = False
        if self._polls is None and mount.is_remote:
            self._polls = True
            _log.warning("%s is on %s: it is polled.", shown(self._folder.source), mount.kind)
        self._listen()

    def end(self) -> None:
        """Listen no more."""
        if self._native is not None:
            self._native.stop()
            self._native = None

    def find(self) -> None:
        """Note what has changed since the last call. Raises OSError when the folder cannot be read."""
        if self._native is not None and not self._native.is_alive:
            # It was told that the folder is gone, and here it is.
            self.end()
            self._has_looked = False
            self._listen()
        if self._native is not None:
            self._hear(self._native)
        if not self._has_looked or self._clock() >= self._next_look:
            self._look_at_all()

    def find_again(self, path: Path) -> None:
        """Note a file as if it were new, now or when it is back."""
        self._seen.pop(str(path), None)
        self._look_at(path)

    def _listen(self) -> None:
        """Before the first full look, so that nothing can come between."""
        if self._polls:
            return
        try:
            self._native = Native(self._folder.source, recursive=self._folder.recursive)
        except OSError as error:
            self._poll_from_now_on(f"the system takes no more watches: {error.strerror}")

    def _hear(self, native: Native) -> None:
        """Take what the system has told."""
        files, folders = native.drain()
        for path in files:
            self._unannounced.discard(path)
            self._look_at(path)
        for folder in filter(self._tree.enters, folders):
            try:
                for name, status in self._tree.walk(folder):
                    self._unannounced.discard(Path(name))
                    self._compare(name, status)
            except OSError:  # gone again
                continue

    def _look_at(self, path: Path) -> None:
        if not (self._tree.wants(path) and self._tree.enters(path.parent)):
            return
        if (facts := self._tree.look(path)) is not None:
            self._seen[str(path)] = facts.size, facts.mtime_ns
            self._note(path, facts)

    def _look_at_all(self) -> None:
        """Compare everything with what was there the last time."""
        began = time.thread_time()
        there = dict(self._tree.walk(on_error=self._passed_over))
        self._strikes = self._strikes + 1 if self._unannounced else 0
        self._unannounced.clear()
        for name, status in there.items():
            is_new = name not in self._seen
            if self._compare(name, status) and is_new and self._has_looked and self._native is not None:
                self._unannounced.add(Path(name))  # unless the system is about to tell
        for name in self._seen.keys() - there.keys():
            del self._seen[name]
        self._has_looked = True
        interval = self._folder.poll_interval if self._native is None else self._safety_interval
        self._next_look = self._clock() + max(interval, _COST * (time.thread_time() - began))
        if self._native is not None and self._strikes >= _STRIKES:
            self._poll_from_now_on(
                "the system does not tell of all changes; fs.inotify.max_user_watches may be low"
            )

    def _compare(self, name: str, status: os.stat_result) -> bool:
        """Note a file that is new or has changed; True when it is one."""
        now = status.st_size, status.st_mtime_ns
        if self._seen.get(name) == now:
            return False
        self._seen[name] = now
        path = Path(name)
        if not self._tree.wants(path):
            return False
        self._note(path, FileFacts.of(status))
        return True

    def _poll_from_now_on(self, reason: str) -> None:
        self.end()
        self._polls = True
        self._has_looked = False
        _log.warning("%s is polled from now on, as %s.", shown(self._folder.source), reason)

    def _passed_over(self, error: OSError) -> None:
        name = shown(str(error.filename))
        if name not in self._passed:
            self._passed.add(name)
            _log.warning("%s is passed over (%s): give this user its rights.", name, error.strerror)
