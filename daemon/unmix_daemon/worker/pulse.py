"""How the worker's one thread of work goes on, told by another: it is heard while that is deep in a codec."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from unmix_daemon.worker.messages import Beat

BEAT_SECONDS = 1.0


class Pulse:
    """Counts steps; between `step`s, with nothing to do, the worker is silent."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """No step was made yet; `clock` gives seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._working = threading.Event()
        self._steps = 0
        self._at_work: tuple[str, ...] = ()
        self._longest = 0.0

    @contextmanager
    def step(self, *tickets: str) -> Generator[None]:
        """Within this, a step is made for these tickets."""
        began = self._clock()
        with self._lock:
            self._at_work = tickets
        self._working.set()
        try:
            yield
        finally:
            with self._lock:
                self._steps += 1
                self._at_work = ()
                self._longest = max(self._longest, self._clock() - began)

    def rest(self) -> None:
        """There is nothing to do."""
        self._working.clear()

    def beat(self) -> Beat:
        """As it is now."""
        with self._lock:
            return Beat(self._steps, self._at_work, self._longest)

    def tell(self, send: Callable[[Beat], None]) -> None:
        """Send beats for ever, while there is work."""
        while self._working.wait():
            send(self.beat())
            time.sleep(BEAT_SECONDS)
