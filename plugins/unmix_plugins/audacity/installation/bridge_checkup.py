"""Does the bridge run, do effects find it, and has it Audacity? The part of `doctor.py` that looks at processes."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import psutil

from unmix_plugins.audacity.bridge.control import BridgeAbsent, Event
from unmix_plugins.audacity.bridge.lock import holder
from unmix_plugins.audacity.bridge.process import status
from unmix_plugins.audacity.program.places import FOLDER, find_places
from unmix_plugins.checkup import Finding
from unmix_plugins.errors import UnmixError
from unmix_plugins.version import version

_INSTALL_CLOSED = "close Audacity, then `unmix audacity install`"
_RUN = "`unmix audacity run`, or log in again"


def check_bridge(state: Path, named: Path | None, pipes: Path) -> Iterator[Finding]:
    """Look at the bridge of this state folder, at what effects find of it, and at its hold on Audacity.

    `named` is Audacity's folder, if it was named, and `pipes` the folder of its script pipe.
    """
    subject, folder = "bridge", state / FOLDER
    said: Event = {}
    try:
        said = status(state)
    except BridgeAbsent:
        pid = holder(folder)
        if pid is None:
            yield Finding(subject, False, f"none runs for {folder}", _RUN)
        else:
            yield Finding(
                subject, False, f"process {pid} holds {folder} but does not listen", f"end process {pid}"
            )
    except UnmixError as error:
        yield Finding(subject, False, str(error), "look at Audacity")
    else:
        pid = said.get("pid")
        if said.get("version") != version():
            text = f"process {pid} is of unmix {said.get('version')}, this is {version()}"
            yield Finding(subject, False, text, "`unmix audacity stop`, then `unmix audacity run`")
        else:
            yield Finding(subject, True, f"process {pid}")
    yield _door(folder)
    if others := list(_other_bridges(holder(folder))):
        text = f"another bridge runs as process {', '.join(map(str, others))}, with another UNMIX_STATE"
        yield Finding(subject, False, text, "end it: only one can have Audacity's script pipe")
    audacity = cast("Mapping[str, object]", said.get("audacity") or {})
    if audacity.get("connected"):
        yield Finding("connection", True, "the bridge has Audacity's script pipe")
    else:
        yield _unconnected(named, pipes)


def _door(folder: Path) -> Finding:
    """The file by which effects find the bridge."""
    subject, own = "door", holder(folder)
    try:
        paths = (folder / "door").read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        cure = "" if own is None else "`unmix audacity stop`, then `unmix audacity run`"
        return Finding(subject, own is None, "closed: no bridge has opened it", cure)
    if any(not path.startswith(f"/proc/{own}/") or not Path(path).exists() for path in paths):
        text = "it names a bridge that is gone; effects say that Unmix is not running"
        return Finding(subject, False, text, _RUN)
    return Finding(subject, True, "open")


def _other_bridges(own: int | None) -> Iterator[int]:
    """Other processes of this user that run `unmix audacity run`."""
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            is_bridge = words[-2:] == ["audacity", "run"] and "unmix" in " ".join(words[:-2])
            if is_bridge and process.pid != own and process.uids().real == os.getuid():
                yield process.pid
        except psutil.Error:
            continue


def _unconnected(named: Path | None, pipes: Path) -> Finding:
    """Why the bridge has no Audacity, without opening the pipe: who does that takes it from the bridge."""
    subject = "connection"
    try:
        pid = find_places(named).running()
    except UnmixError:
        pid = None
    fifo = pipes / f"audacity_script_pipe.to.{os.getuid()}"
    try:
        mode = fifo.lstat().st_mode
    except OSError:
        mode = None
    if mode is not None and not stat.S_ISFIFO(mode):
        return Finding(subject, False, f"{fifo} is no pipe", f"delete {fifo}, and start Audacity again")
    if pid is None:
        left = "; its pipe's files are left over, which does no harm" if mode is not None else ""
        return Finding(subject, True, f"Audacity does not run{left}")
    if mode is None:
        return Finding(subject, False, f"Audacity (process {pid}) has made no script pipe", _INSTALL_CLOSED)
    return Finding(
        subject,
        False,
        f"Audacity (process {pid}) has a script pipe, but the bridge cannot reach it",
        "with the bridge running, close Audacity and start it again",
    )
