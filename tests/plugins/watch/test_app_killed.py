"""The whole watcher when it is killed, when its daemon is, and when its target cannot be written."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from daemons import Daemon, eventually
from plugins.watch import hindered, killed
from plugins.watch.bench import watch_config, watching
from plugins.watch.folders import files, put, watched
from support import importing
from unmix_plugins.client import Client
from unmix_plugins.watch.notify.report import Finished, GivenUp


@pytest.mark.long
@pytest.mark.parametrize(
    ("policy", "what", "step", "outputs"),
    [
        ("move", "denoise", 1100, ["sub/good {}.wav"]),
        ("keep", "stems", 2000, ["sub/good {}/no_vocals.wav", "sub/good {}/vocals.wav"]),
    ],
)
def test_kill_9_at_any_line_leaves_every_file_once_and_nothing_else(
    tmp_path: Path, is_full_soak: bool, policy: str, what: str, step: int, outputs: list[str]
) -> None:
    step = 7 if is_full_soak else step
    with Daemon(tmp_path / "state") as daemon:
        command = [sys.executable, "-m", killed.__name__, str(tmp_path), str(step), policy, what]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=3600, check=False, env=importing()
        )
        assert done.returncode == 0, done.stderr
        turns = range(int(done.stdout) + 1)
        assert len(turns) > 1
        wanted = [output.format(turn) for turn in turns for output in outputs]
        wanted += [f"_failed/bad {turn}.wav{end}" for turn in turns for end in ("", ".reason.txt")]
        assert files(tmp_path / "out") == sorted(wanted)
        sources = [f"sub/good {turn}.wav" for turn in turns]
        if policy == "move":
            assert files(tmp_path / "moved") == sorted(sources)
            assert files(tmp_path / "in") == []
        else:
            assert files(tmp_path / "in") == sorted([*sources, *(f"bad {turn}.wav" for turn in turns)])
        with daemon.client() as client:
            assert list(client.jobs.list()) == []
        assert daemon.files() == []


@pytest.mark.long
def test_a_daemon_that_is_killed_and_comes_back_is_waited_for(tmp_path: Path) -> None:
    for number in range(6):
        put(tmp_path, f"{number}.wav", seconds=1, seed=number)

    with Daemon(tmp_path / "state") as daemon:

        def connect(name: str) -> Client:
            return Client.connect(daemon.state, client_name=name, start=False)

        tokens = {(daemon.state / "token").read_text()}
        with watching(watch_config(tmp_path, watched(tmp_path)), connect) as (_, reports):
            for number in (1, 3):
                eventually(
                    lambda number=number: len([r for r in reports if isinstance(r, Finished)]) >= number
                )
                daemon.kill()
                daemon.start()
                tokens.add((daemon.state / "token").read_text())
            eventually(lambda: len([r for r in reports if isinstance(r, Finished)]) == 6)
            assert not [r for r in reports if isinstance(r, GivenUp)]
        assert len(tokens) == 3  # the watcher had to read it again
        assert len(files(tmp_path / "out")) == 6
        with daemon.client() as client:
            eventually(lambda: list(client.jobs.list()) == [])


@pytest.mark.long
def test_a_target_that_cannot_be_written_is_waited_for_and_nothing_is_written_elsewhere(
    tmp_path: Path,
) -> None:
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*namespace, "true"], check=False).returncode:
        pytest.skip("needs unshare(1) and the right to make a namespace")
    command = [*namespace, sys.executable, "-m", hindered.__name__, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False, env=importing())
    assert done.returncode == 0, done.stderr
    full, unmounted, read_only = (tmp_path / name / "out" for name in ("full", "unmounted", "read_only"))
    assert json.loads(done.stdout) == {
        "full": {
            "waits": [f"The disk of {full} is full: make room there, and unmix goes on."],
            "meanwhile": [".filler", "first.wav"],
            "after": ["first.wav", "second.wav"],
        },
        "unmounted": {
            "waits": [f"{unmounted}, the disk of {unmounted}, is not mounted: unmix waits until it is back."],
            "meanwhile": [],
            "after": ["second.wav"],
        },
        "read_only": {
            "waits": [
                f"{read_only} cannot be written (Read-only file system): give this user the right to write there."
            ],
            "meanwhile": ["first.wav"],
            "after": ["first.wav", "second.wav"],
        },
    }
    for below in (full, unmounted, read_only):  # the empty folders that were mounted on
        assert list(below.iterdir()) == []
