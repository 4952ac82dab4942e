"""What an executor says of the attempt that it makes at a job, whatever way it heard of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from unmix.words import OutputStarted, Progress, Summary


@dataclass(frozen=True, slots=True)
class Growth:
    """An output file has begun or grown.

    An executor that shares a disk with the front names the file by `path`, and nothing is copied. One that does not
    sends the bytes: those of `data` belong at `offset`. Bytes that come again for a place that was told of before
    are what an encoder wrote anew, such as a header.
    """

    output: OutputStarted
    size: int
    """Bytes from the start that are there and will not change, but for what is rewritten at the end."""
    path: Path | None = None
    """Of the growing file, on a disk that the front can read; None: the bytes come here."""
    offset: int = 0
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Done:
    """The attempt has succeeded and its files are closed."""

    summary: Summary
    rewritten: Mapping[str, list[tuple[int, int]]] = field(default_factory=dict[str, list[tuple[int, int]]])
    """For each output the byte ranges (offset, length) that changed after they had been told of by a path."""


@dataclass(frozen=True, slots=True)
class Resident:
    """A model in a device's memory."""

    model: str
    memory_bytes: int
    expires: float | None
    """Seconds since the epoch; None: not by time."""
    busy: bool


OnReport: TypeAlias = Callable[[Growth | Progress], Awaitable[None]]
"""Takes one report; an executor waits for it, so that bytes come no faster than they are written down."""
