"""`unmix watch install`: the watcher starts at every login, as a systemd user unit or a launchd agent."""

import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from unmix_plugins.errors import NotSupported, OutputError
from unmix_plugins.watch.config.file import read_config

_UNIT = "unmix-watch.service"
_LABEL = "org.unmix.watch"
_STOP_SECONDS = 60
_QUOTED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "%": "%%"})


def install(
    config: Path, *, start: bool = True, environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """Write the service file for `config` and, with `start`, start it; yield what was done and what comes next.

    A second time it writes the same, and starts the service anew. The service sees those variables of `environment`
    that are unmix's own. Raises ConfigError, OutputError, or NotSupported where there is no such service.
    """
    read_config(config, environment)
    command = [*_program(), "watch", "--config", str(config.absolute())]
    own = {name: value for name, value in environment.items() if name.startswith("UNMIX_")}
    path = service_file(command)
    text = launchd_plist(command, own) if sys.platform == "darwin" else systemd_unit(command, own).encode()
    try:
        was_there = path.exists()
        is_same = was_there and path.read_bytes() == text
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}): check the folder.") from error
    yield f"{path} is as it was." if is_same else f"Wrote {path}"
    for step in _start_commands(path, anew=was_there):
        yield _run(step) if start else f"To start it: {shlex.join(step)}"
    yield f"To read what it says: {_log_command()}"
    if sys.platform == "linux":
        yield "To have it run while nobody is logged in: loginctl enable-linger"


def uninstall() -> Iterator[str]:
    """Stop the service and remove its file; yield what was done. Raises OutputError or NotSupported."""
    path = service_file()
    if not path.exists():
        yield f"{path} is not there; nothing to undo."
        return
    for step in _stop_commands(path):
        yield _run(step)
    try:
        path.unlink()
    except OSError as error:
        raise OutputError(f"{path} cannot be removed ({error.strerror}): check the folder.") from error
    yield f"Removed {path}"
    if sys.platform == "linux":
        yield _run(["systemctl", "--user", "daemon-reload"])


def service_file(command: list[str] | None = None) -> Path:
    """Where this system looks for services of the user. Raises NotSupported where there is no such place."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{_LABEL}.plist"
    if sys.platform == "linux":
        base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
        return Path(base) / "systemd" / "user" / _UNIT
    line = subprocess.list2cmdline(command or [*_program(), "watch", "--config", "watch.toml"])
    raise NotSupported(
        "unmix installs services on Linux and macOS only: make a task that runs at logon, with"
        f" `schtasks /Create /TN unmix-watch /SC ONLOGON /TR {subprocess.list2cmdline([line])}`."
    )


def systemd_unit(command: list[str], environment: Mapping[str, str]) -> str:
    """The unit's text: systemd.service(5), "Command lines"; the colon leaves `$` alone.

    A daemon that the watcher has started belongs to this unit as well. `KillMode=process` lets it live on, as others
    may use it.
    """
    line = " ".join(f'"{part.translate(_QUOTED)}"' for part in command)
    variables = "".join(
        f'Environment="{name}={value.translate(_QUOTED)}"\n' for name, value in sorted(environment.items())
    )
    return f"""[Unit]
Description=unmix watched folders
Wants=unmixd.service
After=unmixd.service

[Service]
ExecStart=:{line}
{variables}Restart=on-failure
RestartSec=5
TimeoutStopSec={_STOP_SECONDS}
KillMode=process

[Install]
WantedBy=default.target
"""


def launchd_plist(command: list[str], environment: Mapping[str, str]) -> bytes:
    """The agent's property list. `AbandonProcessGroup` lets a daemon live on that the watcher has started."""
    return plistlib.dumps(
        {
            "Label": _LABEL,
            "ProgramArguments": command,
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "EnvironmentVariables": dict(environment),
            "ExitTimeOut": _STOP_SECONDS,
            "AbandonProcessGroup": True,
            "StandardOutPath": str(_log_file()),
            "StandardErrorPath": str(_log_file()),
        }
    )


def _program() -> list[str]:
    """The `unmix` of this very installation."""
    beside = Path(sys.executable).with_name("unmix")
    if beside.exists():
        return [str(beside)]
    return [sys.executable, "-c", "from unmix_plugins.cli import main; main()"]


def _log_file() -> Path:
    return Path.home() / "Library" / "Logs" / "unmix-watch.log"


def _log_command() -> str:
    return f"tail -f {_log_file()}" if sys.platform == "darwin" else f"journalctl --user -u {_UNIT} -f"


def _start_commands(path: Path, *, anew: bool) -> list[list[str]]:
    if sys.platform == "darwin":
        # launchd refuses an agent that it has already.
        return [*(_stop_commands(path) if anew else []), ["launchctl", "bootstrap", _domain(), str(path)]]
    return [
        ["systemctl", "--user", "daemon-reload"],
        ["systemctl", "--user", "enable", _UNIT],
        ["systemctl", "--user", "restart", _UNIT],
    ]


def _stop_commands(path: Path) -> list[list[str]]:
    if sys.platform == "darwin":
        return [["launchctl", "bootout", _domain(), str(path)]]
    return [["systemctl", "--user", "disable", "--now", _UNIT]]


def _domain() -> str:
    return f"gui/{os.getuid()}"


def _run(command: list[str]) -> str:
    """Run a service manager's command; a failure is told, not raised, as the file is in place."""
    if shutil.which(command[0]) is None:
        return f"{command[0]} is not on this machine; run later: {shlex.join(command)}"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"{shlex.join(command)} failed ({done.stderr.strip()}); run it again once you are logged in."
    return f"Ran {shlex.join(command)}"
