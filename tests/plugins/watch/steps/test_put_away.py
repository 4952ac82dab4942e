"""A source whose outputs are in place is put away as the folder says, and is not done again."""

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon
from plugins.watch.bench import bench
from unmix_plugins.watch.config.folder import SourcePolicy
from unmix_plugins.watch.ledger.entry import State


def test_a_source_is_moved_into_the_same_subfolder_and_may_come_again(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=tmp_path / "moved") as desk:
        for turn in (1, 2):
            path = desk.put("sub/talk.wav")
            os.utime(path, (5, 5))
            desk.complete(*desk.submitted())
            desk.until(lambda turn=turn: desk.done_count == turn)
        assert desk.files(tmp_path / "moved") == {
            "sub/talk (2).wav": b"a recording",
            "sub/talk.wav": b"a recording",
        }
        assert sorted(desk.files()) == ["sub/talk (2).wav", "sub/talk.wav"]
        assert desk.files(desk.source) == {}


def test_a_source_that_is_renamed_after_its_work_is_put_away_and_not_done_again(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=tmp_path / "moved") as desk:
        path = desk.put("talk.wav")
        [job_id] = desk.submitted()
        path.rename(path.with_name("speech.wav"))
        desk.complete(job_id)
        desk.until(lambda: desk.entry().is_away)
        assert desk.files(tmp_path / "moved") == {"speech.wav": b"a recording"}
        assert len(desk.files()) == 1
        assert desk.done_count == 1


def test_a_source_that_has_changed_is_another_recording_and_stays(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=tmp_path / "moved") as desk:
        desk.done("talk.wav")
        for path in (tmp_path / "moved").iterdir():
            path.unlink()
        # As it is when the file is replaced between the delivery and this.
        desk.observer.stop()
        desk.put("talk.wav", b"new and longer")
        desk.ledger.save(replace(desk.entry(), state=State.DELIVERED, is_away=False, away_to=None))
        desk.until(lambda: desk.entry().state is State.DONE)
        assert desk.files(desk.source) == {"talk.wav": b"new and longer"}
        assert desk.files(tmp_path / "moved") == {}


def test_a_source_that_cannot_be_put_away_is_done_all_the_same_and_not_done_again(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    (tmp_path / "moved").write_bytes(b"a file where a folder should be")
    with bench(tmp_path, daemon, source_policy=SourcePolicy.MOVE, moved_to=tmp_path / "moved") as desk:
        desk.done("talk.wav")
        assert "The source stays where it is" in desk.told(type(desk.reports[-1]))[-1].result.note
        desk.restart()
        desk.until(lambda: desk.work.is_idle)
        assert desk.files() == {"talk.wav": b"clean talk.wav"}
        assert desk.files(desk.source) == {"talk.wav": b"talk.wav"}
        assert desk.done_count == 1


def test_a_source_goes_to_the_trash_with_what_is_needed_to_take_it_back(
    tmp_path: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with bench(tmp_path, daemon, source_policy=SourcePolicy.TRASH) as desk:
        desk.done("50 % ü.wav")
        assert desk.files(desk.source) == {}
        trashed = desk.files(tmp_path / "data" / "Trash")
        assert trashed["files/50 % ü.wav"] == "50 % ü.wav".encode()
        lines = trashed["info/50 % ü.wav.trashinfo"].decode("ascii").splitlines()
        assert lines[:2] == ["[Trash Info]", f"Path={desk.source}/50%20%25%20%C3%BC.wav"]
        assert datetime.fromisoformat(lines[2].removeprefix("DeletionDate="))


@pytest.mark.parametrize("folder", ["", "sub"])
def test_a_source_that_is_renamed_while_it_is_put_away_is_put_away_under_its_new_name(
    tmp_path: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """The file itself, or the folder that it is in, after it was looked at and before it is moved."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with bench(tmp_path, daemon, source_policy=SourcePolicy.TRASH) as desk:
        renamed = desk.source / (folder or "talk.wav")

        def rename() -> None:
            if desk.entry().away_to is not None and renamed.exists():
                renamed.rename(desk.source / ("folder" if folder else "speech.wav"))

        desk.put(str(Path(folder, "talk.wav")))
        [job_id] = desk.submitted()
        desk.complete(job_id)
        desk.meanwhile = rename
        desk.until(lambda: desk.entry().is_away)
        desk.until(lambda: desk.work.is_idle)
        assert desk.files(desk.source) == {}
        assert list(desk.files(tmp_path / "data" / "Trash").values()).count(b"a recording") == 1
        assert len(desk.files()) == desk.done_count == 1
