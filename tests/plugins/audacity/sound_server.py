"""A sound server that needs no sound card, for an Audacity that plays and records."""

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from daemons import eventually

_ALSA_PLUG_IN = "*/alsa-lib/libasound_module_pcm_pulse.so"
_ALSA = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"


def missing() -> str:
    """Why there can be no sound server here; empty where there can."""
    for name in ("pulseaudio", "pactl"):
        if not shutil.which(name):
            return f"{name} is not installed"
    return "" if any(Path("/usr/lib").glob(_ALSA_PLUG_IN)) else "ALSA has no plug-in for PulseAudio here"


class SoundServer:
    """PulseAudio with a source and a sink of silence; a context manager."""

    def __init__(self, home: Path) -> None:
        """Keep everything in `home`."""
        self._home = home
        self._socket = home / "native"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """For programs that are to use it."""
        return {"PULSE_SERVER": f"unix:{self._socket}"}

    def take_in(self, home: Path) -> None:
        """Make ALSA use it for programs with this home."""
        (home / ".asoundrc").write_text(_ALSA)

    def streams(self, kind: str) -> list[str]:
        """What plays ("sink-inputs") or records ("source-outputs")."""
        command = ["pactl", "list", "short", kind]
        environment = os.environ | self.environment
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        ).stdout.splitlines()

    def __enter__(self) -> Self:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "XDG_RUNTIME_DIR": str(self._home),
        }
        modules = ["module-null-sink", f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"]
        options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["pulseaudio", *options, *(f"--load={module}" for module in modules)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        eventually(self._socket.exists)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process
        self._process.kill()
        self._process.wait()
