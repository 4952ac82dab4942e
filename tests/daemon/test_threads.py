"""The front begins no thread once it serves: one without memory would hold up the event loop for ever."""

import asyncio
import sys
import threading
import time

import pytest
from unmix_daemon.threads import begin_threads


@pytest.mark.skipif(sys.platform != "linux", reason="others need a thread for each child process")
def test_neither_files_nor_children_begin_a_thread() -> None:
    seen: set[str] = set()

    def look() -> None:
        seen.update(thread.name for thread in threading.enumerate())
        time.sleep(0.001)

    async def work() -> tuple[set[str], int | None]:
        begin_threads()
        before = {thread.name for thread in threading.enumerate()}
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", "raise SystemExit(3)")
        await asyncio.gather(*(asyncio.to_thread(look) for _ in range(200)))
        return before, await child.wait()

    before, status = asyncio.run(work())
    assert status == 3
    assert seen
    assert seen <= before
