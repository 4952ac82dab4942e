"""What the machine is short of: nothing begins for a while, or a job waits until its results have room."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from unmix_daemon import passing
from unmix_daemon.passing import Hindrance


@dataclass(frozen=True, slots=True)
class _Rest:
    until: float
    """By `time.monotonic`."""
    why: str


class Obstacles:
    """Bad minutes of the machine, which are waited out.

    What a job has met is the same for the next one, so all wait, for pauses that grow from one vain try to the next
    and are over with the first attempt that meets nothing. Who has met it rests twice as long: others try first, and
    an input on a bad block of the disk holds nobody up. A job of which it is known how much room its results need
    waits for that alone.
    """

    def __init__(self, room: Callable[[], int], wake: Callable[[], None]) -> None:
        """`room` tells the bytes that results may take now; `wake` is called when it is worth a try."""
        self._room = room
        self._wake = wake
        self._tries = 0
        self._all: _Rest | None = None
        self._resting: dict[str, _Rest] = {}
        self._needs: dict[str, Hindrance] = {}

    def met(self, job_id: str, hindrance: Hindrance) -> None:
        """An attempt has come to nothing."""
        if hindrance.needed_bytes:
            self._needs[job_id] = hindrance
            self._look_again(passing.LONGEST_PAUSE)
            return
        now = time.monotonic()
        if self._all is None or self._all.until <= now:
            self._tries += 1
        pause = passing.pause_after(self._tries)
        self._all = _Rest(now + pause, hindrance.why)
        self._resting[job_id] = _Rest(now + 2 * pause, hindrance.why)
        self._look_again(pause)
        self._look_again(2 * pause)

    def passed(self, job_id: str) -> None:
        """An attempt has ended in another way."""
        self.forget(job_id)
        self._all = None
        self._tries = 0

    def forget(self, job_id: str) -> None:
        """The job has ended."""
        self._resting.pop(job_id, None)
        self._needs.pop(job_id, None)

    def blocks(self, job_id: str) -> bool:
        """Whether a job is to wait."""
        now = time.monotonic()
        if any(rest and rest.until > now for rest in (self._all, self._resting.get(job_id))):
            return True
        need = self._needs.get(job_id)
        if need and need.needed_bytes > self._room():
            self._look_again(passing.LONGEST_PAUSE)
            return True
        return False

    def told(self) -> tuple[str, ...]:
        """What is waited for now, each once."""
        rests = [
            rest for rest in (self._all, *self._resting.values()) if rest and rest.until > time.monotonic()
        ]
        return tuple(
            dict.fromkeys([*(rest.why for rest in rests), *(need.why for need in self._needs.values())])
        )

    def _look_again(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._wake)
