"""Keeps the one connection to Audacity's script pipe, which serves one client at a time."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from unmix_plugins.audacity.program.disk_space import has_room
from unmix_plugins.audacity.program.editor import Editor
from unmix_plugins.audacity.program.pipe import Pipe, PipeAbsent
from unmix_plugins.audacity.program.process import audacity_pids

_SECONDS = 0.5
"""Between two looks for Audacity; a look costs microseconds and sends nothing."""
_EAGER_SECONDS = 0.05
"""The same while Audacity has not registered the effects yet. When it does, at its next start, it starts a
helper that replaces the pipe's files, and only who is connected by then can speak with it."""


class Connection:
    """Connects when Audacity appears, and again when it was restarted."""

    def __init__(self, pipes: Path, must_hurry: Callable[[], bool]) -> None:
        """Look for the pipe in the folder `pipes`; often, while `must_hurry`."""
        self._pipes = pipes
        self._must_hurry = must_hurry
        self._editor: Editor | None = None
        self._pipe: Pipe | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="unmix-connection", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def editor(self) -> Editor | None:
        """The connected Audacity, or None."""
        with self._lock:
            if self._pipe is None or self._pipe.is_lost:
                self._connect()
            return self._editor

    def pid(self) -> int | None:
        """The process of the connected Audacity; None where that cannot be seen."""
        with self._lock:
            pipe = self._pipe
        return next((pid for pid in audacity_pids() if pipe and pipe.is_of(pid)), None)

    def has_room(self, size: int) -> bool:
        """Whether Audacity's disks can take so many bytes of audio, as far as can be seen."""
        pid = self.pid()
        return has_room(audacity_pids() if pid is None else [pid], size)

    def close(self) -> None:
        """Look no more. The pipe closes with the process: a command may wait for who reads Audacity's message."""
        self._stop.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._stop.wait(_EAGER_SECONDS if self._must_hurry() else _SECONDS):
            self.editor()

    def _connect(self) -> None:
        self._drop()
        with suppress(PipeAbsent):
            self._pipe = Pipe.open(self._pipes)
            self._editor = Editor(self._pipe)

    def _drop(self) -> None:
        if self._pipe:
            self._pipe.close()
        self._pipe = self._editor = None
