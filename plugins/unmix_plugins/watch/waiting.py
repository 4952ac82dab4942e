"""What one folder waits for: told once, tried ever more rarely, and noted for `unmix watch status`."""

from collections.abc import Hashable
from dataclasses import dataclass

from unmix_plugins.watch.notify.report import GoesOn, Waits
from unmix_plugins.watch.retry import pause_of_wait
from unmix_plugins.watch.watched import Watched

DAEMON = "daemon"
QUEUE = "queue"
WORKERS = "workers"
TARGET = "target"
SOURCE = "source"
MOVED = "moved sources"
LETTERS = "dead letters"

_FIRM = 3
"""Looks after which it is clear that somebody has to do something."""


@dataclass(slots=True)
class _Wait:
    sentence: str
    needs_user: bool
    next_look: float
    looks: int = 0
    is_told: bool = False


class Waiting:
    """The waits of one folder, each for a subject of its own."""

    def __init__(self, watched: Watched) -> None:
        """What an earlier watcher waited for is over."""
        self._watched = watched
        self._ledger = watched.ledger
        self._waits: dict[Hashable, _Wait] = {}
        self._ledger.go_on(watched.number)

    def begin(
        self,
        subject: Hashable,
        sentence: str,
        *,
        needs_user: bool = False,
        asked: float | None = None,
        patience: int = 0,
    ) -> None:
        """Wait for `subject`, longer each time; `asked` is how many seconds the other side has asked for.

        `needs_user` tells what will not pass by itself. What passes within `patience` looks is not worth a word.
        """
        now = self._watched.clock()
        wait = self._waits.setdefault(subject, _Wait(sentence, needs_user, now))
        is_new = not wait.is_told or sentence != wait.sentence
        wait.sentence, wait.needs_user = sentence, needs_user
        wait.next_look = now + pause_of_wait(wait.looks, asked)
        wait.looks += 1
        if is_new and wait.looks > patience:
            wait.is_told = True
            self._ledger.wait(self._watched.number, repr(subject), sentence, now)
            self._watched.tell(Waits(self._watched.folder.name, sentence))

    def over(self, subject: Hashable) -> None:
        """`subject` has come."""
        wait = self._waits.pop(subject, None)
        if wait is not None and wait.is_told:
            self._ledger.go_on(self._watched.number, repr(subject))
            self._watched.tell(GoesOn(self._watched.folder.name, wait.sentence))

    def holds(self, subject: Hashable) -> bool:
        """True while there is no use in trying."""
        wait = self._waits.get(subject)
        return wait is not None and wait.next_look > self._watched.clock()

    def stop(self) -> None:
        """The watcher ends: nobody waits."""
        self._ledger.go_on(self._watched.number)

    @property
    def needs_user(self) -> bool:
        """True when what is waited for has not passed by itself, and will not."""
        return any(wait.needs_user and wait.looks >= _FIRM for wait in self._waits.values())
