"""The recordings of one folder, as they are finished.

A thread of its own for each folder: a network share that hangs holds up nobody else.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from unmix_plugins.files.shown import shown
from unmix_plugins.watch.config.folder import FolderConfig
from unmix_plugins.watch.disk.mounts import SourceAway, SourceMount
from unmix_plugins.watch.ledger.entry import FileFacts
from unmix_plugins.watch.seen.blocker import Blocker, blocker_of
from unmix_plugins.watch.seen.changes import SAFETY_INTERVAL, Changes
from unmix_plugins.watch.seen.settle import Settler
from unmix_plugins.watch.seen.tree import Tree

_TICK = 1.0
"""Seconds between two rounds, at the most."""

_log = logging.getLogger(__name__)


class Observer:
    """Watches one folder from `start` to `stop`."""

    def __init__(
        self,
        folder: FolderConfig,
        never: Collection[Path] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
        safety_interval: float = SAFETY_INTERVAL,
    ) -> None:
        """Watch `folder`, and nothing inside the folders `never`: where any watched folder's outputs go."""
        self._source = folder.source
        self._tick = min(_TICK, folder.settle_seconds / 2)
        tree = Tree(folder, never)
        self._settler = Settler(
            folder.settle_seconds, tree.look, lambda path: blocker_of(folder.source, path), clock
        )
        self._mount = SourceMount(folder.source)
        self._changes = Changes(folder, tree, self._settler.observe, clock, safety_interval)
        self._forgotten: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ready: list[tuple[Path, FileFacts]] = []
        self._blocked: dict[Path, Blocker] = {}
        self._settling = 0
        self._scanned = False
        self._away: str | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {shown(self._source)}", daemon=True)

    def start(self) -> None:
        """Begin; what is in the folder already is found first."""
        self._thread.start()

    def stop(self, patience: float = 5.0) -> None:
        """End; a thread that hangs in a dead network share is left behind after `patience` seconds."""
        self._over.set()
        self._thread.join(patience)

    def take(self) -> list[tuple[Path, FileFacts]]:
        """What has settled since the last call. The same file may be given again: the ledger knows it."""
        with self._lock:
            ready, self._ready = self._ready, []
        return ready

    def forget(self, path: Path) -> None:
        """Look at this file again, and give it again, now or when it comes back."""
        self._forgotten.put(path)

    @property
    def away(self) -> str | None:
        """A sentence while the folder, or the disk it is on, is missing. Its files are not deleted then."""
        return self._away

    @property
    def blocked(self) -> dict[Path, Blocker]:
        """Files that cannot be opened, with the reason."""
        return self._blocked

    @property
    def settling(self) -> int:
        """How many files are being waited for."""
        return self._settling

    @property
    def scanned(self) -> bool:
        """True once all that was there at the start has been seen; it may still be settling."""
        return self._scanned

    @property
    def is_polling(self) -> bool:
        """True while changes are looked for and not told."""
        return not self._changes.are_told

    def _run(self) -> None:
        is_over = False
        while not is_over:
            try:
                self._round()
            except Exception:  # noqa: BLE001  # a border: a folder must not fall silent
                _log.exception("The folder %s could not be looked at.", shown(self._source))
            is_over = self._over.wait(self._tick)
        self._changes.end()

    def _round(self) -> None:
        """Look at what there is to look at now."""
        try:
            self._find()
        except SourceAway as error:
            self._changes.end()
            self._away = str(error)
            return
        self._away = None
        settled = self._settler.settled()
        with self._lock:
            self._ready += settled
            self._blocked = dict(self._settler.blocked)
            self._settling = len(self._settler)
            self._scanned = True

    def _find(self) -> None:
        """Raises SourceAway."""
        mount = self._mount.check()
        try:
            if mount is not None:
                self._changes.begin(mount)
            while not self._forgotten.empty():
                self._changes.find_again(self._forgotten.get())
            self._changes.find()
        except OSError as error:
            what = f"{shown(self._source)} cannot be reached ({error.strerror or error})"
            raise self._mount.lost(what) from error
