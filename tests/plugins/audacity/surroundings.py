"""What the real Audacity runs in: a screen, a home and a /tmp of its own."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PROGRAM = "audacity"
MODULE = Path("/usr/lib/audacity/modules/mod-script-pipe.so")
TMP = Path("/tmp")  # noqa: S108  # there Audacity makes its pipe, and X11 its sockets
X11 = TMP / ".X11-unix"
_ENTER = """
set -e
mount --bind "$1" /etc/passwd
private=$2
shift 2
while [ "$1" != -- ]; do
    mkdir -p "$private/${1#/tmp/}"
    mount --bind "$1" "$private/${1#/tmp/}"
    shift
done
shift
mount --rbind "$private" /tmp
exec "$@"
"""
"""Puts a file in the place of /etc/passwd and a folder in that of /tmp, shows the folders before `--` in that folder,
and becomes the program after it."""


@cache
def missing() -> str:
    """Why the real program cannot be run here; empty where it can."""
    for name in (PROGRAM, "Xvfb", "xdotool", "xprop", "xwininfo", "import", "unshare"):
        if not shutil.which(name):
            return f"{name} is not installed"
    if not find_spec("tkinter"):
        return "this Python has no tkinter, which reads message boxes"
    if not MODULE.exists():
        return f"{MODULE} is not there"
    return "" if _unshare() else "this account may not give a program a /tmp of its own (unshare -m)"


@cache
def _unshare() -> tuple[str, ...]:
    """The command that gives a program mounts of its own; empty where that is not allowed."""
    for more in ((), ("--map-current-user", "--keep-caps")):
        command = ("unshare", "-m", *more)
        trial = subprocess.run([*command, "mount", "--bind", "/var", "/mnt"], capture_output=True)  # noqa: PLW1510
        if trial.returncode == 0:
            return command
    return ()


@contextmanager
def display() -> Iterator[str]:
    """A screen of its own, such as `:3`."""
    receiver, sender = os.pipe()
    with subprocess.Popen(
        ["Xvfb", "-displayfd", str(sender), "-screen", "0", "1400x1000x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[sender],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        os.close(sender)
        try:
            with os.fdopen(receiver) as lines:
                yield f":{lines.readline().strip()}"
        finally:
            server.kill()


def command(users: Path, tmp: Path, shown: Sequence[Path]) -> list[str | Path]:
    """Starts the program with a file in the place of /etc/passwd and a folder in that of /tmp, in which are `shown`."""
    return [*_unshare(), "sh", "-c", _ENTER, "sh", users, tmp, *shown, "--", PROGRAM]


def users(home: Path) -> str:
    """All users, this one with another home: Audacity does not take one from $HOME that is not ASCII."""
    others = [user for user in pwd.getpwall() if user.pw_uid != os.getuid()]
    me = pwd.struct_passwd(("tester", "x", os.getuid(), os.getgid(), "", str(home), "/bin/sh"))
    return "".join(":".join(map(str, user)) + "\n" for user in (me, *others))


def environment(home: Path, display: str) -> dict[str, str]:
    alien = ("XDG_", "UNMIX", "DBUS_", "PULSE_", "WAYLAND_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(alien)}
    return kept | {
        "HOME": str(home),
        "DISPLAY": display,
        "XDG_RUNTIME_DIR": str(home / "run"),
        "LC_ALL": "C.UTF-8",
        "NO_AT_BRIDGE": "1",
        "PULSE_SERVER": "unix:/nonexistent",  # else a sound server is started
    }
