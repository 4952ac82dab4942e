"""`unmix reaper-run`: the process that does the work, and the folder in which it is told and says what."""

import json
import math
import os
import shutil
import signal
import subprocess
import tempfile
import time
from typing import Any, Dict, List, Optional

from .messages import Trouble

MOST_OF_ERRORS = 4096
"""Bytes that are read of what a client says when it fails."""
JOB_FOLDER, DAY = "unmix-reaper-", 86400
OF_REAPERS_PYTHON = ("PYTHONHOME", "PYTHONPATH", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")


class Client:
    """`unmix reaper-run` with one job. It speaks into a file: a pipe would make the reader wait."""

    def __init__(self, command: List[str], job: Dict[str, Any]) -> None:
        """Start it. Raises Trouble."""
        self._rest = b""
        self.folder = tempfile.mkdtemp(prefix=JOB_FOLDER)
        try:
            self._process = self._start(command, job)
            self._said = open(os.path.join(self.folder, "events"), "rb")
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _start(self, command: List[str], job: Dict[str, Any]) -> "subprocess.Popen[Any]":
        path = os.path.join(self.folder, "JOB.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(job, file)
        options: Dict[str, Any] = {"start_new_session": True}
        if os.name == "nt":
            options = {"creationflags": 0x08000200}  # no console, and a group of its own
        # What tells REAPER's own Python where its library is would break another one.
        environment = {key: value for key, value in os.environ.items() if key not in OF_REAPERS_PYTHON}
        events = open(os.path.join(self.folder, "events"), "wb")
        errors = open(os.path.join(self.folder, "errors"), "wb")
        with events, errors:
            options.update(stdin=subprocess.DEVNULL, stdout=events, stderr=errors)
            try:
                arguments = [*command, "reaper-run", path]
                return subprocess.Popen(arguments, cwd=tempfile.gettempdir(), env=environment, **options)
            except (OSError, ValueError) as error:
                raise Trouble(f"{command[0]} cannot be started ({error}): run `unmix reaper install` again.")

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def events(self) -> Optional[List[Dict[str, Any]]]:
        """Return what was said since the last call, as far as it makes sense; None if nothing was."""
        new = self._said.read(1 << 15)
        if not new:
            return None
        *lines, self._rest = (self._rest + new).split(b"\n")
        self._rest = self._rest if len(self._rest) < 1 << 20 else b""
        return [event for event in map(parsed, lines) if isinstance(event, dict)]

    def last_words(self) -> str:
        """Return the last line of its errors."""
        with open(os.path.join(self.folder, "errors"), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - MOST_OF_ERRORS))
            lines = [line.strip() for line in file.read().decode("utf-8", "replace").split("\n")]
        return next((line for line in reversed(lines) if line), "it said nothing")

    def stop(self, kindly: bool = True) -> None:
        """Ask it and all that it started to end, or end them."""
        try:
            if self.has_ended:
                return
            if os.name == "nt":
                self._process.terminate()  # what a launcher started watches the launcher, and ends by itself
            else:
                os.killpg(self._process.pid, signal.SIGTERM if kindly else signal.SIGKILL)
        except OSError:
            pass  # it ended just now

    def close(self) -> None:
        self._said.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def client_command() -> List[str]:
    """Return how to start `unmix`, which the installation wrote beside the actions. Raises Trouble."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    path = os.path.join(folder, "unmix_reaper.json")
    try:
        with open(path, encoding="utf-8") as file:
            command = json.load(file)["client"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        command = None
    if (
        not isinstance(command, list)
        or not command
        or not all(word and isinstance(word, str) for word in command)
    ):
        raise Trouble(f"REAPER cannot find unmix, as {path} does not say where: run `unmix reaper install`.")
    return command


def remove_old_folders() -> None:
    """Remove the folders of jobs whose REAPER was killed."""
    for name in os.listdir(tempfile.gettempdir()):
        path = os.path.join(tempfile.gettempdir(), name)
        try:
            if name.startswith(JOB_FOLDER) and time.time() - os.lstat(path).st_mtime > DAY:
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass  # another run removed it just now


def text_in(entries: Dict[str, Any], key: str) -> str:
    value = entries.get(key)
    return value if isinstance(value, str) else ""


def number_in(entries: Dict[str, Any], key: str) -> float:
    """Return a number that is not negative, or -1."""
    value = entries.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        return -1
    return value


def words_of(progress: Dict[str, Any]) -> str:
    """Return the client's progress in one line."""
    words = text_in(progress, "stage") or "working"
    index, items, fraction, left = (
        number_in(progress, key) for key in ("index", "items", "fraction", "remaining_seconds")
    )
    words += f" item {index:.0f} of {items:.0f}" if index >= 0 and items >= 0 else ""
    words += f", {100 * min(1, fraction):.0f} %" if fraction >= 0 else ""
    if left < 0:
        return words
    return words + (f", {left:.0f} s left" if left < 90 else f", {left / 60:.0f} min left")
