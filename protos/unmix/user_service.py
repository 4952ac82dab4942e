"""A program that starts at every login of its user: a systemd user unit on Linux, a launchd agent on macOS."""

import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_QUOTED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "%": "%%"})


class ServiceError(Exception):
    """The service's file cannot be written or removed; the message says which and why."""


class NoServicesError(ServiceError):
    """This system is neither Linux nor macOS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserService:
    """What runs, and how the system's service manager is to treat it."""

    unit: str
    """Its name for systemd, without `.service`."""
    label: str
    """Its name for launchd."""
    description: str
    command: Sequence[str]
    """A program by its absolute path, and its arguments."""
    environment: Mapping[str, str]
    stop_seconds: int
    """How long it may take to end before it is killed."""
    after: str = ""
    """Another unit that is to be there first, where it is installed."""
    unit_options: Sequence[str] = ()
    """More lines of the unit's [Service]: systemd.service(5), systemd.kill(5)."""
    agent_options: Mapping[str, object] = field(default_factory=dict[str, object])
    """More keys of the agent: launchd.plist(5)."""

    def file(self) -> Path:
        """Where this system looks for services of the user. Raises NoServicesError where there is no such place."""
        if sys.platform == "darwin":
            return Path.home() / "Library" / "LaunchAgents" / f"{self.label}.plist"
        if sys.platform == "linux":
            base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
            return Path(base) / "systemd" / "user" / f"{self.unit}.service"
        raise NoServicesError("Services are installed on Linux and macOS only.")

    def install(self, *, start: bool) -> Iterator[str]:
        """Write the file and, with `start`, start the service, or start it anew; yield what was done.

        Raises ServiceError.
        """
        path = self.file()
        text = self.launchd_plist() if sys.platform == "darwin" else self.systemd_unit().encode()
        try:
            was_there = path.exists()
            is_same = was_there and path.read_bytes() == text
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        except OSError as error:
            raise ServiceError(f"{path} cannot be written ({error.strerror}): check the folder.") from error
        yield f"{path} is as it was." if is_same else f"Wrote {path}"
        for step in self._start_commands(path, anew=was_there):
            yield _run(step) if start else f"To start it: {shlex.join(step)}"

    def uninstall(self) -> Iterator[str]:
        """Stop the service and remove its file; yield what was done. Raises ServiceError."""
        path = self.file()
        if not path.exists():
            yield f"{path} is not there; nothing to undo."
            return
        for step in self._stop_commands(path):
            yield _run(step)
        try:
            path.unlink()
        except OSError as error:
            raise ServiceError(f"{path} cannot be removed ({error.strerror}): check the folder.") from error
        yield f"Removed {path}"
        if sys.platform == "linux":
            yield _run(["systemctl", "--user", "daemon-reload"])

    def log_file(self) -> Path:
        """Where launchd puts what the program says; systemd has its journal."""
        return Path.home() / "Library" / "Logs" / f"{self.unit}.log"

    def log_command(self) -> str:
        """What shows what the program says."""
        if sys.platform == "darwin":
            return f"tail -f {self.log_file()}"
        return f"journalctl --user -u {self.unit}.service -f"

    def systemd_unit(self) -> str:
        """The unit's text: systemd.service(5), "Command lines".

        Doubling `$` would not do, as the first word is taken as it is: the colon in front (since systemd 244) has
        systemd leave all of them alone. No quoting makes it accept quotes and backslashes in the first word.
        """
        line = " ".join(f'"{part.translate(_QUOTED)}"' for part in self.command)
        variables = [
            f'Environment="{name}={value.translate(_QUOTED)}"'
            for name, value in sorted(self.environment.items())
        ]
        order = [f"Wants={self.after}", f"After={self.after}"] if self.after else []
        lines = [
            "[Unit]",
            f"Description={self.description}",
            *order,
            "",
            "[Service]",
            f"ExecStart=:{line}",
            *variables,
            "Restart=on-failure",
            *self.unit_options,
            f"TimeoutStopSec={self.stop_seconds}",
            "",
            "[Install]",
            "WantedBy=default.target",
            "",
        ]
        return "\n".join(lines)

    def launchd_plist(self) -> bytes:
        """The agent's property list."""
        return plistlib.dumps(
            {
                "Label": self.label,
                "ProgramArguments": list(self.command),
                "RunAtLoad": True,
                "KeepAlive": {"SuccessfulExit": False},
                "EnvironmentVariables": dict(self.environment),
                "ExitTimeOut": self.stop_seconds,
                "StandardOutPath": str(self.log_file()),
                "StandardErrorPath": str(self.log_file()),
                **self.agent_options,
            }
        )

    def _start_commands(self, path: Path, *, anew: bool) -> list[list[str]]:
        if sys.platform == "darwin":
            # launchd refuses an agent that it has already.
            return [
                *(self._stop_commands(path) if anew else []),
                ["launchctl", "bootstrap", _domain(), str(path)],
            ]
        unit = f"{self.unit}.service"
        return [
            ["systemctl", "--user", "daemon-reload"],
            ["systemctl", "--user", "enable", unit],
            ["systemctl", "--user", "restart", unit],
        ]

    def _stop_commands(self, path: Path) -> list[list[str]]:
        if sys.platform == "darwin":
            return [["launchctl", "bootout", _domain(), str(path)]]
        return [["systemctl", "--user", "disable", "--now", f"{self.unit}.service"]]


def own_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Those variables that are unmix's own: what a service sees of the shell that installs it.

    Not the token: others can read a service's file, and the next daemon has another one.
    """
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(("UNMIX_", "UNMIXD_")) and name != "UNMIX_TOKEN"
    }


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
