"""Links that somebody puts into a target lead no output out of it, whether they were there before or come between."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_daemon import FakeDaemon
from plugins.watch.bench import Bench, bench
from unmix.words import SeparateTask
from unmix_plugins.files.outputs import Outputs
from unmix_plugins.watch.config.folder import SourcePolicy
from unmix_plugins.watch.notify.report import Finished, GivenUp, Waits

NAMES = ["mine.txt", "clean.wav"]
"""The last one is what a download is called before it has its name."""
STEMS = {"drums": b"boom", "vocals": b"la la"}


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A folder that the watcher may write to, and whoever writes to its target may not."""
    folder = tmp_path / "private"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(b"mine")
    return folder


def untouched(private: Path) -> bool:
    return {path.name: path.read_bytes() for path in private.iterdir()} == dict.fromkeys(NAMES, b"mine")


def test_a_subfolder_of_the_target_that_is_a_link_is_told_and_nothing_is_written_through_it(
    desk: Bench, private: Path
) -> None:
    desk.target.mkdir()
    (desk.target / "sub").symlink_to(private)
    path = desk.put("sub/talk.wav")
    desk.complete(*desk.submitted())
    desk.until(lambda: desk.work.is_idle)
    assert untouched(private)
    assert f"{desk.target / 'sub'} would have to be a folder, and is a link" in desk.told(GivenUp)[0].message
    assert desk.files()["_failed/sub/talk.wav"] == path.read_bytes()
    (desk.target / "sub").unlink()
    desk.ledger.mark_for_retry(desk.ledger.folders())
    desk.complete(*desk.submitted())
    desk.until(lambda: desk.work.is_idle)
    assert desk.files() == {"sub/talk.wav": b"clean a recording"}


@pytest.mark.parametrize("stems", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_subfolder_that_becomes_a_link_at_the_last_moment_leads_nowhere(
    tmp_path: Path, daemon: FakeDaemon, private: Path, monkeypatch: pytest.MonkeyPatch, stems: bool
) -> None:
    settings: dict[str, Any] = {"task": SeparateTask()} if stems else {}
    with bench(tmp_path, daemon, **settings) as desk:
        sub = desk.target / "sub"

        def swap() -> None:
            if sub.is_dir() and not sub.is_symlink():
                sub.rename(desk.target / ".away")
                sub.symlink_to(private)

        # What an output gets its name with, as one file or as a folder of them.
        for name in ("link", "rename", "replace"):
            monkeypatch.setattr(os, name, after(swap, getattr(os, name)))
        desk.put("sub/talk.wav")
        desk.complete(*desk.submitted(), STEMS if stems else None)
        desk.until(lambda: desk.done_count or desk.failed_count)
        assert untouched(private)


def after(act: Callable[[], object], call: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, before which `act` is done, whatever that calls itself."""
    busy = False

    def wrapped(*arguments: Any, **more: Any) -> Any:
        nonlocal busy
        if not busy:
            busy = True
            act()
            busy = False
        return call(*arguments, **more)

    return wrapped


def staging(desk: Bench) -> Path:
    return desk.target / f".unmix-{desk.ledger.token}-1.part"


def test_a_link_that_has_the_name_of_the_staging_folder_is_removed_and_not_followed(
    desk: Bench, private: Path
) -> None:
    desk.target.mkdir()
    staging(desk).symlink_to(private)
    desk.put("talk.wav")
    desk.complete(*desk.submitted())
    desk.until(lambda: desk.work.is_idle)
    assert desk.files() == {"talk.wav": b"clean a recording"}
    assert desk.told(Waits) == []
    assert untouched(private)


def test_a_staging_folder_that_is_swapped_while_it_is_filled_leads_nowhere(
    desk: Bench, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Outputs.begin
    swapped: list[Path] = []

    def swapping(outputs: Outputs, started: Any) -> bool:
        if not swapped:
            swapped.append(staging(desk).rename(desk.target / ".away"))
            staging(desk).symlink_to(private)
        return begin(outputs, started)

    monkeypatch.setattr(Outputs, "begin", swapping)
    desk.put("talk.wav")
    desk.complete(*desk.submitted())
    desk.until(lambda: swapped and (desk.target / "talk.wav").exists())
    assert (desk.target / "talk.wav").read_bytes() == b"clean a recording"
    assert untouched(private)


def test_a_stem_that_becomes_a_link_is_not_packed_into_the_archive(
    tmp_path: Path, daemon: FakeDaemon, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench(tmp_path, daemon, task=SeparateTask(), zip_stems=True) as desk:
        commit = Outputs.commit
        swapped: list[Path] = []

        def swapping(outputs: Outputs, summaries: Any) -> None:
            commit(outputs, summaries)
            stem = staging(desk) / "stems" / "drums.wav"
            if not swapped:
                stem.unlink()
                stem.symlink_to(private / "mine.txt")
                swapped.append(stem)

        monkeypatch.setattr(Outputs, "commit", swapping)
        desk.put("song.wav")
        desk.complete(*desk.submitted(), STEMS)
        desk.until(lambda: (desk.target / "song.zip").exists() or desk.failed_count)
        assert not any(b"mine" in content for content in desk.files().values())


@pytest.mark.parametrize("is_letter", [False, True])
def test_a_planted_name_of_a_dead_letter_is_neither_followed_nor_kept(
    desk: Bench, private: Path, is_letter: bool
) -> None:
    planted = desk.target / "_failed" / ("bad.wav.reason.txt" if is_letter else staging(desk).name)
    planted.parent.mkdir(parents=True)
    planted.symlink_to(private / "mine.txt")
    desk.put("bad.wav")
    desk.fail(*desk.submitted(), "INVALID_AUDIO", code=3)
    desk.until(lambda: desk.failed_count)
    assert untouched(private)
    name = "bad (2).wav" if is_letter else "bad.wav"
    assert b"could not be processed" in (desk.target / "_failed" / f"{name}.reason.txt").read_bytes()


def test_a_folder_of_dead_letters_that_is_a_planted_link_is_waited_for(desk: Bench, private: Path) -> None:
    desk.target.mkdir()
    (desk.target / "_failed").symlink_to(private)
    desk.put("bad.wav")
    desk.fail(*desk.submitted(), "INVALID_AUDIO", code=3)
    [wait] = desk.until(lambda: desk.told(Waits))
    assert wait.sentence == (
        f"{desk.target / '_failed'} is a link, and none is followed in there: put a folder in its place, and unmix"
        " goes on."
    )
    assert untouched(private)
    (desk.target / "_failed").unlink()
    desk.until(lambda: desk.failed_count)
    assert sorted(desk.files()) == ["_failed/bad.wav", "_failed/bad.wav.reason.txt"]


def test_an_archive_of_originals_with_a_planted_link_takes_nothing_through_it(
    tmp_path: Path, daemon: FakeDaemon, private: Path
) -> None:
    moved = tmp_path / "moved"
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=moved) as desk:
        moved.mkdir()
        (moved / "sub").symlink_to(private)
        path = desk.put("sub/talk.wav")
        desk.complete(*desk.submitted())
        desk.until(lambda: desk.work.is_idle)
        assert untouched(private)
        assert path.read_bytes() == b"a recording"
        [report] = desk.told(Finished)
        assert f"The source stays where it is: {moved / 'sub'} is a link" in report.result.note


def test_a_target_inside_the_source_that_is_a_link_is_not_followed_either(
    tmp_path: Path, daemon: FakeDaemon, private: Path
) -> None:
    target = tmp_path / "in" / "clean"
    with bench(tmp_path, daemon, target=target) as desk:
        target.symlink_to(private)
        desk.put("talk.wav")
        desk.complete(*desk.submitted())
        desk.until(lambda: desk.told(Waits))
        assert untouched(private)
        assert f"{target} is a link" in desk.told(Waits)[0].sentence


def test_what_a_user_has_named_may_be_a_link(tmp_path: Path, daemon: FakeDaemon) -> None:
    for name in ("in", "out", "moved"):
        (tmp_path / f"real {name}").mkdir()
        (tmp_path / name).symlink_to(tmp_path / f"real {name}")
    settings: dict[str, Any] = {"source_policy": SourcePolicy.MOVE, "moved_to": tmp_path / "moved"}
    with bench(tmp_path, daemon, **settings) as desk:
        desk.done("sub/talk.wav")
        assert desk.files(tmp_path / "real out") == {"sub/talk.wav": b"clean sub/talk.wav"}
        assert desk.files(tmp_path / "real moved") == {"sub/talk.wav": b"sub/talk.wav"}
        assert desk.files(tmp_path / "real in") == {}
