"""Which errors pass by themselves, wherever they were met: front, worker or database.

They are never a job's end. Whoever meets one waits, says so, and tries again.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from unmix_models.process.passing import Shortage, passing

from unmix_daemon.errors import NEEDED_BYTES, OUT_OF_RESOURCES, DiskFull, ServiceError, Short

T = TypeVar("T")

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 10.0
"""Seconds between tries; each time twice as long."""
_REASONS = frozenset({DiskFull.reason, OUT_OF_RESOURCES})
_OF_SQLITE = {
    sqlite3.SQLITE_FULL: Shortage.DISK,
    sqlite3.SQLITE_IOERR: Shortage.DEVICE,
    sqlite3.SQLITE_CANTOPEN: Shortage.DEVICE,
    sqlite3.SQLITE_READONLY: Shortage.DEVICE,
    sqlite3.SQLITE_NOMEM: Shortage.MEMORY,
    sqlite3.SQLITE_BUSY: "another program holds the database of jobs",
    sqlite3.SQLITE_LOCKED: "another program holds the database of jobs",
}
"""By primary result code; https://www.sqlite.org/rescode.html"""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What stands in a job's way for now."""

    why: str
    """As the end of a sentence."""
    reason: str
    """In `words.reasons`."""
    needed_bytes: int = 0
    """Room on the disk that the job's results need; 0: not known."""

    @property
    def stage(self) -> str:
        """What is told as a job's progress."""
        return f"waiting: {self.why}"

    def error(self) -> Short:
        """For whoever calls and is not to wait."""
        return Short(self.reason, f"{self.why[:1].upper()}{self.why[1:]}; try again in a moment.")


def hindrance(error: BaseException) -> Hindrance | None:
    """What passes by itself, or None for an error that does not."""
    if isinstance(error, ServiceError):
        if error.reason not in _REASONS:
            return None
        return Hindrance(_as_end(str(error)), error.reason, int(error.facts.get(NEEDED_BYTES, "0")))
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)  # none of what Python itself found wrong
        why = None if code is None else _OF_SQLITE.get(code & 0xFF)
    else:
        why = passing(error)
    if why is None:
        return None
    return Hindrance(str(why), DiskFull.reason if why is Shortage.DISK else OUT_OF_RESOURCES)


def pause_after(tries: int) -> float:
    """Seconds to wait after so many vain tries in a row."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(max(0, tries - 1), 20))


async def waited_out(
    work: Callable[[], Awaitable[T]], told: Callable[[Hindrance, int], None] = lambda met, tries: None
) -> T:
    """Do it, again and again while what is in the way passes; `told` hears of each vain try and their number."""
    tries = 0
    while True:
        try:
            return await work()
        except Exception as error:
            met = hindrance(error)
            if met is None:
                raise
            tries += 1
            told(met, tries)
            await asyncio.sleep(pause_after(tries))


def _as_end(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:]}".rstrip(".")
