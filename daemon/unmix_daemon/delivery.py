"""A job's outputs on their way to its caller while they grow."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from .errors import Cancelled, JobFailed
from .jobs import JobState, Progress
from .live import LiveJob
from .worker.messages import Grew

PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Bytes:
    """A piece of an output file."""

    stem: str
    offset: int
    data: bytes


Delivery: TypeAlias = Grew | Bytes | Progress


async def deliver(live: LiveJob) -> AsyncIterator[Delivery]:
    """Progress, each stem's first `Grew`, and its bytes, until the job has ended.

    Bytes of a stem come in order; those that the encoder wrote again come once more at the end. Memory does not
    grow with a slow reader: what waits is on disk. Raises JobFailed, Cancelled.
    """
    sent: dict[Path, int] = {}
    told = Progress()
    while True:
        seen = live.moved.version
        ended = live.job.state.finished
        if live.progress != told:
            told = live.progress
            yield told
        for grown in list(live.outputs.values()):
            path = Path(grown.path)
            if path not in sent:
                sent[path] = 0
                yield grown
            async for piece in _growth(live, grown, sent[path]):
                yield piece
            sent[path] = max(sent[path], grown.size)
        if ended:
            break
        await live.moved.wait(seen)
    if live.job.state is JobState.CANCELLED:
        raise Cancelled("The job was cancelled.")
    if live.job.error:
        raise JobFailed(live.job.error.reason, live.job.error.message)
    for stem, ranges in live.rewritten.items():
        for offset, length in ranges:
            async for piece in _read(live.outputs[stem], offset, offset + length):
                yield piece


async def _growth(live: LiveJob, grown: Grew, start: int) -> AsyncIterator[Bytes]:
    """What came after `start`; nothing when the attempt that wrote it has failed and taken its files along."""
    try:
        async for piece in _read(grown, start, grown.size):
            yield piece
    except FileNotFoundError:
        current = live.outputs.get(grown.stem)
        if live.job.state is JobState.COMPLETED and current and current.path == grown.path:
            raise


async def read_pieces(path: Path, stem: str, start: int, stop: int) -> AsyncIterator[Bytes]:
    """The bytes [start, stop) of a file, in pieces of at most 1 MiB."""
    for offset in range(start, stop, PIECE_BYTES):
        data = await asyncio.to_thread(_read_at, path, offset, min(PIECE_BYTES, stop - offset))
        yield Bytes(stem, offset, data)


def _read(grown: Grew, start: int, stop: int) -> AsyncIterator[Bytes]:
    return read_pieces(Path(grown.path), grown.stem, start, stop)


def _read_at(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)
