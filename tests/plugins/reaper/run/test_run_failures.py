"""Items and actions of `unmix reaper-run` that fail are told, and nothing is begun in vain."""

import os
from pathlib import Path
from typing import Any

import pytest
from plugins.reaper.run.action import DENOISE, FRAMES, Action, recording


@pytest.mark.long
@pytest.mark.usefixtures("daemon")
def test_an_item_that_fails_is_told_and_the_others_go_on(action: Action, tmp_path: Path) -> None:
    good = recording(tmp_path / "good.wav")
    (tmp_path / "song.mid").write_bytes(b"MThd\0\0\0\6\0\1\0\1\0\x60")
    damaged = recording(tmp_path / "damaged.flac", "flac")
    damaged.write_bytes(damaged.read_bytes()[:30_000])
    os.mkfifo(tmp_path / "pipe.wav")
    expected = {
        action.add(tmp_path / "none.wav", 0, 10): "does not exist",
        action.add(good, FRAMES - 5, 6): f"has {FRAMES} frames",
        action.add(tmp_path / "song.mid"): "not audio",
        action.add(tmp_path): "is no file",
        action.add(tmp_path / "pipe.wav", 0, 10): "is no file",
        action.add(damaged, 50_000, 40_000): "",
        # Found out when the result has begun: the length of a FLAC is known at its end.
        action.add(recording(tmp_path / "short.flac", "flac"), 5, FRAMES): f"has {FRAMES} frames",
    }
    fine = action.add(good, 0, 1000)
    assert action.perform()["event"] == "finished"
    failed = {event["id"]: event["message"] for event in action.told("item_failed")}
    assert failed.keys() == expected.keys()
    for item, said in expected.items():
        assert said in failed[item]
        assert "\n" not in failed[item]
    assert [event["id"] for event in action.told("item")] == [fine]
    assert action.files() == ["good - clean.wav"]


@pytest.mark.usefixtures("daemon")
def test_when_every_item_fails_all_are_told(action: Action, tmp_path: Path) -> None:
    for name in "ab":
        action.add(tmp_path / f"{name}.wav", 0, 10)
    finished = action.perform()
    assert (finished["event"], finished["model"], finished["notes"]) == ("finished", "", [])
    assert len(action.told("item_failed")) == 2
    assert action.files() == []


@pytest.mark.parametrize(
    "task", [{"kind": "separate", "model": "auto", "stems": []}, DENOISE | {"model": "deepfilternet3"}]
)
@pytest.mark.usefixtures("daemon")
def test_a_model_that_is_missing_ends_the_action(
    action: Action, tmp_path: Path, task: dict[str, Any]
) -> None:
    for first_frame in range(3):
        action.add(recording(tmp_path / "talk.wav"), first_frame, 100)
    failed = action.perform(task, expected=1)
    assert failed["event"] == "failed"
    assert "in a terminal with: unmix models pull" in failed["message"]
    assert "--" not in failed["message"]
    assert action.told("item_failed") == action.told("item") == []
    assert action.files() == []


def test_a_job_that_makes_no_sense_fails_before_anything_is_begun(action: Action, state: Path) -> None:
    failed = action.perform(expected=1)
    assert failed["message"].startswith("The field items of the job")
    assert len(action.events) == 1
    assert not action.media.exists()
    assert list(state.iterdir()) == []


def test_a_folder_that_cannot_be_made_fails_before_anything_is_begun(
    action: Action, tmp_path: Path, state: Path
) -> None:
    action.add(recording(tmp_path / "talk.wav"))
    (tmp_path / "project").write_bytes(b"a file")
    failed = action.perform(expected=1)
    assert "save the project in another place" in failed["message"]
    assert list(state.iterdir()) == []
