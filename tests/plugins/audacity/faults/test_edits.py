"""The project is edited while long work goes on: nothing of it is overwritten, and no result is lost."""

import numpy as np
import pytest
from plugins.audacity.arrangement import RATE, Audio, Clip
from plugins.audacity.faults.stage import Stage, difference, multiplied, noise, voice
from plugins.audacity.requests import FACTORS

pytestmark = pytest.mark.long

CHANGED = "The tracks have changed meanwhile, so nothing was put back; the result can be had as new tracks."


@pytest.fixture
def working(stage: Stage) -> Stage:
    """The second of three tracks is worked on, and the editor is free."""
    stage.open(voice("Music", 2), voice("Voice", 1), voice("Noise", 3))
    stage.start_daemon()
    stage.start_bridge()
    stage.editor.select(1, 0, 3)
    stage.choose("Denoise")
    stage.wait_for("working")
    return stage


EDITS = {
    "a stretch of its samples": ["SelectTime: Start=1.5 End=1.6", "Invert:"],
    "one of its samples": [f"SelectTime: Start={2 - 1 / RATE} End=2", "Amplify: Ratio=0.9999"],
    "its envelope": ["SetEnvelope: Time=1.5 Value=0.5"],
    "its place in time": ["SelectTime: Start=0 End=0.1", "Delete:"],
    "its name": ["SetTrackStatus: Name=Other"],
    "all of it": ["RemoveTracks:"],
}


@pytest.mark.parametrize("what", EDITS)
def test_a_track_that_was_changed_is_left_alone_and_the_result_offered(working: Stage, what: str) -> None:
    for command in EDITS[what]:
        working.command(command)
    edited = working.project()
    working.gate.set()
    said = working.message()
    assert said.startswith("Denoise: Voice\n\n" + CHANGED)
    assert "unmix audacity collect --as-new-track" in said
    assert working.wait_for("changed")["message"] == CHANGED
    assert difference(edited, working.project()) == ""


def test_what_was_not_put_back_can_be_had_as_a_new_track(working: Stage) -> None:
    working.command("SelectTime: Start=1 End=2")
    working.command("Delete:")
    edited = working.project()
    working.gate.set()
    working.message()
    job = working.wait_for("changed")
    assert [event["event"] for event in working.ask(do="collect", job=job["id"])] == ["failed"]
    assert [event["event"] for event in working.ask(do="collect", job=job["id"], as_new_track=True)] == [
        "done"
    ]
    now = working.project()
    assert [track.name for track in now.tracks] == ["Music", "Voice", "Noise", "Voice – clean"]
    assert np.array_equal(now.tracks[3].clips[0].samples[0], noise(1) * np.float32(FACTORS["clean"]))
    working.command("Undo:")
    assert difference(edited, working.project()) == ""


def test_a_track_that_has_moved_gets_its_result_where_it_is_now(working: Stage) -> None:
    working.command("TrackMoveTop:")
    moved = working.project()
    assert [track.name for track in moved.tracks] == ["Voice", "Music", "Noise"]
    working.gate.set()
    working.wait_until_done()
    assert difference(multiplied(moved, "Voice"), working.project()) == ""


def test_of_tracks_with_one_name_the_right_one_is_changed(stage: Stage) -> None:
    stage.open(voice("Voice", 1), voice("Voice", 2))
    stage.start_daemon()
    stage.start_bridge()
    stage.editor.select(0, 0, 3)
    stage.choose("Denoise")
    stage.command("TrackMoveBottom:")
    before = stage.project()
    assert np.array_equal(before.tracks[1].clips[0].samples[0], noise(1))
    stage.gate.set()
    stage.wait_until_done()
    first, second = stage.project().tracks
    assert np.array_equal(first.clips[0].samples, before.tracks[0].clips[0].samples)
    assert np.array_equal(second.clips[0].samples[0], noise(1) * np.float32(FACTORS["clean"]))


@pytest.mark.parametrize("selection", [("SelectNone:",), ("SelectTime: Start=1 End=1",), ("SelectAll:",)])
def test_what_is_selected_meanwhile_does_not_matter_and_stays_selected(
    working: Stage, selection: tuple[str, ...]
) -> None:
    for command in selection:
        working.command(command)
    before = working.project()
    working.gate.set()
    working.wait_until_done()
    after = working.project()
    assert difference(multiplied(before, "Voice"), after) == ""
    assert after.selection == before.selection
    assert [track.is_selected for track in after.tracks] == [track.is_selected for track in before.tracks]


def test_if_one_of_several_tracks_has_changed_none_is_overwritten(stage: Stage) -> None:
    """Also one with two clips, which are put back one after the other."""
    stage.open(Audio("Voice", [Clip(noise(1)), Clip(noise(2), 4 * RATE)]), voice("Music", 3))
    stage.start_daemon()
    stage.start_bridge()
    stage.choose("Denoise")
    stage.editor.select(1, 2.9, 3)
    stage.command("Invert:")
    edited = stage.project()
    stage.gate.set()
    assert CHANGED in stage.message()
    assert difference(edited, stage.project()) == ""


def test_another_projects_window_in_front_is_left_alone(working: Stage) -> None:
    before = working.project()
    working.command("New:")
    working.gate.set()
    job = working.wait_for("ready")
    assert (
        job["message"] == f"The project {working.name} is not in front: bring it there and fetch the result."
    )
    assert working.editor.tracks() == ()
    working.command("Close:")
    assert difference(before, working.project()) == ""
    assert [event["event"] for event in working.ask(do="collect", job=job["id"])] == ["done"]
    assert difference(multiplied(before, "Voice"), working.project()) == ""


def test_the_editor_stays_usable_while_a_separation_goes_on(stage: Stage) -> None:
    before = stage.open(voice("Music", 2), voice("Voice", 1))
    stage.start_daemon()
    stage.start_bridge()
    stage.editor.select(0, 0, 3)
    stage.choose("Separate into Stems")
    stage.wait_for("working")
    stage.editor.select(1, 0, 3)
    stage.audacity.click_menu("Effect", "Special", "Invert")
    edited = stage.until(lambda: (now := stage.project()) and difference(before, now) and now)
    assert np.array_equal(edited.track("Voice").clips[0].samples, -before.track("Voice").clips[0].samples)
    assert stage.job()["state"] == "working"
    stage.gate.set()
    stage.wait_until_done()
    after = stage.project()
    stems = ["Music – drums", "Music – bass", "Music – other", "Music – vocals"]
    assert [track.name for track in after.tracks] == ["Music", "Voice", *stems]
    assert difference(edited, type(after)(after.sample_rate, after.selection, after.tracks[:2])) == ""
    for name in stems:
        made = noise(2) * np.float32(FACTORS[name.removeprefix("Music – ")])
        assert np.array_equal(after.track(name).clips[0].samples[0], made)
