"""How many jobs the daemon has from this watcher, shared fairly among its folders."""

import threading
import time
from collections.abc import Callable

_FRESH = 60.0
"""Seconds for which a folder's number holds: one that hangs in a dead network share must not hold up the others."""


class Slots:
    """At most `limit` unfinished jobs at once, from all folders together."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        """All are free. `clock` gives seconds."""
        self.limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[int, tuple[int, float]] = {}
        """How many each folder has, and since when that is known."""
        self._wanting: set[int] = set()

    def take(self, folder: int) -> bool:
        """Take a slot for a folder that has a recording to submit; False when it has to wait for one."""
        with self._lock:
            self._wanting.add(folder)
            oldest = self._clock() - _FRESH
            taken = {
                other: number for other, (number, when) in self._taken.items() if when >= oldest and number
            }
            mine = taken.get(folder, 0)
            share = max(1, self.limit // len(self._wanting | taken.keys()))
            if mine >= share or sum(taken.values()) >= self.limit:
                return False
            self._taken[folder] = (mine + 1, self._clock())
            return True

    def set(self, folder: int, number: int) -> None:
        """So many of the folder's jobs are unfinished now."""
        with self._lock:
            self._taken[folder] = (number, self._clock())

    def rest(self, folder: int) -> None:
        """The folder has nothing to submit now."""
        with self._lock:
            self._wanting.discard(folder)
