"""How every process of ours is started, so that no code runs in it but this installation's.

`python -m` puts the folder that it is started in before Python's own library: a `queue.py` beside somebody's recordings
would be run. So a child gets `-P` (sys.flags.safe_path), and an environment in which nothing that Python is looked for
in depends on a folder; where it works is said as well: in `FOLDER`, or in the state folder.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(sys.executable).anchor or os.sep
"""Where children work that need no folder: the root, in which a user writes nothing and which is never unmounted."""

_WHERE_PYTHON_LOOKS = ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE")
"""Lists of folders; an empty entry of the first means the current one (https://docs.python.org/3/using/cmdline.html)."""


def command(module: str, *arguments: object) -> list[str]:
    """The argument list that runs a module of this installation."""
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


def program(name: str, module: str) -> tuple[str, ...]:
    """The argument list that runs a program of this installation from anywhere: its script, or what that does."""
    script = Path(sys.executable).with_name(f"{name}.exe" if os.name == "nt" else name)
    if script.is_file():
        return (str(script),)
    return (sys.executable, "-P", "-c", f"from {module} import main; main()")


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a child sees: this process's environment with `changes`, and folders for Python only if absolute."""
    seen = {**os.environ, **(changes or {})}
    for name in _WHERE_PYTHON_LOOKS:
        folders = [folder for folder in seen.pop(name, "").split(os.pathsep) if Path(folder).is_absolute()]
        if folders:
            seen[name] = os.pathsep.join(folders)
    return seen
