"""What an executor reports of a job: to whoever watches at once, to the database once a second."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from unmix.words import Progress, Summary

from unmix_daemon.cancellation import unbroken
from unmix_daemon.errors import WorkerLost
from unmix_daemon.passing import Hindrance, hindrance, waited_out
from unmix_daemon.queue.live_job import LiveJob, LiveOutput
from unmix_daemon.reports import Growth
from unmix_daemon.state.store import Store

_RECORD_SECONDS = 1.0


class Recorder:
    """One attempt's reports."""

    def __init__(
        self,
        store: Store,
        live: LiveJob,
        outputs: Path,
        spawn: Callable[[Coroutine[Any, Any, None], str], None],
    ) -> None:
        """Bytes that come are written below `outputs`; `spawn` runs a coroutine in the background under a name."""
        self._store = store
        self._live = live
        self._outputs = outputs
        self._spawn = spawn
        self._next = 0.0
        self._copies: dict[str, Path] = {}
        """Outputs that were written here, from bytes that came."""
        self._told: dict[str, int] = {}
        """The most bytes of each that readers were told of, also where one began anew and is shorter now."""

    async def report(self, news: Growth | Progress) -> None:
        """Take one report; bytes that the disk has no room for wait until it has."""
        if isinstance(news, Growth):
            path = news.path or await self._written(news)
            self._live.outputs[news.output.name] = LiveOutput(news.output, path, news.size)
        else:
            self._live.progress = news
            now = time.monotonic()
            if now >= self._next:
                self._next = now + _RECORD_SECONDS
                self._spawn(self._record(), "record")
        self._live.moved.changed()

    async def _written(self, news: Growth) -> Path:
        """Write bytes that came from another disk; what replaces bytes that readers know is told at the end."""
        output = news.output
        path = self._outputs / f"{output.name}.{output.extension}"
        told = self._told.get(output.name, 0)
        if news.offset < told:
            length = min(len(news.data), told - news.offset)
            self._live.rewritten.setdefault(output.name, []).append((news.offset, length))
        self._told[output.name] = max(told, news.size)
        self._copies[output.name] = path
        await waited_out(
            lambda: unbroken(asyncio.to_thread(_write, path, news.offset, news.data)), self._wait
        )
        return path

    def _wait(self, met: Hindrance, _: int) -> None:
        self._live.tell(Progress(met.stage, self._live.progress.fraction))

    async def settle(self, summary: Summary, *, durable: bool) -> None:
        """The attempt has succeeded: give copies their final length, and let them survive a power cut if `durable`.

        Raises WorkerLost where fewer bytes came than the result has.
        """
        for name, path in self._copies.items():
            output = summary.output(name)
            if output:
                await unbroken(asyncio.to_thread(_settle, path, output.size_bytes, durable))

    async def _record(self) -> None:
        try:
            await self._store.report(self._live.job.job_id, self._live.progress)
        except Exception as error:
            if hindrance(error) is None:
                raise
            return  # the next one says more
        self._live.recorded.changed()


def _write(path: Path, offset: int, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        view = memoryview(data)
        while view:
            written = os.pwrite(descriptor, view, offset)
            view, offset = view[written:], offset + written
    finally:
        os.close(descriptor)


def _settle(path: Path, size: int, durable: bool) -> None:
    with path.open("r+b") as file:
        if file.seek(0, os.SEEK_END) < size:
            raise WorkerLost(f"The bytes of {path.name} ended before the result did.")
        file.truncate(size)
        if durable:
            os.fsync(file.fileno())
