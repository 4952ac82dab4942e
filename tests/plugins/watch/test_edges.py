"""The odd folders and names, with a real daemon: refused or right, and never a loop."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sounds
from daemons import Daemon
from plugins.watch.folders import folder_config
from unmix.words import DenoiseTask
from unmix_plugins.watch.app import App
from unmix_plugins.watch.config.folder import WatchConfig
from unmix_plugins.watch.notify.report import Finished, GivenUp, Report

COMMAND = [sys.executable, "-c", "from unmix_plugins.cli import main; main()"]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("daemon")) as running:
        yield running


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "sound.wav"
    return sounds.write(path, sounds.voice(0.3)).read_bytes()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def watch(daemon: Daemon, source: Path, target: Path) -> list[Report]:
    """Do what is there, and end."""
    folder = folder_config(source, target, task=DenoiseTask(model="rnnoise"))
    config = WatchConfig((folder,), source.with_name("ledger.sqlite3"))
    reports: list[Report] = []
    assert App(config, tell=reports.append, once=True, connect=daemon.client).run(), reports
    return [report for report in reports if isinstance(report, Finished | GivenUp)]


def files(folder: Path) -> list[str]:
    """Every file below, hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.long
def test_a_target_inside_the_source_is_done_once_and_never_again(
    daemon: Daemon, source: Path, sound: bytes
) -> None:
    (source / "a.wav").write_bytes(sound)
    target = source / "clean"
    assert [len(watch(daemon, source, target)) for _ in range(2)] == [1, 0]
    assert files(source) == ["a.wav", "clean/a.wav"]


def test_outputs_that_are_moved_into_the_source_are_not_taken_for_inputs(
    daemon: Daemon, source: Path, sound: bytes, tmp_path: Path
) -> None:
    (source / "a.wav").write_bytes(sound)
    target = tmp_path / "out"
    watch(daemon, source, target)
    (target / "a.wav").rename(source / "a clean.wav")
    watch(daemon, source, target)
    assert files(target) == []


def test_a_target_that_is_the_source_is_refused(daemon: Daemon, source: Path, sound: bytes) -> None:
    (source / "a.wav").write_bytes(sound)
    refused = subprocess.run(
        [*COMMAND, "watch", source, source.parent / "x/../in", "--once"],
        env=daemon.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "outputs would be taken as inputs: choose another target" in refused.stderr
    assert files(source) == ["a.wav"]


def test_a_loop_of_links_ends(daemon: Daemon, source: Path, sound: bytes, tmp_path: Path) -> None:
    (source / "a").mkdir()
    (source / "a/b.wav").write_bytes(sound)
    (source / "a/up").symlink_to(source)
    (source / "again").symlink_to(source / "a")
    watch(daemon, source, tmp_path / "out")
    assert files(tmp_path / "out") == ["a/b.wav"]


def test_names_that_are_no_utf8_keep_their_bytes(
    daemon: Daemon, source: Path, sound: bytes, tmp_path: Path
) -> None:
    for raw in (b"caf\xe9.wav", b"\xff\xfe/\x80.wav", b"line\nbreak \x1b[31m.wav", b"$(id).wav"):
        path = Path(os.fsdecode(os.fsencode(source) + b"/" + raw))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(sound)
    (source / os.fsdecode(b"broken\xe9.wav")).write_bytes(b"no sound")
    target = tmp_path / "out"
    assert len(watch(daemon, source, target)) == 5
    names = {os.fsencode(name) for name in files(target)}
    assert names == {
        b"caf\xe9.wav",
        b"\xff\xfe/\x80.wav",
        b"line\nbreak \x1b[31m.wav",
        b"$(id).wav",
        b"_failed/broken\xe9.wav",
        b"_failed/broken\xe9.wav.reason.txt",
    }
    reason = os.fsdecode(b"_failed/broken\xe9.wav.reason.txt")
    assert (target / reason).read_text("utf-8").startswith("broken\\xe9.wav could not be processed.")
    assert watch(daemon, source, target) == []


def test_a_path_of_4000_characters_comes_out_or_is_a_dead_letter(
    daemon: Daemon, source: Path, sound: bytes, tmp_path: Path
) -> None:
    def long(length: int) -> Path:
        folder = source.joinpath(*["x" * 200] * ((length - 20 - len(str(source))) // 201))
        path = folder / ("y" * (length - len(str(folder)) - len("/.wav")) + ".wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sound)
        assert len(str(path)) == length
        return path

    fits, does_not = long(4000), long(4060)  # with a longer target in front
    target = tmp_path / ("out" + "z" * 60)
    watch(daemon, source, target)
    assert str(fits.relative_to(source)) in files(target)
    [letter, reason] = files(target / "_failed")
    assert (target / "_failed" / letter).read_bytes() == does_not.read_bytes()
    assert reason == f"{letter}.reason.txt"
    assert "too long" in (target / "_failed" / reason).read_text("utf-8")


def test_a_rename_that_changes_only_case_is_no_second_job(
    daemon: Daemon, source: Path, sound: bytes, tmp_path: Path
) -> None:
    (source / "song.wav").write_bytes(sound)
    target = tmp_path / "out"
    watch(daemon, source, target)
    (source / "song.wav").rename(source / "Song.WAV")
    watch(daemon, source, target)
    assert files(target) == ["song.wav"]


def test_names_that_differ_only_in_case_are_two_files(
    daemon: Daemon, source: Path, sound: bytes, tmp_path: Path
) -> None:
    (source / "song.wav").write_bytes(sound)
    (source / "Song.wav").write_bytes(sound)
    if len(list(source.iterdir())) == 1:
        pytest.skip("this file system ignores case")
    watch(daemon, source, tmp_path / "out")
    assert files(tmp_path / "out") == ["Song.wav", "song.wav"]


def test_files_of_1970_and_of_the_future_come_out_with_their_times(
    daemon: Daemon, source: Path, sound: bytes, tmp_path: Path
) -> None:
    times = {"a.wav": 0, "b.wav": -1, "c.wav": 4_102_444_800}
    for name, mtime in times.items():
        (source / name).write_bytes(sound)
        os.utime(source / name, (mtime, mtime))
    watch(daemon, source, tmp_path / "out")
    assert {path.name: path.stat().st_mtime for path in (tmp_path / "out").iterdir()} == times
