"""Deletes finished jobs and their files after the retention time."""

import asyncio
import logging
from collections.abc import Callable

from unmix_daemon.awake import AwakeTime
from unmix_daemon.state.folders import Folders
from unmix_daemon.state.store import Store

_log = logging.getLogger(__name__)
_SWEEP_SECONDS = 60.0


class Sweeper:
    """Deletes what has been finished for the retention time, but for what somebody still reads."""

    def __init__(self, store: Store, folders: Folders, retention: float, clock: Callable[[], float]) -> None:
        """`retention` is in seconds, which `clock` counts; it is one that nobody sets."""
        self._store = store
        self._folders = folders
        self._retention = retention
        self._awake = AwakeTime(2 * _SWEEP_SECONDS, clock)
        self.in_use: set[str] = set()
        """Jobs to leave alone."""

    async def run(self) -> None:
        """Sweep now and then for ever."""
        while True:
            try:
                await self.sweep()
            except Exception:  # noqa: BLE001  # a border: the next sweep may succeed
                _log.exception("sweeping finished jobs")
            await asyncio.sleep(min(_SWEEP_SECONDS, max(1.0, self._retention)))

    async def sweep(self) -> None:
        """Sweep once, and hold ballast again where it was thrown out."""
        await asyncio.to_thread(self._store.patience.ballast.take_in)
        await self._folders.remove_leftovers()
        for job_id in await self._store.expired(self._awake.passed(), self._retention):
            # The row first, and only if it has not been taken up again meanwhile.
            if job_id not in self.in_use and await self._store.delete(job_id):
                await self._folders.remove(job_id)
