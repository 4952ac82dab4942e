"""What a worker reports of a job: to whoever watches at once, to the database once a second."""

import time
from collections.abc import Callable, Coroutine
from typing import Any

from .jobs import Progress
from .live import LiveJob
from .store import Store
from .worker.messages import Advanced, Grew

_RECORD_SECONDS = 1.0


class Recorder:
    """One attempt's reports."""

    def __init__(
        self, store: Store, live: LiveJob, spawn: Callable[[Coroutine[Any, Any, None], str], None]
    ) -> None:
        """`spawn` runs a coroutine in the background under a name."""
        self._store = store
        self._live = live
        self._spawn = spawn
        self._next = 0.0

    def report(self, news: Grew | Advanced) -> None:
        """Take one report; called from the event loop."""
        if isinstance(news, Grew):
            self._live.outputs[news.stem] = news
        else:
            self._live.progress = Progress(news.stage, news.fraction, news.remaining_seconds)
            now = time.monotonic()
            if now >= self._next:
                self._next = now + _RECORD_SECONDS
                self._spawn(self._record(), "record")
        self._live.moved.changed()

    async def _record(self) -> None:
        await self._store.report(self._live.job.job_id, self._live.progress)
        self._live.recorded.changed()
