"""The entry that starts the bridge at every login to the desktop, where its window can be shown.

An entry of the desktop's own (XDG autostart), not a systemd unit: a unit of the user knows of no screen before the
desktop tells it, and not every desktop does.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from unmix.user_service import own_variables

_LABEL = "org.unmix.audacity"
_QUOTED = str.maketrans({letter: f"\\{letter}" for letter in '"`$\\'})


def autostart_file(environment: Mapping[str, str], home: Path) -> Path:
    """Where this desktop looks for what to start at login."""
    return Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "autostart" / f"{_LABEL}.desktop"


def autostart_entry(command: Sequence[str], environment: Mapping[str, str] = os.environ) -> bytes:
    """The entry that runs `command`, a program by its absolute path and its arguments.

    It sees those variables of `environment` that are unmix's own.
    """
    own = sorted(own_variables(environment).items())
    words = [*(["env", *(f"{name}={value}" for name, value in own)] if own else []), *command]
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
