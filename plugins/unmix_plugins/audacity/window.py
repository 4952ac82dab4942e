"""The little window beside Audacity that shows long work, with Cancel, and buttons where there is something to decide.

It is a process of its own, since Tk wants the main thread and may be missing: without it, or without a screen,
`unmix audacity status` shows the same.
"""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from unmix_plugins.audacity.click import Click, State
from unmix_plugins.audacity.control import Event, Request
from unmix_plugins.audacity.shelf import Shelf
from unmix_plugins.errors import UnmixError

_log = logging.getLogger(__name__)

_LOOK = 0.3
"""Seconds between two looks at the shelf."""


class Window:
    """Shows the shelf's clicks while there are any, and passes on what its buttons ask."""

    def __init__(self, shelf: Shelf, handle: Callable[[Request], Iterator[Event]], *, enabled: bool) -> None:
        """Show `shelf`; buttons become requests to `handle`. Without a screen nothing is shown."""
        self._shelf = shelf
        self._handle = handle
        self._enabled = enabled and bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
        self._stop = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._watch, name="unmix-window", daemon=True)

    def __enter__(self) -> Self:
        if self._enabled:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._enabled:
            self._thread.join()
        self._close()

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK):
            clicks = self._shelf.all()
            if clicks and self._process is None:
                self._open()
            elif not clicks:
                self._close()
            if self._process and not self._send(clicks):
                self._enabled = False
                _log.warning(
                    "The progress window could not be shown; `unmix audacity status` shows the same."
                )
                return

    def _open(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "unmix_plugins.audacity.progress_window"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._obey, args=(self._process,), daemon=True).start()

    def _send(self, clicks: dict[str, Click]) -> bool:
        lines = [_shown(number, click) for number, click in clicks.items()]
        stream = self._process.stdin if self._process else None
        try:
            if stream:
                stream.write(json.dumps(lines) + "\n")
                stream.flush()
        except OSError:
            return False
        return True

    def _obey(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            try:
                for _ in self._handle(json.loads(line)):
                    pass
            except UnmixError as error:
                _log.warning("%s", error)

    def _close(self) -> None:
        process, self._process = self._process, None
        if process:
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()
            process.terminate()
            process.wait()


def _shown(number: str, click: Click) -> dict[str, object]:
    return {
        "id": number,
        "title": f"{click.order.operation.effect.removeprefix('Unmix ')}: "
        + ", ".join(handed.request.name for handed in click.handed),
        "fraction": click.work.fraction if click.state is State.WORKING else 1.0,
        "remaining_seconds": click.work.remaining_seconds,
        "state": str(click.state),
        "message": click.message,
    }
