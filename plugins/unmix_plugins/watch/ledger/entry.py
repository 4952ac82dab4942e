"""One recording's way through the watcher, as the ledger keeps it."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    """found → submitted → delivering → delivered → done, or → failed → dead; what may pass goes back to found."""

    FOUND = "found"
    """It waits for its turn."""
    SUBMITTED = "submitted"
    """The daemon has its job."""
    DELIVERING = "delivering"
    """The outputs are on their way into the target."""
    DELIVERED = "delivered"
    """They are all in place; the source has still to be put away."""
    DONE = "done"
    FAILED = "failed"
    """It cannot be done; the dead letter is being written."""
    DEAD = "dead"
    RETRY = "retry"
    """The user wants a dead letter to be tried again."""


ENDED = (State.DONE, State.DEAD)
"""Nothing more happens to these by itself."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the file system says of a file: which one it is, and which version of it."""

    size: int
    """Bytes."""
    mtime_ns: int
    identity: str
    """`device:inode`: what it is known by, whatever it is called."""

    @classmethod
    def of(cls, status: os.stat_result) -> "FileFacts":
        """As the system told them."""
        return cls(status.st_size, status.st_mtime_ns, f"{status.st_dev}:{status.st_ino}")

    def is_same_version(self, other: "FileFacts") -> bool:
        """True when size and time are equal. Inodes do not count: some file systems make them up each time."""
        return (self.size, self.mtime_ns) == (other.size, other.mtime_ns)


@dataclass(frozen=True, slots=True)
class Move:
    """One output file's last step: from the staging folder to its name."""

    staged: Path
    final: Path
    size: int
    """Bytes."""
    sha256: str
    identity: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A delivery, as far as it is decided. It is in the ledger before anything of it is on the disk."""

    staging: Path
    """A hidden folder for what is not complete; nothing else is in it."""
    moves: tuple[Move, ...] = ()
    """None: the outputs are not all in the staging folder yet."""
    folder: Path | None = None
    """Where the outputs appear together, as one folder that gets its name in one step; None: one by one."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the daemon said about a finished recording; for messages, hooks and the rate."""

    model: str = ""
    device: str = ""
    seconds: float = 0.0
    """Length of the recording."""
    processing_seconds: float = 0.0
    note: str = ""
    """What the user should know."""
    is_skipped: bool = False
    """True when nothing was written, as the name is taken in the target."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger; changed by `replace` and `Ledger.save`."""

    entry_id: int
    folder: int
    """The ledger's number of the watched folder."""
    path: Path
    """Inside the watched folder."""
    facts: FileFacts
    state: State = State.FOUND
    sha256: str = ""
    """Of the content; empty until it was read."""
    tries: int = 0
    """Grows with every job that is given up: a part of the next one's idempotency key."""
    attempts: int = 0
    """Failures that counted."""
    due: float = 0.0
    """Unix time before which nothing is tried."""
    job_id: str = ""
    plan: Plan | None = None
    result: Result = Result()
    away_to: Path | None = None
    """Where the source goes, or a copy of a failed one; decided before it is moved."""
    is_away: bool = False
    """True when the source is no longer where it was found, because it was put away."""
    is_missing: bool = False
    """True when the source was gone before it could be put away, or become a dead letter: renamed, perhaps."""
    reason: str = ""
    """Stable name of why it failed, or waits."""
    message: str = ""
    ended: float = 0.0
    """Unix time of done or dead."""
    is_untold: bool = False
    """True from its end until the folder's hook was told of it."""
