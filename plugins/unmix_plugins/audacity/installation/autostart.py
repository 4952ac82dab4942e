"""The entry that starts the bridge at every login to the desktop, where its window can be shown.

An entry of the desktop's own (XDG autostart), not a systemd unit: a unit of the user knows of no screen before the
desktop tells it, and not every desktop does. The forms for macOS and Windows are untested.
"""

import os
import plistlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_LABEL = "org.unmix.audacity"
_QUOTED = str.maketrans({letter: f"\\{letter}" for letter in '"`$\\'})
_SECRET = "UNMIX_TOKEN"  # noqa: S105  # a variable's name; the entry can be read by others, the state folder's token cannot


def autostart_file(environment: Mapping[str, str], home: Path, system: str = sys.platform) -> Path:
    """Where this desktop looks for what to start at login."""
    if system == "darwin":
        return home / "Library" / "LaunchAgents" / f"{_LABEL}.plist"
    if system == "win32":
        roaming = Path(environment.get("APPDATA") or home / "AppData" / "Roaming")
        return (
            roaming / "Microsoft" / "Windows" / "Start Menu" / "Programs" / "Startup" / "unmix-audacity.vbs"
        )
    return Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "autostart" / f"{_LABEL}.desktop"


def autostart_entry(
    command: Sequence[str], environment: Mapping[str, str] = os.environ, system: str = sys.platform
) -> bytes:
    """The entry that runs `command`, a program by its absolute path and its arguments.

    It sees those variables of `environment` that are unmix's own.
    """
    own = {
        name: value
        for name, value in sorted(environment.items())
        if name.startswith("UNMIX_") and name != _SECRET
    }
    if system == "darwin":
        return _launchd(command, own)
    if system == "win32":
        return _startup_script(command, own)
    words = [*(["env", *(f"{name}={value}" for name, value in own.items())] if own else []), *command]
    return f"""[Desktop Entry]
Type=Application
Version=1.0
Name=Unmix for Audacity
Comment=Answers the Unmix effects in Audacity's menu
Exec={_exec_line(words)}
Terminal=false
NoDisplay=true
""".encode()


def _exec_line(words: Sequence[str]) -> str:
    """The value of Exec: arguments are quoted first, then the whole as any string of the file (Desktop Entry 1.5)."""
    quoted = " ".join(f'"{word.translate(_QUOTED).replace("%", "%%")}"' for word in words)
    return quoted.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def _launchd(command: Sequence[str], own: Mapping[str, str]) -> bytes:
    return plistlib.dumps(
        {
            "Label": _LABEL,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "EnvironmentVariables": dict(own),
            "LimitLoadToSessionType": "Aqua",
        }
    )


def _startup_script(command: Sequence[str], own: Mapping[str, str]) -> bytes:
    """VBScript, since a batch file would leave a console window open; UTF-16, which is what it reads besides ANSI."""
    lines = ['Set shell = CreateObject("WScript.Shell")']
    lines += [
        f'shell.Environment("PROCESS")({_basic(name)}) = {_basic(value)}' for name, value in own.items()
    ]
    lines.append(f"shell.Run {_basic(subprocess.list2cmdline(command))}, 0, False")
    return "\r\n".join([*lines, ""]).encode("utf-16")


def _basic(text: str) -> str:
    """A string of Visual Basic."""
    return '"' + text.replace('"', '""') + '"'
