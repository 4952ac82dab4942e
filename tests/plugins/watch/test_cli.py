import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sounds
from daemons import Daemon, eventually
from typer.testing import CliRunner, Result
from unmix_plugins.cli._main import app
from unmix_plugins.cli.watch.config import ledger_of
from unmix_plugins.watch.ledger.lock import lock_ledger
from unmix_plugins.watch.ledger.store import Ledger

COMMAND = [sys.executable, "-c", "from unmix_plugins.cli import main; main()"]


def unmix(*arguments: object) -> Result:
    """For what ends at once and watches nothing."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def watch(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [*COMMAND, "watch", *map(str, arguments), "--settle", "0.1"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def unmixd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("unmixd")) as daemon:
        yield daemon


@pytest.fixture(autouse=True)
def surroundings(state: Path, unmixd: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module's daemon, in place of the folder that other tests have for each."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("UNMIX_STATE", str(unmixd.state))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A watched folder with one good file and one that is none."""
    folder = tmp_path / "in"
    folder.mkdir()
    sounds.write(folder / "talk.wav", sounds.voice(0.3))
    (folder / "bad.wav").write_text("Dear Sir")
    return folder


@pytest.fixture
def target(source: Path) -> Path:
    return source.with_name("out")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_once_does_what_is_there_and_tells_of_each(source: Path, target: Path) -> None:
    done = watch(source, target, "--once")
    assert done.returncode == 1  # as one has failed
    first, last = done.stdout.splitlines()
    named, engine, times = first.split("  ")
    assert named == f"{source / 'talk.wav'} → {target / 'talk.wav'}"
    assert engine.endswith(" on cpu")
    assert times.startswith("0.3 s in ")
    assert last == "1 done (0.3 s of sound), 1 failed."
    [failed] = [line for line in done.stderr.splitlines() if "bad.wav" in line]
    assert failed.endswith(f"It is in {target / '_failed'}, with the reason.")
    assert files(target) == ["_failed/bad.wav", "_failed/bad.wav.reason.txt", "talk.wav"]

    again = watch(source, target, "--once")
    assert (again.returncode, again.stdout) == (0, "0 done (0.0 s of sound), 0 failed.\n")

    told = unmix("watch", "status", source)
    assert f"{source}  1     0        0            1" in told.stdout
    assert "In the last hour: 1 done, 0.3 s of sound." in told.stdout
    assert f"Failed: {source / 'bad.wav'}: " in told.stdout
    assert "no watcher runs" in told.stdout


def test_json_is_one_object_a_line(source: Path, target: Path) -> None:
    done = watch(
        source, target, "--once", "--json", "--model", "rnnoise", "--template", "{name}.{stem}{suffix}"
    )
    told: dict[str, Any] = {line["event"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert told["done"]["outputs"] == [str(target / "talk.clean.wav")]
    assert told["done"]["result"]["model"] == "rnnoise"
    assert told["failed"]["reason"] == "INVALID_AUDIO"
    assert told["failed"]["letter"] == str(target / "_failed" / "bad.wav")
    assert (told["summary"]["done"], told["summary"]["failed"]) == (1, 1)
    status = json.loads(unmix("watch", "status", source, "--json").stdout)
    assert status["folders"] == [
        {"name": str(source), "done": 1, "waiting": 0, "with_daemon": 0, "failed": 1}
    ]
    assert status["watcher"] is None


@pytest.mark.long
def test_dead_letters_are_tried_again(source: Path, target: Path) -> None:
    watch(source, target, "--once", "--source", "move", "--moved-to", source.with_name("moved"))
    assert files(source) == []
    assert unmix("watch", "retry", source).stdout == (
        "1 recording is tried again as soon as `unmix watch` runs.\n"
    )
    (target / "_failed" / "bad.wav").write_bytes((target / "talk.wav").read_bytes())  # somebody has mended it
    done = watch(source, target, "--once", "--source", "move", "--moved-to", source.with_name("moved"))
    assert done.returncode == 0, done.stderr
    assert files(target) == ["bad.wav", "talk.wav"]
    assert files(source.with_name("moved")) == ["bad.wav", "talk.wav"]
    assert unmix("watch", "retry", source).stdout == "There are no dead letters.\n"


@pytest.mark.long
def test_sigterm_ends_it_with_a_summary_and_the_next_start_goes_on(source: Path, target: Path) -> None:
    command = [*COMMAND, "watch", str(source), str(target), "--settle", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watcher:
        eventually((target / "_failed" / "bad.wav.reason.txt").exists)
        eventually((target / "talk.wav").exists)
        running = unmix("watch", "status", source).stdout
        assert f"process {watcher.pid} works" in running
        watcher.send_signal(signal.SIGTERM)
        stdout, stderr = watcher.communicate(timeout=30)
    assert watcher.returncode == 0, stderr
    assert stdout.splitlines()[-1].endswith("1 failed.")
    assert stderr.splitlines()[0] == f"unmix: watches {source}, writes to {target}."
    sounds.write(source / "more.wav", sounds.voice(0.2, seed=1))
    assert watch(source, target, "--once").returncode == 0
    assert "more.wav" in files(target)


def test_ctrl_c_ends_it_as_it_ends_every_command(source: Path, target: Path) -> None:
    command = [*COMMAND, "watch", str(source), str(target), "--settle", "0.1", "--once", "--separate"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watcher:
        assert watcher.stderr is not None
        assert watcher.stderr.readline().startswith("unmix: watches")
        watcher.send_signal(signal.SIGINT)
        stdout, stderr = watcher.communicate(timeout=30)
    assert watcher.returncode == 130, stderr
    assert stdout == "0 done (0.0 s of sound), 0 failed.\n"
    assert "Traceback" not in stderr


@pytest.mark.long
def test_a_file_names_many_folders_and_presets(source: Path, target: Path, tmp_path: Path) -> None:
    (source / "bad.wav").unlink()
    other = tmp_path / "other"
    other.mkdir()
    sounds.write(other / "song.wav", sounds.voice(0.3, seed=1))
    config = tmp_path / "watch.toml"
    config.write_text(
        """
        state = "ledger.sqlite3"
        [presets.thorough.denoise]
        model = "rnnoise"
        stems = ["clean", "noise"]
        [[folder]]
        source = "in"
        target = "out"
        settle_seconds = 0.1
        preset = "thorough"
        [[folder]]
        source = "other"
        target = "other out"
        settle_seconds = 0.1
        """
    )
    command = [*COMMAND, "watch", "--config", str(config), "--once"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert files(target) == ["talk/clean.wav", "talk/noise.wav"]
    assert files(tmp_path / "other out") == ["song.wav"]
    assert "DONE" in unmix("watch", "status", "--config", config).stdout
    with_preset = watch(
        source, tmp_path / "third", "--once", "--config", config, "--preset", "thorough", "--zip"
    )
    assert with_preset.returncode == 0, with_preset.stderr
    assert files(tmp_path / "third") == ["talk.zip"]


@pytest.mark.long
def test_the_same_recordings_may_go_to_two_targets(source: Path, tmp_path: Path) -> None:
    (source / "bad.wav").unlink()
    assert watch(source, tmp_path / "clean", "--once").returncode == 0
    stems = watch(source, tmp_path / "stems", "--once", "--separate", "--model", "dsp", "--stems", "vocals")
    assert stems.returncode == 0, stems.stderr
    assert files(tmp_path / "clean") == ["talk.wav"]
    assert files(tmp_path / "stems") == ["talk/vocals.wav"]
    assert unmix("watch", "status", source).stdout.count("no watcher runs") == 2


def test_status_without_a_name_is_of_all_that_was_ever_watched_here(
    state: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNMIX_STATE", str(state))
    assert unmix("watch", "status").stdout == "Nothing was ever watched here.\n"
    paths = [ledger_of(folder, tmp_path / "out") for folder in (source, tmp_path / "other")]
    for path in paths:
        Ledger(path).close()
    told = unmix("watch", "status").stdout
    assert all(str(path) in told for path in paths)
    assert str(paths[1]) not in unmix("watch", "status", source).stdout


def test_a_second_watcher_of_a_folder_is_refused(source: Path, target: Path) -> None:
    with lock_ledger(ledger_of(source, target)):
        done = watch(source, target, "--once")
    assert done.returncode == 1
    assert f"(process {os.getpid()}) already works with" in done.stderr
    assert not target.exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "Name two folders, IN and OUT, or a file with --config."),
        (["in"], "Name two folders"),
        (["in", "out", "--denoise", "--separate"], "exclude each other"),
        (["in", "out", "--separate", "--strength", "3"], "stems have no strength"),
        (["in", "out", "--separate", "--music", "keep"], "stems are music"),
        (["in", "out", "--model", "wiener", "--music", "remove"], "choose another model, or keep the music"),
        (["in", "out", "--preset", "denoise", "--music", "keep"], "leave out --model"),
        (["in", "out", "--stems", "vocals"], "for others, say --separate"),
        (["in", "out", "--preset", "podcast"], "There is no preset 'podcast'"),
        (["in", "out", "--preset", "denoise", "--model", "x"], "leave out --model"),
        (["in", "out", "--format", "docx"], "There is no format 'docx'"),
        (["nowhere", "out"], "nowhere is no folder"),
    ],
)
def test_wrong_usage_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    result = unmix("watch", "run", *options)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("│", " ").split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["in", "in"], "is watched and written to"),
        (["in", "."], "lies inside"),
        (["in", "out", "--template", "{stem}"], "put {name} into it"),
        (["in", "out", "--source", "move"], "nothing says where"),
        (["--config", "none.toml"], "none.toml does not exist"),
    ],
)
def test_folders_that_contradict_each_other_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    result = unmix("watch", *options)
    assert result.exit_code == 1
    assert told in result.stderr


def test_help_names_the_commands() -> None:
    told = unmix("watch").output
    for word in ("run", "status", "retry", "install", "uninstall", "unmix watch IN OUT"):
        assert word in told
    assert "--settle" in unmix("watch", "run", "--help").output
