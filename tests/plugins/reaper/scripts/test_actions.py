"""The script inside REAPER denoises items of every kind; with a model that changes nothing, nothing changes."""

from pathlib import Path
from typing import Any

import pytest
from fake_reaper import Envelope, Item, Source, examples
from fake_reaper.model.facts import facts
from fake_reaper.renderer import Played, played, unheard
from plugins.reaper.scripts.studio import Desk, comparable

REFUSED = "all takes play"
"""The kind that has sound and is not worked on: a new take would be heard besides the others."""
KINDS = sorted(set(examples.PLAYABLE) - {REFUSED})
BETWEEN_FRAMES = {"off grid", "time stretched", "varispeed", "low rate"}
"""Kinds for which REAPER interpolates, so that they get a neighbouring frame on each side."""
OF_A_TAKE = {"guid", "source", "name", "start_offset", "other"}
"""What a new take has of its own; `other` holds what was set to REAPER's defaults."""


def selected(desk: Desk) -> list[Item]:
    return [item for item in desk.project.items if item.selected]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_heard_stays_the_same_to_the_last_bit(tmp_path: Path, kind: str) -> None:
    """However a file gets into a take: where REAPER refuses new sources, the same project comes out."""
    projects = []
    for strict in (False, True):
        desk = Desk.with_item(tmp_path / str(strict), kind, strict_new_source=strict)
        how, takes = unheard(desk.project), len(desk.item.takes)
        needed = [(played(item.take), item.take.source.file.frames) for item in selected(desk)]
        assert desk.run("denoise") == ""
        assert desk.reaper.problems == []
        assert desk.sounds_the_same
        assert unheard(desk.project) == how
        assert len(desk.item.takes) == takes + 1
        assert desk.item.take.name.startswith(Path(desk.asked_items[0]["source"]).stem + " - clean")
        assert ("RPR_InsertMedia" in {call.name for call in desk.reaper.calls}) == strict
        projects.append(comparable(facts(desk.project)))
        for asked, (need, length) in zip(desk.asked_items, needed, strict=True):
            assert_what_plays(asked, need, length, kind)
    assert projects[0] == projects[1]


def assert_what_plays(asked: dict[str, Any], need: Played, length: int, kind: str) -> None:
    """The client was asked for the frames of the file, which has `length`, that the item plays."""
    first, frames = (0, length) if asked["first_frame"] is None else (asked["first_frame"], asked["frames"])
    assert (asked["source"], asked["reverse"]) == (str(need.path), need.reverse)
    before, behind = need.first_frame - first, first + frames - need.first_frame - need.frames
    if kind == "stretch marked":  # markers may be anywhere in the source
        assert (first, frames) == (0, length)
    elif kind in BETWEEN_FRAMES:
        assert 0 <= before <= 2
        assert 0 <= behind <= 2
    else:
        assert (before, behind) == (0, 0)


def test_a_source_that_does_not_arrive_is_taken_back_and_inserted(tmp_path: Path) -> None:
    """REAPER may take no source although it is valid; what the take then plays tells."""
    desk = Desk.with_item(tmp_path, "shared")
    desk.reaper._dispatch._functions["SetMediaItemTake_Source"] = lambda *_: 1
    assert desk.run("denoise") == ""
    assert desk.reaper.problems == []
    assert desk.sounds_the_same
    assert [len(item.takes) for item in desk.project.items] == [2, 2, 2]
    assert desk.undo_points == ["Unmix: denoised 3 items"]
    assert desk.project.history.undone == []


def test_where_nothing_can_be_placed_nothing_is_changed_and_the_results_are_kept(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, strict_new_source=True)
    desk.reaper._dispatch._functions["InsertMedia"] = lambda *_: 0
    said = desk.run("denoise")
    assert "REAPER took none of the results, and nothing was changed." in said
    assert facts(desk.project) == desk.facts
    assert desk.new_files == {"recording 1 - clean.wav"}
    assert "recording 1 - clean.wav" in said
    assert desk.reaper.problems == []


def test_the_old_take_is_kept_and_the_new_one_plays_as_it_did(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "mixed")
    desk.run("denoise")
    before, after = desk.facts[0]["items"][0], facts(desk.project)[0]["items"][0]
    assert after["takes"][0] == before["takes"][0]
    assert {key for key in before if before[key] != after[key]} == {"takes", "active"}
    new = after["takes"][1]
    assert {key for key in new if new[key] != after["takes"][0][key]} <= OF_A_TAKE


def test_an_action_is_one_undo_point(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.run("denoise")
    assert desk.undo_points == ["Unmix: denoised 1 item"]
    assert desk.reaper.undo()
    assert facts(desk.project) == desk.facts


def test_items_that_play_the_same_share_a_file(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "shared")
    desk.run("denoise")
    first, again, later = (item.take.source.path for item in desk.project.items)
    assert first == again != later
    assert desk.new_files == {first.name, later.name}


@pytest.mark.long
def test_an_item_of_every_kind_at_once(tmp_path: Path) -> None:
    project, items = examples.everything(tmp_path / "project")
    desk = Desk(tmp_path, project)
    said = desk.run("denoise")
    assert desk.reaper.problems == []
    assert desk.sounds_the_same
    assert len(desk.jobs) == len(desk.undo_points) == len(desk.reaper.messages) == 1
    assert all(items[kind].take.source.path.parent == project.media_folder for kind in KINDS)
    for kind in (*examples.UNPLAYABLE, REFUSED):
        assert items[kind].take is None or not items[kind].take.name.endswith("clean.wav")
    for reason in ("is empty", "is MIDI", "is missing", "is offline", "takes play at once"):
        assert reason in said


@pytest.mark.parametrize("kind", [*examples.UNPLAYABLE, REFUSED])
def test_an_item_with_nothing_to_work_on_is_told_of_and_left(tmp_path: Path, kind: str) -> None:
    desk = Desk.with_item(tmp_path, kind)
    assert "but not:" in desk.run("denoise")
    assert desk.is_unchanged
    assert (desk.jobs, desk.undo_points) == ([], [])


def test_without_a_selection_the_user_is_told_to_make_one(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.item.selected = 0
    assert "Select the items" in desk.run("denoise")
    assert desk.jobs == []


def test_an_item_that_plays_nothing_of_its_file_is_told_of(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "plain")
    desk.item.loop_source, desk.item.take.start_offset = 0, 5.0
    assert "plays nothing of its file" in desk.run("denoise")


def test_the_selection_is_the_users_again(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "shared", strict_new_source=True)
    desk.project.items[1].selected = 0
    desk.run("denoise")
    assert [item.selected for item in desk.project.items] == [1, 0, 1]


def test_results_go_to_the_projects_media_folder(tmp_path: Path) -> None:
    project, _ = examples.one(tmp_path / "project", "plain")
    project.record_path = "Media"
    desk = Desk(tmp_path, project)
    desk.run("denoise")
    assert {path.name for path in (tmp_path / "project" / "Media").iterdir()} == {"recording 1 - clean.wav"}


def test_a_project_that_has_no_folder_is_to_be_saved_first(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.project.path = None
    desk.project.default_media_folder = Path()
    assert "save the project first" in desk.run("denoise")


def test_a_rate_of_the_project_that_nobody_knows_costs_a_frame_on_each_side(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "trimmed")
    desk.project.uses_sample_rate = False
    needed = played(desk.item.take)
    desk.run("denoise")
    assert desk.asked_items[0]["first_frame"] == needed.first_frame - 1
    assert desk.asked_items[0]["frames"] == needed.frames + 2
    assert desk.sounds_the_same


def test_names_are_passed_on_as_they_are(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "unicode name")
    name = desk.item.take.name
    desk.run("denoise")
    assert desk.asked_items[0]["name"] == name


@pytest.mark.parametrize("strict", [False, True])
def test_envelopes_are_copied_and_the_rest_of_the_group_left_alone(tmp_path: Path, strict: bool) -> None:
    project, first = examples.one(tmp_path / "project", "shared")
    first.take.envelopes = [Envelope("Vol", 0.5), Envelope("Pitch", 0.25)]
    again = project.items[1]
    first.group = again.group = 7
    again.selected = 0
    desk = Desk(tmp_path, project, strict_new_source=strict)
    assert desk.run("denoise") == ""
    assert desk.reaper.problems == []
    assert first.takes[1].envelopes == first.takes[0].envelopes
    assert again.take.envelopes == []
    assert (first.group, again.group, again.selected) == (7, 7, 0)
    assert desk.sounds_the_same


def test_automation_of_effects_is_told_of(tmp_path: Path) -> None:
    project, item = examples.one(tmp_path / "project", "plain")
    item.take.envelopes = [Envelope("Cutoff", 1.0)]
    desk = Desk(tmp_path, project)
    assert "automation of its take FX is not in the new take" in desk.run("denoise")


def test_sources_of_sources_are_followed_to_the_file(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "plain")
    source = desk.item.take.source
    for offset in (0.1, 0.2, 0.05):
        source = Source.section(source.copy(), offset, 0.6, reverse=offset == 0.2)
    desk.item.take.play(source)
    desk.item.length = 0.3
    needed = played(desk.item.take)
    desk.run("denoise")
    asked = desk.asked_items[0]
    assert (asked["first_frame"], asked["frames"], asked["reverse"]) == (
        needed.first_frame,
        needed.frames,
        True,
    )


def test_a_start_on_a_frame_leaves_no_fraction_of_one(tmp_path: Path) -> None:
    """Times in seconds are seldom whole frames to the last bit; half a frame off could be a frame off in REAPER."""
    desk = Desk.with_item(tmp_path)
    path = desk.scripts / "pieces.py"
    path.write_text(
        f"""
import sys
from reaper_python import *
sys.path.insert(0, {str(desk.scripts)!r})
from unmix_actions.piece import piece_of
from unmix_actions.playing import Playing
for frame in range(1, 2000, 7):
    playing = Playing("a.wav", 44100, 88200, (), False, frame / 44100, 1.0, 0.5, ())
    piece = piece_of(playing, 3.0, 44100.0)
    assert (piece.first, piece.frames, piece.start) == (frame, 22050, 0.0), piece
RPR_ShowConsoleMsg("all are whole")
"""
    )
    desk.reaper.run_script(path)
    assert desk.reaper.messages == ["all are whole"]
    assert desk.reaper.problems == []
