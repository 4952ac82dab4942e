"""Starting and stopping the daemon's process, for users who never do it themselves."""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from unmix import children
from unmix.locations import GAVE_WAY, LOCK, LOG, TOKEN, read_endpoint
from unmix.lock import holder
from unmix.ownership import Untrusted, private_folder

from unmix_plugins.background import BackgroundProcess
from unmix_plugins.errors import AccessRefused, DaemonNotStarted, DaemonSilent, NotPossibleNow, TimedOut

_PATIENCE = 30.0
"""Seconds for the daemon to come up; it takes about one, more on a machine that is busy."""
_RIVAL_PATIENCE = 5.0
"""Seconds for another daemon to answer after ours has ended: it was there first, and ours gave way to it."""
_STOP_PATIENCE = 60.0
_INTERVAL = 0.05

Connected = TypeVar("Connected")


def start_daemon(state: Path, connect: Callable[[], Connected | None]) -> Connected:
    """Start `unmixd` in its own session and return what `connect` gives once a daemon answers.

    Two clients may do this at the same moment: the second daemon refuses to run beside the first and ends,
    and both clients connect to the one that is there. Raises DaemonNotStarted with the last line of the log.
    """
    log = state / LOG
    try:
        private_folder(state, mark=TOKEN)
        process = BackgroundProcess(children.command("unmix_daemon", "run"), state, log)
    except Untrusted as error:
        raise DaemonNotStarted(f"The daemon cannot be started: {error}.") from error
    except OSError as error:
        raise DaemonNotStarted(
            f"The daemon cannot be started ({error}): make {state} writable, or name another UNMIX_STATE."
        ) from error
    deadline = time.monotonic() + _PATIENCE
    ended = False
    while True:
        if (connected := connect()) is not None:
            return connected
        if not ended and process.exit_status() is not None:
            ended = True
            patience = _RIVAL_PATIENCE if process.exit_status() == GAVE_WAY else 0.0
            deadline = min(deadline, time.monotonic() + patience)
        if time.monotonic() > deadline:
            break
        time.sleep(_INTERVAL)
    what = "ended at once" if ended else f"did not answer within {_PATIENCE:.0f} s"
    raise DaemonNotStarted(f"The daemon {what}{process.last_words()}: its log is {log}.")


def await_holder(state: Path, is_answered: Callable[[], bool], *, patiently: bool) -> bool:
    """Whether a daemon answers that did not at first; False where no process has the folder, so that one may start.

    One that has it and is not up yet, or ends, is waited for if `patiently`. Raises DaemonSilent where it says nothing.
    """
    deadline = time.monotonic() + (_PATIENCE if patiently else 0.0)
    while (pid := holder(state / LOCK)) is not None:
        if is_answered():
            return True
        endpoint = read_endpoint(state)
        is_up = endpoint is not None and endpoint.pid == pid
        if is_up or time.monotonic() >= deadline:
            why = "it was stopped, or the machine is very busy" if is_up else "it starts, or ends"
            raise DaemonSilent(
                f"unmixd (process {pid or 'unknown'}) does not answer, {why}: wait, or end that process, and try again."
            )
        time.sleep(_INTERVAL)
    return False


def stop_daemon(state: Path, pid: int, is_answered: Callable[[], bool]) -> None:
    """Ask process `pid`, which said that it is the daemon, to end, and return when it has.

    Raises NotPossibleNow when the daemon of `state` is another process, AccessRefused when it or the
    folder is another user's, and TimedOut when it goes on working for a minute.
    """
    try:
        endpoint = read_endpoint(state)
    except Untrusted as error:
        raise AccessRefused(f"{error}.") from error
    if endpoint is None or endpoint.pid != pid:
        raise NotPossibleNow(
            f"The daemon that answers is not the one of {state}: stop it where it was started."
        )
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise AccessRefused(f"Process {pid} is another user's: only they can stop it.") from error
    deadline = time.monotonic() + _STOP_PATIENCE
    while not _has_ended(pid, is_answered):
        if time.monotonic() > deadline:
            raise TimedOut(f"Process {pid} still finishes its work: wait for it, and try again then.")
        time.sleep(_INTERVAL)


def _has_ended(pid: int, is_answered: Callable[[], bool]) -> bool:
    if sys.platform == "win32":
        return not is_answered()  # there is no signal 0; the one that is would be Ctrl-C
    if sys.platform == "linux":
        with suppress(OSError):  # a process that has ended stays as a zombie where nobody waits for it
            if Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0] == "Z":
                return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
