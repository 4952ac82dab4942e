"""Is everything here that unmix needs? Each finding says what was seen and, where it is wrong, the cure."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unmix.database import BESIDE
from unmix.locations import (
    CERTIFICATE,
    DATABASE,
    ENDPOINT,
    JOBS,
    LOG,
    SOCKET,
    TOKEN,
    read_endpoint,
    state_folder,
)
from unmix.ownership import ELSEWHERE, Untrusted, judge_folder, judge_secret, judge_socket
from unmix.words import DaemonStatus, DenoiseTask, LeftOutModel, Model, SeparateTask

from unmix_plugins.client import Client
from unmix_plugins.errors import AccessRefused, DaemonSilent, DaemonUnreachable, UnmixError
from unmix_plugins.version import version

_ADVISED = ((DenoiseTask().kind, "deepfilternet3"), (SeparateTask().kind, "htdemucs"))
"""What to pull for each task of which nothing good is here; the first is what everybody needs."""
_PACKAGES = ("unmix", "grpcio", "protobuf")
_ENOUGH_BYTES = 1_000_000_000
"""Room for an hour of stereo and its result, as 16 bits."""
_ERROR_LINE = re.compile(r"(ERROR|CRITICAL|Error|Exception)\b")
_TAIL_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    text: str
    cure: str = ""
    """What to do; empty when nothing is wrong or nothing needs doing."""


_AT_REST = Finding(
    "daemon",
    True,
    "none runs; whatever needs one starts it",
    "to have its devices and models looked at: `unmix start`, then again",
)


def check(state: Path, connect: Callable[[], Client]) -> Iterator[Finding]:
    """Look at everything, one after the other; `connect` may raise UnmixError."""
    yield _versions()
    yield _state_folder(state)
    try:
        with connect() as client:
            daemon = client.status()
            models, left_out = client.models.look()
    except UnmixError as error:
        yield _token(state)
        yield from _owners(state)
        is_at_rest = _is_at_rest(state, error)
        # What is refused, or silent, says itself what to do.
        says_it = isinstance(error, AccessRefused | DaemonSilent)
        cure = "" if says_it else f"see {state / LOG}, then `unmix start`"
        yield _AT_REST if is_at_rest else Finding("daemon", False, str(error), cure)
        yield _log(state, answers=is_at_rest)
        return
    yield _token(state)
    yield from _owners(state)
    yield _daemon(daemon)
    yield from _devices(daemon)
    yield _models(models)
    yield from map(_left_out, left_out)
    yield _log(state, answers=True)


def check_for_editor(connect: Callable[[], Client]) -> Iterator[Finding]:
    """What an editor's own check-up says of the daemon; `connect` may raise UnmixError."""
    try:
        with connect() as client:
            daemon, models = client.status(), client.models.list()
    except UnmixError as error:
        is_at_rest = _is_at_rest(state_folder(), error)
        yield _AT_REST if is_at_rest else Finding("daemon", False, str(error), "`unmix doctor`")
        return
    if daemon.version != version():
        text = f"it is unmixd {daemon.version}, this is unmix {version()}"
        yield Finding("daemon", False, text, "`unmix stop`, then `unmix start`")
    else:
        yield Finding("daemon", True, f"unmixd {daemon.version} at {' and '.join(daemon.addresses)}")
    for kind, advised in _ADVISED:
        here = [
            model.name
            for model in models
            if model.installed and model.task == kind and model.quality == "high"
        ]
        text = ", ".join(here) or "none of high quality is installed"
        # Who only denoises needs no other model; what is used without one says so, too.
        ok = bool(here) or kind != _ADVISED[0][0]
        yield Finding(f"models to {kind}", ok, text, "" if here else f"`unmix models pull {advised}`")


def _is_at_rest(state: Path, error: UnmixError) -> bool:
    """No daemon runs, and none is missing: the last one has ended as it should."""
    if os.environ.get("UNMIX_ADDRESS") or isinstance(error, DaemonSilent):
        return False
    return isinstance(error, DaemonUnreachable) and read_endpoint(state) is None


def _versions() -> Finding:
    packages = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    text = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {packages}"
    ok = (3, 11) <= sys.version_info < (3, 14)
    return Finding("versions", ok, text, "" if ok else "install unmix with Python 3.11, 3.12 or 3.13")


def _state_folder(state: Path) -> Finding:
    try:
        judge_folder(state)
        free = shutil.disk_usage(state).free
    except Untrusted as error:
        return Finding("state folder", False, error.fault, error.cure)
    except FileNotFoundError:
        return Finding(
            "state folder", True, f"{state} is not there yet: the daemon makes it at its first start"
        )
    except OSError as error:
        return Finding("state folder", False, f"{state}: {error.strerror}", ELSEWHERE)
    if not os.access(state, os.W_OK):
        return Finding("state folder", False, f"{state} is read-only", ELSEWHERE)
    text = f"{state}, {free / 1e9:.1f} GB free"
    if free < _ENOUGH_BYTES:
        return Finding("state folder", False, text, "make room: uploads and results are kept there")
    return Finding("state folder", True, text)


def _token(state: Path) -> Finding:
    path = state / TOKEN
    try:
        judge_secret(path)
    except Untrusted as error:
        return Finding("token", False, error.fault, error.cure)
    except FileNotFoundError:
        return Finding("token", True, "none yet: the daemon makes it at its first start")
    except OSError as error:
        return Finding("token", False, f"{path} cannot be looked at ({error.strerror})", ELSEWHERE)
    return Finding("token", True, f"{path}, readable by its owner only")


def _owners(state: Path) -> Iterator[Finding]:
    """What else lies in the state folder and is nobody else's business."""
    faults: list[Untrusted] = []
    beside = (f"{DATABASE}{end}" for end in ("", *BESIDE))
    for judge, name in (
        *((judge_secret, name) for name in (ENDPOINT, CERTIFICATE, *beside)),
        (judge_folder, JOBS),
        (judge_socket, SOCKET),
    ):
        try:
            judge(state / name)
        except Untrusted as error:
            faults.append(error)
        except FileNotFoundError:
            continue
        except OSError as error:
            faults.append(Untrusted(f"{state / name} cannot be looked at ({error.strerror})", ELSEWHERE))
            break
    if not faults:
        yield Finding("owners", True, f"what lies in {state} is yours alone")
    for fault in faults:
        yield Finding("owners", False, fault.fault, fault.cure)


def _daemon(daemon: DaemonStatus) -> Finding:
    text = f"unmixd {daemon.version}, process {daemon.pid}, at {' and '.join(daemon.addresses)}"
    own = version()
    if daemon.version != own:
        return Finding("daemon", False, f"{text}; this is unmix {own}", "`unmix stop`, then `unmix start`")
    return Finding("daemon", True, text)


def _devices(daemon: DaemonStatus) -> Iterator[Finding]:
    for device in daemon.devices:
        text = (
            f"{device.name}: {device.description if device.available else f'not available, {device.reason}'}"
        )
        if device.crashes:
            text += f"; its worker died {device.crashes} times"
        cure = "see the log" if device.crashes else ""
        if device.stalled_seconds:
            text += f"; its worker has made no step for {device.stalled_seconds:.0f} s"
            cure = "wait: it is replaced if that lasts, and its jobs go on"
        yield Finding("device", not cure, text, cure)
    if not any(device.available for device in daemon.devices):
        yield Finding("device", False, "no device can compute", "see the log, and install unmix again")


def _models(models: tuple[Model, ...]) -> Finding:
    here = [model for model in models if model.installed]
    needed, advised = _ADVISED[0]
    if not any(model.task == needed for model in here):
        return Finding(
            "models", False, "no model for denoising is installed", f"`unmix models pull {advised}`"
        )
    return Finding("models", True, f"installed: {', '.join(model.name for model in here)}")


def _left_out(model: LeftOutModel) -> Finding:
    text = f"{model.name} is left out: {model.reason}"
    return Finding("model", False, text, f"`unmix models remove {model.name}`")


def _log(state: Path, *, answers: bool) -> Finding:
    """The log's last error: a problem only while the daemon does not answer, for it may be long past."""
    path = state / LOG
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return Finding("log", True, "none yet")
    errors = [line.strip() for line in lines if _ERROR_LINE.search(line)]
    if not errors:
        return Finding("log", True, f"{path} tells of no error")
    return Finding("log", answers, f"its last error is “{errors[-1]}”", "" if answers else f"see {path}")
