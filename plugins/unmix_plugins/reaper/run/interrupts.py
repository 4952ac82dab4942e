"""Nobody waits any more: Ctrl-C, a signal to end, or the end of the process that started this one."""

import _thread
import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from threading import Event, Thread
from types import FrameType, TracebackType
from typing import Any, Self

import psutil

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_INTERVAL = 0.25
"""Seconds between looks at the parent."""


class Interrupts:
    """While it lasts, the first of all these raises KeyboardInterrupt in the main thread, and the others nothing.

    So what is done about it is not interrupted in turn.
    """

    def __init__(self) -> None:
        """Take whoever is the parent now for the one that waits."""
        self._parent = os.getppid()
        self._is_heeded = True
        self._is_held = False
        self._has_come = False
        self._is_over = Event()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
            self._before[number] = signal.signal(number, self._heed)
        Thread(target=self._watch, name="parent", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ignore()
        self._is_over.set()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def ignore(self) -> None:
        """Interrupt nothing from now on: what follows belongs together."""
        self._is_heeded = False

    @contextmanager
    def held(self) -> Generator[None]:
        """Interrupt what is inside only after it: to be done whole, by the main thread, or not at all."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            if self._has_come:
                self._interrupt()

    def _heed(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_held:
            self._has_come = True
        else:
            self._interrupt()

    def _interrupt(self) -> None:
        if self._is_heeded:
            self._is_heeded = False
            raise KeyboardInterrupt

    def _watch(self) -> None:
        while not self._is_over.wait(_INTERVAL):
            # Elsewhere than on Windows an orphan gets another parent; there it keeps the number of a dead one.
            if os.getppid() != self._parent or not psutil.pid_exists(self._parent):
                _thread.interrupt_main(signal.SIGTERM)
                return
