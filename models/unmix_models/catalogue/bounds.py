"""What a network may say of itself: said here once, for all families, as it comes out of strangers' files.

Whoever reads a word or a number of a checkpoint, or of what was made of one, has it judged here: in the child that
converts, and again wherever it is read. A number that is absurd makes a file, a message or a buffer absurd.
"""

import math
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

from unmix_models.errors import InvalidWeights

_STEM = re.compile(r"[a-z0-9_]{1,40}")
MOST_STEMS = 64
MOST_NETWORKS = 32
"""In one model; four are usual."""
_LONGEST = 65_536
"""Bytes of a file of words and numbers; it has some hundred."""
_SHOWN = 60
"""Characters of what is wrong that a message repeats."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers that may be, both ends included."""

    least: float
    most: float
    whole: bool = True
    """No fractions."""


RANGES: Mapping[str, Range] = {
    "sample_rate": Range(1000, 384_000),
    "channels": Range(1, 16),
    "parameters": Range(0, 1 << 40),
    "segment": Range(0.05, 600, whole=False),
    "nfft": Range(64, 1 << 16),
    "depth": Range(1, 10),
    "kernel_size": Range(2, 64),
    "stride": Range(1, 32),
    "norm_starts": Range(0, 64),
    "layers": Range(1, 64),
    "heads": Range(1, 256),
    "period": Range(1, 1e9, whole=False),
    "scale": Range(-1e6, 1e6, whole=False),
    "weight": Range(0, 1e6, whole=False),
}
"""By what is counted; seconds, Hz, or no unit."""


def number(kind: str, value: object, name: str = "") -> int | float | Fraction:
    """The value, which is of the row `kind` of `RANGES`; errors call it `name`. Raises InvalidWeights."""
    allowed = RANGES[kind]
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        raise _beyond(name or kind, value, allowed)
    if not allowed.least <= value <= allowed.most:  # NaN neither
        raise _beyond(name or kind, value, allowed)
    if not allowed.whole:
        return value
    if value != math.floor(value):
        raise _beyond(name or kind, value, allowed)
    return int(value)


def integer(kind: str, value: object, name: str = "") -> int:
    """As `number`, for a row of whole numbers."""
    return int(number(kind, value, name))


def stems(said: object, least: int = 1) -> tuple[str, ...]:
    """Names of stems, which become names of files and are said in calls. Raises InvalidWeights."""
    if not isinstance(said, list | tuple):
        raise InvalidWeights("The stems are no list of names; export the model again.")
    names = cast("Sequence[object]", said)
    if not least <= len(names) <= MOST_STEMS:
        raise InvalidWeights(f"The model has {len(names)} stems; there may be {least} to {MOST_STEMS}.")
    for name in names:
        if not isinstance(name, str) or not _STEM.fullmatch(name):
            raise InvalidWeights(
                f"The model calls a stem {shown(name)}; a stem is called by 1 to 40 of a-z, 0-9 and underscore."
            )
    if len(set(names)) != len(names):
        raise InvalidWeights("The model calls two stems alike; each needs a name of its own.")
    return tuple(cast("Sequence[str]", names))


def text(path: Path) -> bytes:
    """What is in a file of words and numbers, which nobody waits for: it may be a pipe, or have no end.

    Raises OSError, InvalidWeights.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidWeights(f"{path.name} is no file; install the model again.")
        said = file.read(_LONGEST + 1)
    if len(said) > _LONGEST:
        raise InvalidWeights(f"{path.name} is longer than any of its kind; install the model again.")
    return said


def shown(value: object) -> str:
    """What is wrong, for a message: in ASCII, no longer than a line bears."""
    try:
        text = ascii(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, or lists without an end
        text = f"a strange {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _beyond(name: str, value: object, allowed: Range) -> InvalidWeights:
    kind = "a whole number" if allowed.whole else "a number"
    return InvalidWeights(
        f"The model says {name}={shown(value)}; it may be {kind} from {allowed.least:g} to {allowed.most:g}."
    )
