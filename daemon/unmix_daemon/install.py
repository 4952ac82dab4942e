"""`unmixd install`: a systemd user unit on Linux, a launchd agent on macOS."""

import math
import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from unmix.locations import GAVE_WAY

_UNIT = "unmixd.service"
_LABEL = "org.unmix.unmixd"
_SPARE_SECONDS = 15
_NOTHING: Mapping[str, str] = MappingProxyType({})
_QUOTED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "%": "%%"})


class InstallError(Exception):
    """The service cannot be installed; the message says what to do."""


def install(
    config: Path | None, *, start: bool, drain: float = 30.0, environment: Mapping[str, str] = _NOTHING
) -> Iterator[str]:
    """Write the service file and, with `start`, start it; yield what was done.

    `drain` is the setting of this name: the service manager must wait longer. The service sees those variables of
    `environment` that are unmix's own. Raises InstallError.
    """
    own = {name: value for name, value in environment.items() if name.startswith(("UNMIX_", "UNMIXD_"))}
    seconds = math.ceil(drain) + _SPARE_SECONDS
    command = [sys.executable, "-m", "unmix_daemon", "run"]
    if config:
        command += ["--config", str(config.resolve())]
    path = service_file()
    if sys.platform == "darwin":
        text = launchd_plist(command, own, seconds)
    else:
        text = systemd_unit(command, own, seconds).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    except OSError as error:
        raise InstallError(f"{path} cannot be written: {error.strerror}.") from error
    yield f"Wrote {path}"
    for step in _start_commands(path):
        if start:
            yield _run(step)
        else:
            yield f"To start it: {shlex.join(step)}"


def uninstall() -> Iterator[str]:
    """Stop the service and remove its file; yield what was done. Raises InstallError."""
    path = service_file()
    if not path.exists():
        yield f"{path} is not there; nothing to undo."
        return
    for step in _stop_commands(path):
        yield _run(step)
    try:
        path.unlink()
    except OSError as error:
        raise InstallError(f"{path} cannot be removed: {error.strerror}.") from error
    yield f"Removed {path}"


def service_file() -> Path:
    """Where this system looks for services of the user. Raises InstallError where there is no such place."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{_LABEL}.plist"
    if sys.platform == "linux":
        base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
        return Path(base) / "systemd" / "user" / _UNIT
    raise InstallError("Services are installed on Linux and macOS only; start `unmixd run` at login instead.")


def systemd_unit(command: list[str], environment: Mapping[str, str] = _NOTHING, seconds: int = 45) -> str:
    """The unit's text: systemd.service(5), "Command lines".

    Doubling `$` would not do, as the first word is taken as it is: the colon in front (since systemd 244) has
    systemd leave all of them alone. No quoting makes it accept quotes and backslashes in the first word.
    """
    line = " ".join(f'"{part.translate(_QUOTED)}"' for part in command)
    variables = "".join(
        f'Environment="{name}={value.translate(_QUOTED)}"\n' for name, value in sorted(environment.items())
    )
    return f"""[Unit]
Description=unmix audio daemon

[Service]
ExecStart=:{line}
{variables}Restart=on-failure
RestartPreventExitStatus={GAVE_WAY}
RestartSec=1
TimeoutStopSec={seconds}
KillMode=mixed

[Install]
WantedBy=default.target
"""


def launchd_plist(command: list[str], environment: Mapping[str, str] = _NOTHING, seconds: int = 45) -> bytes:
    """The agent's property list."""
    logs = Path.home() / "Library" / "Logs" / "unmixd.log"
    return plistlib.dumps(
        {
            "Label": _LABEL,
            "ProgramArguments": command,
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "EnvironmentVariables": dict(environment),
            "ExitTimeOut": seconds,
            "StandardErrorPath": str(logs),
        }
    )


def _start_commands(path: Path) -> list[list[str]]:
    if sys.platform == "darwin":
        return [["launchctl", "bootstrap", f"gui/{os.getuid()}", str(path)]]
    return [["systemctl", "--user", "daemon-reload"], ["systemctl", "--user", "enable", "--now", _UNIT]]


def _stop_commands(path: Path) -> list[list[str]]:
    if sys.platform == "darwin":
        return [["launchctl", "bootout", f"gui/{os.getuid()}", str(path)]]
    return [["systemctl", "--user", "disable", "--now", _UNIT]]


def _run(command: list[str]) -> str:
    """Run a service manager's command; a failure is told, not raised, as the file is in place."""
    if shutil.which(command[0]) is None:
        return f"{command[0]} is not on this machine; run later: {shlex.join(command)}"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"{shlex.join(command)} failed ({done.stderr.strip()}); run it again once you are logged in."
    return f"Ran {shlex.join(command)}"
