"""A disk is full: the real Audacity says so, its project stays as it is, and no result is lost."""

import shutil

import pytest
from plugins.audacity.faults.stage import Stage, difference, multiplied

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not shutil.which("nsenter"), reason="nsenter is not installed"),
]


def test_samples_that_could_not_all_be_handed_over_are_not_worked_on(stage: Stage) -> None:
    before = stage.open()
    daemon = stage.start_daemon()
    stage.start_bridge(mounts=True)
    folder = stage.mount(stage.state / "audacity" / "in", "256k")
    stage.click()
    said = stage.message()
    assert "Audacity handed over" in said
    assert "is the disk full" in said
    assert "Nothing was changed." in said
    assert daemon.script.requests == []
    assert list(folder.iterdir()) == []
    assert difference(before, stage.project()) == ""
    stage.bridge.stop()
    stage.unmount(stage.state / "audacity" / "in")


def test_a_result_that_cannot_be_written_is_told(stage: Stage) -> None:
    before = stage.open()
    stage.start_daemon()
    stage.start_bridge(mounts=True)
    folder = stage.mount(stage.state / "audacity" / "out", "256k")
    stage.choose()
    stage.gate.set()
    said = stage.message()
    assert "cannot be written (No space left on device)" in said
    assert "Nothing was changed." in said
    stage.wait_until_done()
    assert stage.files() == []
    assert list(folder.iterdir()) == []
    assert difference(before, stage.project()) == ""
    stage.bridge.stop()
    stage.unmount(stage.state / "audacity" / "out")


def test_nothing_is_put_into_a_project_whose_disk_is_full_and_the_result_can_be_fetched_later(
    stage: Stage,
) -> None:
    stage.audacity.kill()  # Audacity saves to a small disk only what has a short history
    stage.open()
    small = stage.folder / "small"
    small.mkdir()
    before = stage.save_in(small, stage.mount(small, "8m"))
    daemon = stage.start_daemon()
    stage.start_bridge()
    stage.choose()
    stage.gate.set()
    said = stage.message()
    assert "The disk with Audacity's project is nearly full" in said
    assert stage.wait_for("ready")
    assert difference(before, stage.project()) == ""
    stage.mount(small, "64m,remount")
    stage.choose()
    stage.wait_until_done()
    assert difference(multiplied(before, "Voice"), stage.project()) == ""
    assert len(daemon.script.requests) == 1
    stage.audacity.kill()
