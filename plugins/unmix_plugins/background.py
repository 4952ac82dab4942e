"""A program of unmix that runs in the background, whatever becomes of the one that started it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from unmix import children

_TAIL_BYTES = 65536


class BackgroundProcess:
    """A process in a session of its own, working in the state folder, that says into a log."""

    def __init__(self, command: Sequence[str], state: Path, log: Path) -> None:
        """Start it; the log's folder is made where it is absent. Raises OSError."""
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log = log
        self._begin = log.stat().st_size if log.exists() else 0
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                cwd=state,
                env=children.environment({"UNMIX_STATE": str(state)}),
                start_new_session=True,  # Ctrl-C in the terminal is not meant for it
                creationflags=_windows_flags(),
            )
        finally:
            os.close(descriptor)

    def exit_status(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def last_words(self) -> str:
        """`, saying “…”` with the last line that it wrote into its log; empty where it wrote none."""
        said = last_line(self._log, self._begin)
        return f", saying “{said}”" if said else ""


def last_line(log: Path, begin: int = 0) -> str:
    """The last line of a log that is not blank, looking no further back than byte `begin`; empty if none."""
    try:
        with log.open("rb") as file:
            file.seek(max(begin, log.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _windows_flags() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    return 0
