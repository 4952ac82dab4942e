"""What the watcher tells while it works; the command makes lines of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from unmix_plugins.watch.ledger.entry import Result


@dataclass(frozen=True, slots=True)
class Finished:
    """A recording is done: every output is in place."""

    folder: str
    source: Path
    outputs: tuple[Path, ...]
    """None: they were left out because of a name that is taken."""
    result: Result


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A recording was given up; it is in the dead-letter folder."""

    folder: str
    source: Path
    reason: str
    """Stable name."""
    message: str
    letter: Path


@dataclass(frozen=True, slots=True)
class Postponed:
    """A recording failed, and will be tried again."""

    folder: str
    source: Path
    message: str
    seconds: float
    """Until then."""


@dataclass(frozen=True, slots=True)
class Waits:
    """A folder waits for something."""

    folder: str
    sentence: str


@dataclass(frozen=True, slots=True)
class GoesOn:
    """What a folder waited for has come."""

    folder: str
    sentence: str
    """What it was."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the user should know."""

    sentence: str


Report = Finished | GivenUp | Postponed | Waits | GoesOn | Note
Tell = Callable[[Report], object]
