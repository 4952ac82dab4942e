"""A job's outputs and events on their way to whoever waits for them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeAlias

from unmix.words import Job, JobEvent, JobState, OutputPiece, OutputStarted, Progress
from unmix.words.text import shown

from unmix_daemon.errors import JobCancelled, JobFailed, NoSuchJob
from unmix_daemon.passing import waited_out
from unmix_daemon.queue.live_job import LiveJob, LiveOutput
from unmix_daemon.state.store import Store

PIECE_BYTES = 1 << 18
"""What a reader who has stopped reading costs is about five of them; larger ones are little faster."""

Delivery: TypeAlias = OutputStarted | OutputPiece | Progress


async def deliver(live: LiveJob) -> AsyncIterator[Delivery]:
    """Progress, each output's beginning, and its bytes, until the job has ended.

    Bytes of an output come in order; those that the encoder wrote again come once more at the end. Memory does not
    grow with a slow reader: what waits is on disk. Raises JobFailed, JobCancelled.
    """
    sent: dict[Path, int] = {}
    told = Progress()
    while True:
        seen = live.moved.version
        ended = live.job.state.is_final
        if live.progress != told:
            told = live.progress
            yield told
        for output in list(live.outputs.values()):
            if output.path not in sent:
                sent[output.path] = 0
                yield output.started
            async for piece in _growth(live, output, sent[output.path]):
                yield piece
            sent[output.path] = max(sent[output.path], output.size)
        if ended:
            break
        await live.moved.wait(seen)
    if live.job.state is JobState.CANCELLED:
        raise JobCancelled("The job was cancelled.")
    if live.job.error:
        raise JobFailed.of(live.job.error)
    for name in live.rewritten.keys() & live.outputs.keys():
        for offset, length in live.rewritten[name]:
            async for piece in read_pieces(live.outputs[name].path, name, offset, offset + length):
                yield piece


async def events(
    job_id: str, after: int, store: Store, live_job: Callable[[str], LiveJob | None]
) -> AsyncIterator[JobEvent]:
    """Events after a sequence number as they come, until the job has ended. Raises NoSuchJob."""
    while True:
        live = live_job(job_id)
        seen = live.recorded.version if live else 0
        for event in await store.events(job_id, after):
            after = event.sequence
            yield event
            if event.state.is_final:
                return
        if live is None:
            if (await stored(job_id, store)).state.is_final:
                return
            continue
        await live.recorded.wait(seen)


async def stored(job_id: str, store: Store) -> Job:
    """The job as it was last recorded. Raises NoSuchJob."""
    job = await store.get(job_id)
    if job is None:
        raise NoSuchJob(f"There is no job '{shown(job_id)}'.", {"job": job_id})
    return job


async def _growth(live: LiveJob, output: LiveOutput, start: int) -> AsyncIterator[OutputPiece]:
    """What came after `start`; nothing when the attempt that wrote it has failed and taken its files along."""
    name = output.started.name
    try:
        async for piece in read_pieces(output.path, name, start, output.size):
            yield piece
    except FileNotFoundError:
        current = live.outputs.get(name)
        if live.job.state is JobState.COMPLETED and current and current.path == output.path:
            raise


async def read_pieces(path: Path, name: str, start: int, stop: int) -> AsyncIterator[OutputPiece]:
    """The bytes [start, stop) of the output `name`, in pieces of at most PIECE_BYTES."""
    for offset in range(start, stop, PIECE_BYTES):
        length = min(PIECE_BYTES, stop - offset)
        data = await waited_out(
            lambda at=offset, length=length: asyncio.to_thread(_read_at, path, at, length)
        )
        yield OutputPiece(name, offset, data)


def _read_at(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)
