"""Starting the bridge in the background, for commands that need one."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unmix import children

from unmix_plugins.audacity.bridge.control import BridgeAbsent, Event, Request, ask
from unmix_plugins.audacity.bridge.lock import holder
from unmix_plugins.audacity.program.places import FOLDER
from unmix_plugins.background import BackgroundProcess
from unmix_plugins.errors import NotPossibleNow, UnmixError
from unmix_plugins.version import version

LOG = "bridge.log"
_PATIENCE = 20.0
"""Seconds for a bridge to come up, or to end; it takes about half of one."""
_ANSWER = 10.0
_INTERVAL = 0.05


class BridgeNotStarted(UnmixError):
    """The bridge was started and did not come up."""

    reason = "BRIDGE_NOT_STARTED"
    advice = "The bridge to Audacity did not start: `unmix audacity run` in a terminal shows why."


def bridge_command() -> tuple[str, ...]:
    """The argument list that runs the bridge of this installation from anywhere."""
    return (*children.program("unmix", "unmix_plugins.cli"), "audacity", "run")


def status(state: Path) -> Event:
    """What the bridge of this state folder does. Raises BridgeAbsent, TimedOut."""
    return _answer(state, {"do": "status"})


def ensure_bridge(state: Path, command: Sequence[str]) -> bool:
    """Have a bridge of this version running; True when it had to be started.

    One of another version is ended first, unless it has work that is not put back yet. Raises BridgeNotStarted,
    NotPossibleNow, TimedOut.
    """
    try:
        running = status(state)
    except BridgeAbsent:
        _start(state, command)
        return True
    if running.get("version") == version():
        return False
    if running.get("jobs"):
        raise NotPossibleNow(
            f"A bridge of unmix {running.get('version')} still has results for Audacity: fetch them, and stop it with"
            " `unmix audacity stop` then."
        )
    stop_bridge(state)
    _start(state, command)
    return True


def stop_bridge(state: Path) -> None:
    """End the bridge of this state folder and return when it has. Raises BridgeAbsent, TimedOut, BridgeNotStarted."""
    _answer(state, {"do": "stop"})
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            status(state)
        except BridgeAbsent:
            return
        time.sleep(_INTERVAL)
    raise NotPossibleNow("The bridge to Audacity does not end: wait for its work, or end its process.")


def _answer(state: Path, request: Request) -> dict[str, Any]:
    *_, last = ask(state / FOLDER, request, patience=_ANSWER)
    return dict(last)


def _start(state: Path, command: Sequence[str]) -> None:
    folder = state / FOLDER
    log = folder / LOG
    try:
        process = BackgroundProcess(command, state, log)
    except OSError as error:
        raise BridgeNotStarted(
            f"The bridge to Audacity cannot be started ({error}): make {folder} writable."
        ) from error
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        has_ended = process.exit_status() is not None
        try:
            status(state)
        except BridgeAbsent:
            if has_ended and holder(folder) is None:  # else it gave way to another that is coming up
                break
            time.sleep(_INTERVAL)
        else:
            return
    raise BridgeNotStarted(f"The bridge to Audacity did not come up{process.last_words()}: its log is {log}.")
