"""Time as this process saw it pass, for what must not be hurried by a clock that is set or a machine that slept."""

import time
from collections.abc import Callable


class AwakeTime:
    """Seconds from one look to the next, by a clock that nobody sets.

    More than `most` at once is not believed: the machine slept (Windows counts that, Linux and macOS do not:
    docs.python.org, `time.monotonic`), or this process was stopped, and so was whatever it waits for.
    """

    def __init__(self, most: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`most` seconds at once; looks are taken more often than that. The first look is this one."""
        self._most = most
        self._clock = clock
        self._last = clock()

    def passed(self) -> float:
        """Seconds since the last look."""
        last, self._last = self._last, self._clock()
        return min(max(0.0, self._last - last), self._most)
