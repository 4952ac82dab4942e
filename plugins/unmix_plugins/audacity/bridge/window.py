"""The little window beside Audacity that shows long work, with Cancel, and buttons where there is something to decide.

It is a process of its own, since Tk wants the main thread and may be missing: without it, or without a screen,
`unmix audacity status` shows the same.
"""

import json
import logging
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext, suppress
from types import TracebackType
from typing import Self

from unmix import children

from unmix_plugins.audacity.bridge.click import Click, State
from unmix_plugins.audacity.bridge.control import Event, Request
from unmix_plugins.audacity.bridge.jobs import Jobs
from unmix_plugins.errors import UnmixError

_log = logging.getLogger(__name__)

_LOOK = 0.3
"""Seconds between two looks at the jobs."""


class Window:
    """Shows the jobs while there are any, and passes on what its buttons ask."""

    def __init__(self, jobs: Jobs, handle: Callable[[Request], Iterator[Event]], *, enabled: bool) -> None:
        """Show `jobs`; buttons become requests to `handle`. Without a screen nothing is shown."""
        self._jobs = jobs
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
        if process := self._process:
            process.kill()  # it might not read, and so keep the thread waiting
        if self._enabled:
            self._thread.join()
        self._close()

    def _watch(self) -> None:
        """One process for as long as there is something to show; one that has ended comes again with a new click."""
        given_up: set[str] = set()
        while not self._stop.wait(_LOOK):
            clicks = self._jobs.all()
            if clicks.keys() <= given_up:
                self._close()
            elif not self._show(clicks):
                _log.warning("The progress window has ended; `unmix audacity status` shows the same.")
                self._close()
                given_up = set(clicks)

    def _show(self, clicks: Mapping[str, Click]) -> bool:
        lines = [_shown(number, click) for number, click in clicks.items()]
        try:
            self._process = self._process or self._open()
            print(json.dumps(lines), file=self._process.stdin, flush=True)
        except OSError:
            return False
        return True

    def _open(self) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            children.command("unmix_plugins.audacity.bridge.progress_window"),
            cwd=children.FOLDER,
            env=children.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(process,), name="unmix-buttons", daemon=True).start()
        return process

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        with process.stdout or nullcontext(()) as lines:
            for line in lines:
                # In a thread each: putting a result back may take its time, and Cancel must not wait for that.
                threading.Thread(target=self._obey, args=(line,), name="unmix-button", daemon=True).start()

    def _obey(self, line: str) -> None:
        try:
            for event in self._handle(json.loads(line)):
                _log.info("%s", event.get("message", ""))
        except UnmixError as error:
            _log.warning("%s", error)
        except Exception:  # noqa: BLE001  # the border between buttons and the bridge
            _log.exception("a button met an error of the bridge")

    def _close(self) -> None:
        process, self._process = self._process, None
        if process and process.stdin:
            process.kill()
            process.wait()
            with suppress(OSError):  # what it did not read
                process.stdin.close()


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
