"""Where effects and bridge meet: two FIFOs that exist for an effect only while the bridge lives.

An effect cannot time out: XLISP has blocking files and nothing else. So the bridge keeps both FIFOs open and
publishes them as `/proc/<pid>/fd/<n>`. The kernel resolves such a path only while this process lives, and opening it
cannot block, since the bridge is reader and writer of both. When the bridge dies, the last writer is gone and a waiting
effect reads the end of the file at once.

An effect that is killed while it waits leaves its answer unread, for the next one to find. So each request begins with
a word, and the answer repeats it first.
"""

import contextlib
import os
import re
import select
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from unmix_plugins.audacity.effect.request import END, Answer
from unmix_plugins.errors import NotSupported

DOOR = "door"
"""The file with the two paths, the request's and the answer's."""

_WORD = re.compile(rb"^word=([0-9.]{1,40}\n)", re.MULTILINE)
_PIECE = 65536
_LONGEST = 1 << 24
"""Bytes of a request; clips and envelopes of all tracks are in it."""


class Fifos:
    """Makes the FIFOs below `folder` and publishes them until it is closed.

    One effect at a time waits here: Audacity runs them on its only window thread.
    """

    def __init__(self, folder: Path) -> None:
        """Open for business. Raises NotSupported where there is no /proc."""
        if sys.platform != "linux":
            raise NotSupported(
                "Unmix in Audacity's menu needs Linux so far: use `unmix denoise FILE` on this system."
            )
        self._file = folder / DOOR
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._requests = _fifo(folder / "requests.fifo")
        self._answers = _fifo(folder / "answers.fifo")
        self._wake, self._waker = os.pipe()
        self._word = b""
        self._is_closed = False
        self._lock = threading.Lock()
        partial = folder / f"{DOOR}.part"
        process = f"/proc/{os.getpid()}/fd"
        partial.write_text(f"{process}/{self._requests}\n{process}/{self._answers}\n", "utf-8")
        partial.replace(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def requests(self) -> Iterator[str]:
        """The text of each request, without its word and END, as they come; ends when the FIFOs close."""
        waiting = b""
        end = f"{END}\n".encode()
        while piece := self._read():
            waiting += piece
            while (at := _end_of_request(waiting, end)) >= 0:
                request, waiting = waiting[:at], waiting[at + len(end) :]
                words = [*_WORD.finditer(request)]
                self._word = words[-1][1] if words else b""
                body = (
                    request[words[-1].end() :] if words else request
                )  # before it: what somebody did not end
                yield body.decode("utf-8", "replace")
            if len(waiting) > _LONGEST:
                waiting = b""

    def answer(self, answer: Answer) -> None:
        """Let the effect that sent the last request go on. Once the FIFOs are closed, nobody waits."""
        with self._lock:
            if self._is_closed:
                return
            _drain(self._answers)
            os.write(self._answers, self._word + str(answer).encode())

    def close(self) -> None:
        """Take the paths away and end `requests`; an effect that waits reads the end of the file."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            self._file.unlink(missing_ok=True)
            os.close(self._waker)
            os.close(self._answers)

    def _read(self) -> bytes:
        """The next bytes, or none once the FIFOs close."""
        while True:
            ready = _readable(self._requests, self._wake)
            if self._wake in ready:
                os.close(self._wake)
                os.close(self._requests)
                return b""
            with contextlib.suppress(BlockingIOError):
                return os.read(self._requests, _PIECE)


def _fifo(path: Path) -> int:
    """A new FIFO that only this user can open, held open for reading and writing."""
    path.unlink(missing_ok=True)
    os.mkfifo(path, 0o600)
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        raise OSError(f"{path} is no FIFO")
    return descriptor


def _readable(*descriptors: int) -> set[int]:
    return set(select.select(descriptors, [], [])[0])


def _drain(descriptor: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(descriptor, _PIECE):
            pass


def _end_of_request(waiting: bytes, end: bytes) -> int:
    """Where the END line of the first request begins, or -1."""
    if waiting.startswith(end):
        return 0
    at = waiting.find(b"\n" + end)
    return at + 1 if at >= 0 else -1
