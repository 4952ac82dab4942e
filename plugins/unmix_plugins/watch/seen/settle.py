"""When a file is finished: size and time have stopped changing, and nobody has it open to write.

No clock of a file is compared with ours, so a time in the future, or of 1970, is as good as any other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from unmix_plugins.watch.ledger.entry import FileFacts
from unmix_plugins.watch.seen.blocker import Blocker

_EMPTY_FACTOR = 12
"""An empty file waits so many times longer: many programs make the file first and fill it later."""
_LONGEST_PAUSE = 60.0
"""Seconds between two looks at a file that cannot be opened."""


@dataclass(slots=True)
class _Waiting:
    facts: FileFacts
    due: float
    looks: int = 0
    """How often it was blocked in a row."""


class Settler:
    """Takes what was seen, gives what has settled; a file that is gone meanwhile is forgotten."""

    def __init__(
        self,
        seconds: float,
        look: Callable[[Path], FileFacts | None],
        blocker_of: Callable[[Path], Blocker | None],
        clock: Callable[[], float],
    ) -> None:
        """A file settles when it has not changed for `seconds` of `clock` and `blocker_of` finds nothing."""
        self._seconds = seconds
        self._look = look
        self._blocker_of = blocker_of
        self._clock = clock
        self._waiting: dict[Path, _Waiting] = {}
        self.blocked: dict[Path, Blocker] = {}
        """Files that are finished as far as can be seen, and why they are not taken."""

    def __len__(self) -> int:
        return len(self._waiting)

    def observe(self, path: Path, facts: FileFacts) -> None:
        """A file was seen; its time begins anew when it has changed since."""
        waiting = self._waiting.get(path)
        if waiting is None or not facts.is_same_version(waiting.facts):
            self._begin(path, facts)

    def settled(self) -> list[tuple[Path, FileFacts]]:
        """The files that have settled since the last call, each once."""
        now = self._clock()
        due = [path for path, waiting in self._waiting.items() if waiting.due <= now]
        return [(path, facts) for path in due if (facts := self._settle(path))]

    def next_due(self) -> float | None:
        """When `settled` may have more to give; None while nothing waits."""
        return min((waiting.due for waiting in self._waiting.values()), default=None)

    def _begin(self, path: Path, facts: FileFacts) -> None:
        pause = self._seconds if facts.size else self._seconds * _EMPTY_FACTOR
        self._waiting[path] = _Waiting(facts, self._clock() + pause)
        self.blocked.pop(path, None)

    def _settle(self, path: Path) -> FileFacts | None:
        waiting = self._waiting[path]
        blocker = self._blocker_of(path)
        # Looked at after it was opened: only opening makes NFS ask the server for size and time.
        found = self._look(path)
        if found is not None and not found.is_same_version(waiting.facts):
            self._begin(path, found)
            return None
        if found is not None and blocker is not None:
            self.blocked[path] = blocker
            waiting.looks += 1
            waiting.due = self._clock() + min(_LONGEST_PAUSE, self._seconds * waiting.looks)
            return None
        del self._waiting[path]
        self.blocked.pop(path, None)
        return found
