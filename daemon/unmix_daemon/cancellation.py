"""Work that must come to its end although whoever waits for it is cancelled, and work that nobody waits for."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


async def unbroken(work: Coroutine[Any, Any, T], hurry: Callable[[], object] = lambda: None) -> T:
    """Await `work`; a caller that is cancelled meanwhile learns it only once the work has ended.

    For threads that use what the caller will close, and for steps that only make sense together. `hurry` is called
    when the caller is cancelled, so that long work may come to an end of its own.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        hurry()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # seen; the caller has no use for it any more
        raise


class Background:
    """Coroutines that run by themselves, each under a name, until they end or are cancelled."""

    def __init__(self) -> None:
        """Nothing runs."""
        self._tasks: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[asyncio.Task[None]]:
        """Those that run."""
        return iter(tuple(self._tasks))

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run one more; it is kept from being collected while it runs."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
