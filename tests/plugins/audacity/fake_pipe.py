"""The other end of Audacity's script pipe, with every habit of the real one that a client can stumble over."""

import array
import fcntl
import os
import select
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from daemons import eventually

OK = b"\nBatchCommand finished: OK\n\n"
FAILED = b"\nBatchCommand finished: Failed!\n\n"
BARE = b"\n"

Answer = bytes | list[bytes] | Callable[[], bytes | None]
"""A reply, or its parts one by one, or what waits for it; None: it ends without one."""


class FakePipe:
    """Serves one client after the other, as mod-script-pipe does; a context manager."""

    def __init__(self, folder: Path) -> None:
        """Listen in `folder`."""
        self.received: list[str] = []
        self._answers: dict[str, list[Answer]] = {}
        self._to, self._from = (
            folder / f"audacity_script_pipe.{name}.{os.getuid()}" for name in ("to", "from")
        )
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve_all)

    def answers(self, command: str, *answers: Answer) -> None:
        """The next replies to the command of this name; others are confirmed, and messages echoed."""
        self._answers.setdefault(command, []).extend(answers)

    def usual(self, name: str, rest: str) -> bytes | None:
        """The reply to a command for which no other was given."""
        return f"{rest.partition('=')[2]}".encode() + OK if name == "Message" else OK

    def exit(self) -> None:
        """Go away; the FIFOs stay behind."""
        self._is_stopping.set()
        while self._thread.is_alive():
            for path, mode in ((self._to, os.O_WRONLY), (self._from, os.O_RDONLY)):
                with suppress(OSError):  # it waits in open() for a client
                    os.close(os.open(path, mode | os.O_NONBLOCK))
            self._thread.join(0.01)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.exit()

    def _serve_all(self) -> None:
        while not self._is_stopping.is_set():
            for path in (self._to, self._from):
                path.unlink(missing_ok=True)
                os.mkfifo(path)
            with self._to.open("rb", buffering=0) as commands, self._from.open("wb", buffering=0) as replies:
                self._serve_one(commands.fileno(), replies.fileno())

    def _serve_one(self, commands: int, replies: int) -> None:
        buffered = b""
        while not self._is_stopping.is_set():
            if not select.select([commands], [], [], 0.01)[0]:
                continue
            data = os.read(commands, 65536)
            if not data:
                return
            *lines, buffered = (buffered + data).split(b"\n")
            for line in lines:
                if not self._answer(line.decode(), replies):
                    self._is_stopping.set()

    def _answer(self, line: str, replies: int) -> bool:
        self.received.append(line)
        name, _, rest = line.partition(":")
        waiting = self._answers.get(name)
        answer = waiting.pop(0) if waiting else self.usual(name, rest)
        if callable(answer):
            answer = answer()
        if answer is None:
            return False
        for part in [answer] if isinstance(answer, bytes) else answer:
            try:
                os.write(replies, part)
            except BrokenPipeError:  # the client has gone; the real one ignores that, too
                return True
            eventually(lambda: self._is_stopping.is_set() or not _unread(replies))
        return True


def _unread(descriptor: int) -> int:
    count = array.array("i", [0])
    fcntl.ioctl(descriptor, termios.FIONREAD, count)
    return count[0]
