"""Files called as standard modules lie in the current folder, at home, beside recordings and in the state folder."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import sounds
from daemons import eventually, processes_of
from protos.test_children import set_traps, sprung
from unmix.locations import read_endpoint

BESIDE = Path(sys.executable).parent


class Home:
    """Where somebody works who was sent a folder."""

    def __init__(self, folder: Path) -> None:
        self.place = set_traps(folder / "place")
        self.state = set_traps(self.place / "state")
        sounds.write(self.place / "talk.wav", sounds.voice(1.0), 48000)
        inherited = {
            key: value for key, value in os.environ.items() if not key.startswith(("UNMIX_", "UNMIXD_"))
        }
        self.environment = inherited | {
            "HOME": str(self.place),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if Path(path).is_absolute()),
            "UNMIX_STATE": str(self.state),
            "UNMIX_WEIGHTS": str(set_traps(self.place / "weights")),
            "UNMIXD_LISTEN": "127.0.0.1:0",
            "UNMIXD_BUNDLED_MODELS": "false",
        }

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(BESIDE / words[0]), *words[1:]],
            cwd=self.place,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def has_sprung(self) -> bool:
        return any(sprung(folder) for folder in (self.place, self.state, self.place / "weights"))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    if not (BESIDE / "unmix").exists():
        pytest.skip("needs the installed commands")
    made = Home(tmp_path)
    yield made
    for process in processes_of(made.state):
        with suppress(psutil.Error):
            process.kill()


@pytest.mark.long
def test_nothing_of_them_is_run_by_a_daemon_that_a_command_starts(home: Home) -> None:
    done = home.run("unmix", "denoise", "talk.wav", "--model", "rnnoise")
    assert done.returncode == 0, done.stderr
    assert (home.place / "talk.clean.wav").exists()
    (home.place / "network").mkdir()
    (home.place / "network" / "a.th").write_bytes(b"no checkpoint")
    refused = home.run("unmix", "models", "import", "mine", "network")
    assert "no checkpoint that unmix can read" in refused.stderr
    (home.place / "in").mkdir()
    sounds.write(set_traps(home.place / "in") / "more.wav", sounds.voice(1.0), 48000)
    watched = home.run("unmix", "watch", "in", "out", "--once")
    assert watched.returncode == 0, watched.stderr
    assert home.run("unmix", "doctor").stdout.startswith("✓ versions")
    assert home.run("unmix", "stop").returncode == 0
    assert not home.has_sprung()
    assert not sprung(home.place / "in")


@pytest.mark.long
def test_nothing_of_them_is_run_by_a_daemon_that_is_started_beside_them(home: Home) -> None:
    with (home.state / "said").open("wb") as said:
        daemon = subprocess.Popen(
            [str(BESIDE / "unmixd"), "run"], cwd=home.place, env=home.environment, stdout=said, stderr=said
        )
    try:
        eventually(lambda: read_endpoint(home.state))
        done = home.run("unmix", "denoise", "talk.wav", "--model", "rnnoise")
        assert done.returncode == 0, done.stderr + (home.state / "said").read_text()
    finally:
        daemon.terminate()
        daemon.wait()
    assert not home.has_sprung()
