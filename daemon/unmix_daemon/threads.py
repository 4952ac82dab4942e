"""All threads of the front, begun while there is memory for them.

A thread that finds no memory for its first step never says that it has begun, and `Thread.start` waits for that for
ever: the event loop would stand still with it.
"""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

_THREADS = 16
"""For the files of uploads and results; disks have no use for more at once."""


def begin_threads() -> None:
    """Give the running loop its threads, and, where Python would begin one for each child process, a way without."""
    pool = ThreadPoolExecutor(_THREADS, "files")
    together = Barrier(_THREADS)
    for begun in [pool.submit(together.wait) for _ in range(_THREADS)]:
        begun.result()
    asyncio.get_running_loop().set_default_executor(pool)
    if (
        sys.version_info < (3, 12) and sys.platform == "linux" and hasattr(os, "pidfd_open")
    ):  # later ones do so
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.set_child_watcher(watcher)  # pyright: ignore[reportDeprecated]  # not in the versions that come here
