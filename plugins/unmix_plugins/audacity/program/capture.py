"""Whether Audacity records at this moment, seen from outside: asking it would end the recording."""

import os
import re
import subprocess
from pathlib import Path

_CARDS = Path("/proc/asound")
_OWNER = re.compile(r"^owner_pid\s*:\s*(\d+)", re.MULTILINE)
_SOUND_SERVER_THREADS = ("threaded-ml", "pw-", "data-loop")
"""Beginnings of the names of threads by which a client speaks with PulseAudio or PipeWire, while it has a stream."""
_JACK = "/dev/shm/jack"  # noqa: S108  # JACK's own
"""Beginning of the shared memory that JACK's clients have; its server does not say what they do with it."""
_SECONDS = 2.0


def is_recording(pid: int) -> bool | None:
    """Whether this process records sound; None where that cannot be known."""
    tasks = _tasks(pid)
    if _owns_a_capture_device(tasks):
        return True
    if _is_client_of_jack(pid):
        return None
    if not _has_a_stream(tasks):
        return False
    return _records_through_the_server(pid)


def _tasks(pid: int) -> dict[int, str]:
    """The names of the process's threads, by their numbers."""
    tasks: dict[int, str] = {}
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            tasks[int(task.name)] = (task / "comm").read_text("utf-8", "replace").strip()
        except (OSError, ValueError):
            continue
    return tasks


def _owns_a_capture_device(tasks: dict[int, str]) -> bool:
    for status in _CARDS.glob("card*/pcm*c/sub*/status"):
        try:
            said = status.read_text("ascii", "replace")
        except OSError:
            continue
        owner = _OWNER.search(said)
        if owner and int(owner[1]) in tasks:
            return True
    return False


def _has_a_stream(tasks: dict[int, str]) -> bool:
    return any(name.startswith(_SOUND_SERVER_THREADS) for name in tasks.values())


def _is_client_of_jack(pid: int) -> bool:
    try:
        return _JACK in Path(f"/proc/{pid}/maps").read_text("utf-8", "replace")
    except OSError:
        return False


def _records_through_the_server(pid: int) -> bool | None:
    mine = f'application.process.id = "{pid}"'
    if mine in _list("source-outputs"):
        return True
    # A server that does not know the process is not the one that it speaks with, unless it has just stopped to.
    return False if mine in _list("clients") or not _has_a_stream(_tasks(pid)) else None


def _list(kind: str) -> str:
    """What the sound server says about its streams or clients; empty where it cannot be asked."""
    try:
        return subprocess.run(
            ["pactl", "list", kind],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=True,
            env={**os.environ, "LC_ALL": "C"},
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
