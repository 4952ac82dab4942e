"""The bridge as a process of its own, for tests with the real Audacity, and what the daemon itself makes of samples."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import soundfile
from daemons import eventually
from unmix.words import Options, Task
from unmix_plugins.audacity.bridge.control import BridgeAbsent, ask
from unmix_plugins.audacity.installation.install import EFFECTS
from unmix_plugins.client import Client

_RUN = """
import sys
from pathlib import Path
from unmix_plugins.audacity.bridge import answers
from unmix_plugins.audacity.bridge.app import run
answers.LONG = float(sys.argv[3])
answers.PATIENCE = max(answers.PATIENCE, answers.LONG)
sys.exit(run(Path(sys.argv[1]), pipes=Path(sys.argv[2])))
"""


class Bridge:
    """A bridge for one Audacity; started by `with`, ended at its end."""

    def __init__(
        self,
        state: Path,
        pipes: Path,
        *,
        long: float = 4.0,
        environment: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> None:
        """`pipes`: where Audacity's script pipe is. Work is late that takes, or is expected to take, `long` seconds.

        It shows its window if the `environment` names a display; `within` is a command that runs it elsewhere.
        """
        self.state = state
        self.folder = state / "audacity"
        self._pipes = pipes
        self._long = long
        self._environment = environment or {}
        self._within = within
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start it and wait until it is connected with Audacity."""
        self.state.mkdir(parents=True, exist_ok=True)
        displays = {"DISPLAY", "WAYLAND_DISPLAY"}
        environment = {key: value for key, value in os.environ.items() if key not in displays}
        with (self.state / "bridge.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._within,
                    sys.executable,
                    "-c",
                    _RUN,
                    str(self.state),
                    str(self._pipes),
                    str(self._long),
                ],
                env=environment | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            eventually(self._is_connected)
        except AssertionError:
            self._process.kill()
            self._process.wait()
            raise
        return self

    def _is_connected(self) -> bool:
        assert self._process
        assert self._process.poll() is None, self.log()
        return self.status().get("audacity", {}).get("connected", False)

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def status(self) -> Mapping[str, Any]:
        """What it says of itself; nothing while it does not answer."""
        try:
            return list(self.ask(do="status"))[-1]
        except BridgeAbsent:
            return {}

    def is_idle(self) -> bool:
        """Whether it runs, and has nothing to do."""
        said = self.status()
        return bool(said) and not said.get("jobs")

    def jobs(self) -> list[Mapping[str, Any]]:
        """What `unmix audacity status` lists."""
        return self.status().get("jobs", [])

    def ask(self, **request: object) -> Iterator[Mapping[str, Any]]:
        """The events of an answer."""
        yield from ask(self.folder, request)

    def kill(self) -> None:
        """As `kill -9`."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """As `unmix audacity stop`; one that does not end is killed, and fails the test."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
                raise

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        assert self._process
        return self._process.wait(60)

    def log(self) -> str:
        return (self.state / "bridge.log").read_text("utf-8", "replace")


def install_effects(plug_ins: Path, state: Path) -> None:
    """The effects as `unmix audacity install` puts them, for a bridge of `state`."""
    plug_ins.mkdir(parents=True, exist_ok=True)
    for effect in EFFECTS.iterdir():
        (plug_ins / effect.name).write_bytes(effect.read_bytes())
    folder = state / "audacity"
    (plug_ins / "unmix-folder.lsp").write_text(f'(setf *unmix-folder* "{folder}/")\n', "utf-8")


def of_the_daemon(
    client: Client, samples: np.ndarray, sample_rate: int, task: Task, folder: Path
) -> dict[str, np.ndarray]:
    """What the daemon's own call gives for samples (frames,) or (frames, 2): stem → samples of the same shape."""
    source = folder / "of-the-daemon.wav"
    soundfile.write(source, samples, sample_rate, subtype="FLOAT")
    made: dict[str, Path] = {}

    def target(output: Any) -> Path:
        made[output.name] = folder / f"of-the-daemon.{output.name}.wav"
        return made[output.name]

    client.process(source, target, task, Options(format="wav", depth="f32"), overwrite=True)
    return {stem: soundfile.read(path, dtype="float32")[0] for stem, path in made.items()}
