"""Files that come, grow, move and go in a real folder, told by the system and looked for."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from daemons import eventually
from plugins.watch.folders import SETTLE, Taken, folder_config
from plugins.watch.seen import in_namespace
from support import importing
from unmix_plugins.files.folder import Folder
from unmix_plugins.watch.disk.mounts import SourceMount
from unmix_plugins.watch.seen.observer import Observer

Start = Callable[..., tuple[Observer, Taken]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture(params=["native", "polling"])
def watch(source: Path, request: pytest.FixtureRequest) -> Iterator[Start]:
    """Begins to watch the source, in each of the two ways."""
    observers: list[Observer] = []

    def start(target: Path | None = None, **settings: Any) -> tuple[Observer, Taken]:
        polling = True if request.param == "polling" else None
        observer = Observer(folder_config(source, target, polling=polling, **settings))
        observers.append(observer)
        observer.start()
        eventually(lambda: observer.scanned or observer.away)
        assert observer.away or observer.is_polling == bool(polling)
        return observer, Taken(observer, source)

    yield start
    for observer in observers:
        observer.stop()


def in_the_end(taken: Taken, source: Path) -> list[str]:
    """All names, once a file that came later than all others has been taken, too."""
    last = f"the last after {len(taken.given)}.wav"
    (source / last).write_bytes(b"sound")
    eventually(lambda: last in taken.names())
    return [name for name in taken.names() if not name.startswith("the last")]


def test_files_that_are_there_at_the_start_are_taken(watch: Start, source: Path) -> None:
    (source / "b").mkdir()
    (source / "a.wav").write_bytes(b"sound")
    (source / "b/c.wav").write_bytes(b"sound")
    _, taken = watch()
    assert eventually(lambda: len(taken.names()) == 2)
    assert set(taken.names()) == {"a.wav", "b/c.wav"}


def test_files_that_come_by_creation_copying_moving_and_with_their_folder_are_taken_once(
    watch: Start, source: Path, tmp_path: Path
) -> None:
    _, taken = watch()
    (source / "created.wav").write_bytes(b"sound")
    (tmp_path / "moved.wav").write_bytes(b"sound")
    (tmp_path / "moved.wav").rename(source / "moved.wav")
    (source / "new folder/deep").mkdir(parents=True)
    (source / "new folder/deep/in it.wav").write_bytes(b"sound")
    (tmp_path / "album").mkdir()
    (tmp_path / "album/song.wav").write_bytes(b"sound")
    (tmp_path / "album").rename(source / "album")
    (source / "download.wav.part").write_bytes(b"sound")
    (source / "download.wav.part").rename(source / "download.wav")
    expected = {"created.wav", "moved.wav", "new folder/deep/in it.wav", "album/song.wav", "download.wav"}
    eventually(lambda: set(taken.names()) >= expected)
    assert sorted(in_the_end(taken, source)) == sorted(expected)


def test_a_file_that_grows_is_taken_when_it_has_ended(watch: Start, source: Path) -> None:
    _, taken = watch(settle_seconds=1.5)  # long beside a pause that a busy machine has made longer
    path = source / "recording.wav"
    for _ in range(29):
        with path.open("ab") as file:  # closed each time, so that only its growth is a sign
            file.write(b"x" * 100)
        _pause(0.06)
    eventually(taken.names)
    [facts] = taken.facts()
    assert facts.size == 2900


def _pause(seconds: float) -> None:
    """Time that passes while another program writes."""
    subprocess.run(["sleep", str(seconds)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a file open")
def test_a_copy_that_pauses_for_longer_than_files_settle_is_not_taken_while_it_is_open(
    watch: Start, source: Path
) -> None:
    observer, taken = watch()
    with (source / "slow.wav").open("wb") as file:
        file.write(b"first half")
        file.flush()
        eventually(lambda: observer.blocked)
        [blocker] = observer.blocked.values()
        assert blocker.passes
        _pause(3 * SETTLE)
        assert taken.names() == []
        file.write(b", second half")
    eventually(taken.names)
    assert [facts.size for facts in taken.facts()] == [len("first half, second half")]
    assert observer.blocked == {}


def test_a_file_that_is_overwritten_is_taken_again(watch: Start, source: Path) -> None:
    _, taken = watch()
    (source / "a.wav").write_bytes(b"one")
    eventually(lambda: len(taken.names()) == 1)
    (source / "a.wav").write_bytes(b"two, longer")
    eventually(lambda: len(taken.names()) == 2)
    assert [facts.size for facts in taken.facts()] == [3, 11]


def test_a_file_that_is_replaced_by_a_rename_is_taken_again(watch: Start, source: Path) -> None:
    _, taken = watch()
    (source / "a.wav").write_bytes(b"one")
    eventually(lambda: len(taken.names()) == 1)
    (source / ".a.wav.tmp").write_bytes(b"two")
    (source / ".a.wav.tmp").rename(source / "a.wav")
    eventually(lambda: len(taken.names()) == 2)
    first, second = taken.facts()
    assert first.identity != second.identity


def test_a_file_and_a_folder_that_are_renamed_are_given_with_their_new_names(
    watch: Start, source: Path
) -> None:
    _, taken = watch()
    (source / "a").mkdir()
    (source / "a/old.wav").write_bytes(b"sound")
    eventually(lambda: len(taken.names()) == 1)
    (source / "a/old.wav").rename(source / "a/new.wav")
    eventually(lambda: len(taken.names()) == 2)
    (source / "a").rename(source / "b")
    eventually(lambda: len(taken.names()) == 3)
    assert taken.names() == ["a/old.wav", "a/new.wav", "b/new.wav"]
    assert len({facts.identity for facts in taken.facts()}) == 1


def test_outputs_inside_the_source_are_never_taken(watch: Start, source: Path) -> None:
    target = source / "clean"
    _, taken = watch(target)
    (source / "a.wav").write_bytes(b"sound")
    eventually(taken.names)
    (target / "_failed").mkdir(parents=True)
    for name in ("a.wav", "_failed/b.wav"):
        (target / name).write_bytes(b"output")
    assert in_the_end(taken, source) == ["a.wav"]
    (target / "a.wav").rename(target / "c.wav")
    assert in_the_end(taken, source) == ["a.wav"]


def test_a_loop_of_links_is_no_loop(watch: Start, source: Path) -> None:
    (source / "a").mkdir()
    (source / "a/up").symlink_to(source)
    _, taken = watch()
    (source / "a/b.wav").write_bytes(b"sound")
    (source / "again").symlink_to(source)
    assert in_the_end(taken, source) == ["a/b.wav"]


def test_a_source_that_is_a_link_is_watched(watch: Start, source: Path, tmp_path: Path) -> None:
    source.rmdir()
    (tmp_path / "real").mkdir()
    source.symlink_to(tmp_path / "real")
    _, taken = watch()
    (tmp_path / "real/a.wav").write_bytes(b"sound")
    assert eventually(taken.names) == ["a.wav"]


def test_names_that_are_no_utf8_are_taken_with_their_bytes(watch: Start, source: Path) -> None:
    _, taken = watch()
    raw = os.fsencode(source) + b"/caf\xe9.wav"
    Path(os.fsdecode(raw)).write_bytes(b"sound")
    eventually(taken.names)
    assert os.fsencode(taken.given[0][0]) == raw


def test_a_path_of_4000_characters_is_taken(watch: Start, source: Path) -> None:
    _, taken = watch()
    long = source.joinpath(*["x" * 200] * ((3_900 - len(str(source))) // 201))
    long = long / ("y" * (4_000 - len(str(long)) - len("//a.wav")))
    long.mkdir(parents=True)
    (long / "a.wav").write_bytes(b"sound")
    eventually(taken.names)
    assert len(str(taken.given[0][0])) == 4_000


def test_a_file_that_is_to_be_forgotten_is_given_again(watch: Start, source: Path) -> None:
    observer, taken = watch()
    (source / "a.wav").write_bytes(b"sound")
    eventually(lambda: len(taken.names()) == 1)
    observer.forget(source / "a.wav")
    eventually(lambda: len(taken.names()) == 2)
    assert taken.given[0] == taken.given[1]


def test_a_file_that_was_forgotten_while_it_was_gone_is_given_when_it_is_back(
    watch: Start, source: Path, tmp_path: Path
) -> None:
    observer, taken = watch()
    (source / "a.wav").write_bytes(b"sound")
    eventually(lambda: len(taken.names()) == 1)
    (source / "a.wav").rename(tmp_path / "a.wav")
    observer.forget(source / "a.wav")
    (tmp_path / "a.wav").rename(source / "a.wav")
    eventually(lambda: len(taken.names()) == 2)


def test_a_source_that_is_missing_is_waited_for(watch: Start, source: Path) -> None:
    source.rmdir()
    observer, taken = watch()
    assert observer.away == (
        f"{source} cannot be reached (No such file or directory): unmix waits until it is back."
    )
    source.mkdir()
    (source / "a.wav").write_bytes(b"sound")
    assert eventually(taken.names) == ["a.wav"]
    assert observer.away is None


def test_a_source_that_goes_and_comes_back_is_watched_again(
    watch: Start, source: Path, tmp_path: Path
) -> None:
    (source / "a.wav").write_bytes(b"sound")
    observer, taken = watch()
    eventually(taken.names)
    source.rename(tmp_path / "unplugged")
    eventually(lambda: observer.away)
    (tmp_path / "unplugged").rename(source)
    eventually(lambda: observer.away is None)
    (source / "b.wav").write_bytes(b"sound")
    eventually(lambda: "b.wav" in taken.names())
    assert set(taken.names()) == {"a.wav", "b.wav"}


def test_a_file_that_may_not_be_read_is_told_and_taken_when_it_may(
    watch: Start, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = source / "locked.wav"
    path.write_bytes(b"sound")
    locked = {path.name}
    really_open = os.open

    def refusing(name: Any, *arguments: Any, **more: Any) -> int:  # what the system says to any user but root
        if str(name) in locked:
            raise PermissionError(13, "Permission denied")
        return really_open(name, *arguments, **more)

    monkeypatch.setattr(os, "open", refusing)
    observer, taken = watch()
    eventually(lambda: observer.blocked)
    [blocker] = observer.blocked.values()
    assert blocker.sentence == (
        f"{path} cannot be read (Permission denied): give this user the right to read it."
    )
    locked.clear()
    assert eventually(taken.names) == ["locked.wav"]


def test_a_polled_folder_is_looked_at_no_more_often_than_it_was_told(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    scan = Folder.scan

    def counting(folder: Folder) -> Any:
        looks.append(folder.path.name)
        return scan(folder)

    (source / "below").mkdir()
    monkeypatch.setattr(Folder, "scan", counting)
    checks = 0
    really_check = SourceMount.check

    def checking(mount: SourceMount) -> Any:
        nonlocal checks
        checks += 1
        return really_check(mount)

    monkeypatch.setattr(SourceMount, "check", checking)
    observer = Observer(folder_config(source, polling=True, poll_interval=3600, settle_seconds=0.02))
    observer.start()
    eventually(lambda: checks > 20)  # is it still there?
    observer.stop()
    assert looks == [source.name, "below"]


def result_in_namespace(what: str, folder: Path) -> dict[str, Any]:
    command = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        allowed = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        pytest.skip("needs unshare(1) and the right to make a namespace")
    done = subprocess.run(
        [*command, sys.executable, "-m", in_namespace.__name__, what, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=importing(),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) | {"log": done.stderr}


def test_a_folder_is_polled_when_the_system_takes_no_watch(tmp_path: Path) -> None:
    seen = result_in_namespace("none", tmp_path / "in")
    assert seen["is_polling"]
    assert seen["taken"] == ["a.wav"]
    assert "is polled from now on, as the system takes no more watches" in seen["log"]


@pytest.mark.long
def test_a_folder_is_polled_when_the_system_watches_only_some_of_its_subfolders(tmp_path: Path) -> None:
    seen = result_in_namespace("watches", tmp_path / "in")
    assert not seen["was_polling"]
    assert seen["is_polling"]
    assert seen["taken"] == 48
    assert "is polled from now on, as the system does not tell of all changes" in seen["log"]


def test_an_unmounted_disk_is_away_and_the_folder_below_is_not_taken_for_it(tmp_path: Path) -> None:
    seen = result_in_namespace("mount", tmp_path / "in")
    assert seen["before"] == seen["meanwhile"] == ["a.wav"]
    assert seen["away"].endswith("is not mounted: unmix waits until it is back.")
    assert seen["after"] == ["a.wav", "b.wav"]  # neither the one below, nor the one of the other disk again
    assert seen["now"] is None
