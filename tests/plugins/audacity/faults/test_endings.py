"""Audacity ends while long work goes on: the result is kept until the effect is chosen again."""

import pytest
from plugins.audacity.faults.stage import Stage, difference, multiplied

pytestmark = pytest.mark.long

KEPT = "Audacity's script pipe does not answer: choose the effect again for the same selection."


def close(stage: Stage) -> None:
    stage.audacity.close()


def kill(stage: Stage) -> None:
    stage.audacity.kill()


@pytest.mark.parametrize("end", [close, kill])
def test_a_result_outlives_audacity_and_is_put_in_at_once_when_it_is_asked_for_again(
    stage: Stage, end
) -> None:
    before = stage.open()
    daemon = stage.start_daemon()
    stage.start_bridge()
    stage.choose()
    stage.wait_for("working")
    end(stage)
    stage.gate.set()
    assert stage.wait_for("ready")["message"] == KEPT
    assert difference(before, stage.open_again()) == ""
    stage.choose()
    stage.wait_until_done()
    assert difference(multiplied(before, "Voice"), stage.project()) == ""
    assert len(daemon.script.requests) == 1


def test_new_tracks_outlive_audacity_too(stage: Stage) -> None:
    stage.open()
    daemon = stage.start_daemon()
    stage.start_bridge()
    stage.choose("Separate into Stems")
    stage.wait_for("working")
    kill(stage)
    stage.gate.set()
    assert stage.wait_for("ready")
    stage.open_again()
    stage.choose("Separate into Stems")
    stage.wait_until_done()
    stems = ["Voice – drums", "Voice – bass", "Voice – other", "Voice – vocals"]
    assert [track.name for track in stage.project().tracks] == ["Voice", *stems]
    assert len(daemon.script.requests) == 1
