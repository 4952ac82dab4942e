"""The script inside REAPER, `unmix reaper-run` and the daemon together: from the selection to the sound."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemons import Daemon
from fake_reaper import examples
from fake_reaper.renderer import render
from plugins.reaper.scripts.studio import Desk

COMMAND = (sys.executable, "-c", "from unmix_plugins.cli import main; main()")


@pytest.fixture(autouse=True)
def daemon(state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with Daemon(state / "daemon") as running:
        monkeypatch.setenv("UNMIX_STATE", str(running.state))
        yield


@pytest.mark.long
def test_items_of_every_kind_come_back_unchanged_if_nothing_is_to_be_removed(tmp_path: Path) -> None:
    project, items = examples.everything(tmp_path / "project")
    desk = Desk(tmp_path, project)
    desk.use_client(*COMMAND)
    desk.choose(denoise_model="rnnoise", attenuation_limit_db="0", device="cpu")
    said = desk.run("denoise")
    assert desk.reaper.problems == []
    assert desk.sounds_the_same
    assert "Denoised 28 items by rnnoise on cpu, but not:" in said
    assert all(
        items[kind].take.name.endswith("clean.wav") for kind in examples.PLAYABLE if kind != "all takes play"
    )


@pytest.mark.long
def test_vocals_and_the_rest_add_up_to_what_was_there(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "trimmed")
    desk.use_client(*COMMAND)
    desk.choose(separate_model="dsp", device="cpu")
    desk.run("vocals")
    assert desk.reaper.problems == []
    assert [track.name for track in desk.project.tracks] == [
        "Voice",
        "Voice - stems",
        "vocals",
        "instrumental",
    ]
    assert abs(render(desk.project) - desk.sound).max() < 1e-6
