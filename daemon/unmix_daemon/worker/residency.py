"""Which models stay in a device's memory, and for how long.

A model is loaded once and shared. It stays for its keep-alive after its last use. When a budget would be
passed, those idle for longest go first; a busy model is never evicted. Follows what users of ollama settled
on: keep_alive by request with a default, least recently used first, free everything idle and try once more
when the device is out of memory.
"""

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from unmix_models.errors import OutOfMemory

from unmix_daemon.reports import Resident


class Loadable(Protocol):
    """What residency needs to know of a model."""

    @property
    def name(self) -> str:
        """In the catalogue."""
        ...

    @property
    def device(self) -> str:
        """Where it runs."""
        ...

    @property
    def memory_bytes(self) -> int:
        """What it holds."""
        ...

    def close(self) -> None:
        """Give its memory back."""
        ...


M = TypeVar("M", bound=Loadable)


@dataclass(slots=True)
class _Entry(Generic[M]):
    model: M
    keep_alive: float
    users: int = 0
    last_used: float = 0.0
    leaving: bool = False

    def expires(self) -> float:
        """When it may go if nobody uses it; infinity for never."""
        return math.inf if self.keep_alive < 0 else self.last_used + self.keep_alive


class Residency(Generic[M]):
    """The models of one device. Used from one thread."""

    def __init__(
        self, budget: int, clock: Callable[[], float], changed: Callable[[], None] = lambda: None
    ) -> None:
        """`budget` is in bytes; `changed` is called after every load and unload."""
        self._budget = budget
        self._clock = clock
        self._changed = changed
        self._entries: dict[str, _Entry[M]] = {}

    @contextmanager
    def use(self, name: str, load: Callable[[], M], keep_alive: float) -> Generator[tuple[M, float]]:
        """Borrow a model, loading it when it is not here; gives it with the seconds that loading took.

        Raises OutOfMemory when it does not fit after everything idle was freed, and what `load` raises.
        """
        began = self._clock()
        entry = self._entries.get(name)
        seconds = 0.0
        if entry is None:
            entry = self._load(name, load)
            seconds = self._clock() - began
        entry.users += 1
        entry.keep_alive = keep_alive
        entry.leaving = False
        try:
            self._changed()
            yield entry.model, seconds
        finally:
            entry.users -= 1
            entry.last_used = self._clock()
            self.expire()
            self._changed()

    def unload(self, name: str) -> None:
        """Free a model now, or as soon as its users are done. One that is not here is no error."""
        entry = self._entries.get(name)
        if entry:
            entry.leaving = True
            self.expire()

    def expire(self) -> None:
        """Free what has been idle for its keep-alive, or was asked to leave."""
        now = self._clock()
        for name, entry in list(self._entries.items()):
            if not entry.users and (entry.leaving or entry.expires() <= now):
                self._evict(name)

    def free_idle(self) -> None:
        """Free every model that nobody uses."""
        for name, entry in list(self._entries.items()):
            if not entry.users:
                self._evict(name)

    def next_expiry(self) -> float | None:
        """When `expire` next has something to do, or None."""
        times = [entry.expires() for entry in self._entries.values() if not entry.users]
        soonest = min(times, default=math.inf)
        return None if math.isinf(soonest) else soonest

    def residents(self) -> tuple[Resident, ...]:
        """What is loaded, sorted by name."""
        return tuple(
            Resident(
                name,
                entry.model.memory_bytes,
                None if entry.users or math.isinf(entry.expires()) else entry.expires(),
                entry.users > 0,
            )
            for name, entry in sorted(self._entries.items())
        )

    def _load(self, name: str, load: Callable[[], M]) -> _Entry[M]:
        try:
            model = load()
        except OutOfMemory:
            self.free_idle()
            model = load()
        needed = model.memory_bytes
        if needed > self._budget:
            model.close()
            raise OutOfMemory(
                f"'{name}' needs {_mebibytes(needed)}, more than the whole budget of {_mebibytes(self._budget)}; "
                "raise memory_budget or choose a smaller model."
            )
        self._make_room(needed)
        held = self._held()
        if held + needed > self._budget:
            model.close()
            raise OutOfMemory(
                f"'{name}' needs {_mebibytes(needed)} and the budget of {_mebibytes(self._budget)} holds "
                f"{_mebibytes(held)} of busy models; try again later or raise memory_budget."
            )
        entry = _Entry(model, 0.0, last_used=self._clock())
        self._entries[name] = entry
        return entry

    def _make_room(self, needed: int) -> None:
        """Evict the longest idle until `needed` more bytes fit, or nothing idle is left."""
        while self._held() + needed > self._budget:
            idle = [(entry.last_used, name) for name, entry in self._entries.items() if not entry.users]
            if not idle:
                return
            self._evict(min(idle)[1])

    def _held(self) -> int:
        return sum(entry.model.memory_bytes for entry in self._entries.values())

    def _evict(self, name: str) -> None:
        self._entries.pop(name).model.close()
        self._changed()


def _mebibytes(size: int) -> str:
    return f"{size / (1 << 20):.0f} MiB"
