"""Decides, call by call, what a filtered process may do: so any fault comes at any moment, and goes again."""

import errno
import fcntl
import os
import select
import struct
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from faults.filter import calls_by_number

_RECEIVE = 0xC050_2100
_SEND = 0xC018_2101
_CONTINUE = 1
_REQUEST_BYTES = 80
_PATH_BYTES = 4096
_POLL_MS = 50


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a process is about to make."""

    name: str
    path: str
    """Of its file; empty where that cannot be told."""
    creates: bool
    """An `openat` that may make a file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong."""

    concerns: Callable[[Call], bool]
    """Which calls count, and fail where there is a number."""
    number: int = 0
    """As in `errno`; 0: calls go on, and only `begin` and `end` are called."""
    begin: Callable[[], None] = lambda: None
    end: Callable[[], None] = lambda: None


def below(folder: Path, names: Collection[str]) -> Callable[[Call], bool]:
    """Calls of these names on files in a folder; of `openat` only those that make one. Logs are spared, to be read."""

    def concerns(call: Call) -> bool:
        return (
            call.name in names
            and call.path.startswith(f"{folder}/")
            and not call.path.endswith(".log")
            and (call.name != "openat" or call.creates)
        )

    return concerns


class Supervisor:
    """Answers for as long as the process lives; one fault at a time."""

    def __init__(self, listener: int) -> None:
        """`listener` is closed at the end."""
        self._listener = listener
        self._names = calls_by_number()
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._left = 0
        self._seconds = 0.0
        self._until: float | None = None
        self.counted = 0
        """Calls that the present fault concerns."""
        self._thread = threading.Thread(target=self._serve, name="supervisor", daemon=True)
        self._thread.start()

    def arm(self, fault: Fault, *, after: int, seconds: float) -> None:
        """Let so many calls pass that the fault concerns; from the next one on it lasts so long."""
        with self._lock:
            self._fault, self._left, self._seconds, self._until = fault, after, seconds, None
            self.counted = 0

    def disarm(self) -> bool:
        """No fault any more; whether there was one."""
        with self._lock:
            met = self._until is not None
            if met:
                self._finish()
            self._fault = None
            return met

    def is_over(self) -> bool:
        """Whether the fault has been there and gone."""
        with self._lock:
            return self._fault is None

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        while True:
            ready = poll.poll(_POLL_MS)
            with self._lock:
                if self._until is not None and time.monotonic() > self._until:
                    self._finish()
            if ready and ready[0][1] & (select.POLLHUP | select.POLLERR):
                os.close(self._listener)
                return
            if ready:
                self._answer()

    def _finish(self) -> None:
        if self._fault:
            self._fault.end()
        self._fault = self._until = None

    def _answer(self) -> None:
        request = bytearray(_REQUEST_BYTES)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, request)
        except OSError as error:
            if error.errno in {errno.EINTR, errno.ENOENT}:  # it was interrupted, or killed
                return
            raise
        identifier, pid, _, number = struct.unpack_from("=QIIi", request)
        arguments = struct.unpack_from("=6Q", request, 32)
        refused = self._decide(pid, self._names[number], arguments)
        answer = struct.pack("=QqiI", identifier, 0, -refused, 0 if refused else _CONTINUE)
        with suppress(OSError):  # it was killed
            fcntl.ioctl(self._listener, _SEND, answer)

    def _decide(self, pid: int, name: str, arguments: tuple[int, ...]) -> int:
        fault = self._fault
        if fault is None:
            return 0
        call = Call(name, _path(pid, name, arguments), name == "openat" and bool(arguments[2] & os.O_CREAT))
        if not fault.concerns(call):
            return 0
        with self._lock:
            if fault is not self._fault:
                return 0
            self.counted += 1
            if self._left > 0:
                self._left -= 1
                return 0
            if self._until is None:
                self._until = time.monotonic() + self._seconds
                fault.begin()
            return fault.number


def _path(pid: int, name: str, arguments: tuple[int, ...]) -> str:
    try:
        if name in {"openat", "mkdirat"}:
            return _text(pid, arguments[1])
        if name == "mkdir":
            return _text(pid, arguments[0])
        return str(Path(f"/proc/{pid}/fd/{arguments[0]}").readlink())
    except OSError:
        return ""


def _text(pid: int, address: int) -> str:
    """What stands in its memory there, up to the first NUL."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        return os.fsdecode(memory.read(_PATH_BYTES).partition(b"\0")[0])
