"""A home of its own for everything that looks for Audacity's folders."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from plugins.audacity.homes import Home


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path_factory.mktemp("home"))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "AUDACITY_MODULES_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(made.folder))
    monkeypatch.setattr("unmix_plugins.audacity.program.places.LIBRARIES", (made.folder / "usr/lib",))
    monkeypatch.setenv("PATH", f"{made.program.parent}:/usr/games")  # without the Audacity of this machine
    return made


@pytest.fixture
def start_sleeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., int]]:
    """Start something that does nothing, under these words (audacity) and with this home."""
    program = tmp_path_factory.mktemp("bin") / "audacity"
    program.write_bytes(Path("/bin/sh").read_bytes())
    program.chmod(0o755)
    started: list[subprocess.Popen[bytes]] = []

    def start(its_home: Path, *words: str) -> int:
        script = ["-c", "read never", *words]
        command = [program, *script]
        started.append(subprocess.Popen(command, env={"HOME": str(its_home)}, stdin=subprocess.PIPE))
        return started[-1].pid

    yield start
    for process in started:
        process.kill()
        process.wait()
