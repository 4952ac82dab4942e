"""The stand-in's undo: blocks, points, what an undo brings back, and what must be inside of a block."""

from pathlib import Path

import pytest
from fake_reaper import Project
from fake_reaper.desk import Desk
from fake_reaper.model.facts import facts


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_undo_and_redo_restore_everything(desk: Desk) -> None:
    before = facts(desk.project)
    desk.Undo_BeginBlock2(0)
    desk.InsertTrackAtIndex(0, 0)
    desk.DeleteTrackMediaItem(desk.GetTrack(0, 1), desk.GetMediaItem(0, 0))
    desk.Undo_EndBlock2(0, "all of it", -1)
    after = facts(desk.project)
    assert desk.Undo_DoUndo2(0) == 1
    assert facts(desk.project) == before
    assert desk.Undo_CanRedo2(0) == "all of it"
    assert desk.Undo_DoRedo2(0) == 1
    assert facts(desk.project) == after
    assert desk.Undo_DoRedo2(0) == 0


def test_after_an_undo_guids_live_on_and_items_pointers_do_not(desk: Desk) -> None:
    item, track = desk.GetMediaItem(0, 0), desk.GetTrack(0, 0)
    desk.Undo_BeginBlock2(0)
    desk.SetMediaItemInfo_Value(item, "D_VOL", 0.5)
    desk.Undo_EndBlock2(0, "quieter", -1)
    desk.reaper.undo()
    assert desk.GetTrack(0, 0) == track
    assert desk.ValidatePtr2(0, item, "MediaItem*") == 0
    assert desk.GetMediaItemInfo_Value(desk.GetMediaItem(0, 0), "D_VOL") == 1.0
    assert desk.project.item(desk.item.guid) is not desk.item


def test_a_point_with_no_flags_is_none(desk: Desk) -> None:
    desk.Undo_BeginBlock2(0)
    desk.Undo_EndBlock2(0, "nothing", 0)
    assert desk.project.history.labels == []


@pytest.mark.parametrize(("flags", "left_out"), [(-1, ""), (5, ""), (4, "tracks"), (1, "items")])
def test_a_point_that_leaves_out_what_was_changed_is_a_problem(desk: Desk, flags: int, left_out: str) -> None:
    desk.run(
        f"""
        RPR_Undo_BeginBlock2(0)
        RPR_SetMediaItemInfo_Value(RPR_GetMediaItem(0, 0), "D_VOL", 0.5)
        RPR_SetMediaTrackInfo_Value(RPR_GetTrack(0, 0), "D_VOL", 0.5)
        RPR_Undo_EndBlock2(0, "both", {flags})
        """
    )
    problem = f"An undo point with the flags {flags} leaves out the {left_out} that were changed."
    assert desk.reaper.problems == [problem] * bool(left_out)


def test_a_new_point_ends_what_could_be_done_again(desk: Desk) -> None:
    desk.reaper.edits.move_item(desk.item, 3.0)
    desk.reaper.undo()
    desk.reaper.edits.move_item(desk.project.items[0], 4.0)
    assert desk.project.history.labels == ["Move media items"]
    assert desk.project.history.undone == []
    assert not desk.reaper.redo()
    assert desk.project.items[0].position == 4.0


def test_a_block_left_open_is_a_problem(desk: Desk) -> None:
    desk.run("RPR_Undo_BeginBlock2(0); RPR_defer('pass')")
    assert desk.reaper.problems == ["An undo block was left open."]


def test_a_block_ended_twice_is_a_problem(desk: Desk) -> None:
    desk.run("RPR_Undo_BeginBlock2(0); RPR_Undo_EndBlock2(0, 'a', -1); RPR_Undo_EndBlock2(0, 'a', -1)")
    assert desk.reaper.problems == ["An undo block was ended that was not begun."]


@pytest.mark.parametrize("count", [1, 2])
def test_a_refresh_that_is_held_is_a_problem(desk: Desk, count: int) -> None:
    desk.run(f"RPR_PreventUIRefresh({count}); RPR_PreventUIRefresh(-{count - 1})")
    assert desk.reaper.problems == ["The window's refresh was held and not let go."]


def test_a_refresh_let_go_too_often_is_a_problem(desk: Desk) -> None:
    desk.run("RPR_PreventUIRefresh(1); RPR_PreventUIRefresh(-1); RPR_PreventUIRefresh(-1)")
    assert desk.reaper.problems == ["The window's refresh was let go more often than it was held."]


def test_a_change_outside_a_block_is_a_problem(desk: Desk) -> None:
    desk.run("RPR_SetMediaItemInfo_Value(RPR_GetMediaItem(0, 0), 'D_VOL', 0.5)")
    assert desk.reaper.problems == ["RPR_SetMediaItemInfo_Value changed the project outside an undo block."]


def test_a_window_inside_a_block_is_a_problem(desk: Desk) -> None:
    desk.run("RPR_Undo_BeginBlock2(0); RPR_ShowMessageBox('a', 'b', 0); RPR_Undo_EndBlock2(0, 'c', -1)")
    assert desk.reaper.problems == ["A window was opened inside an undo block."]


def test_a_window_while_the_refresh_is_held_is_a_problem(desk: Desk) -> None:
    desk.run("RPR_PreventUIRefresh(1); RPR_ShowMessageBox('a', 'b', 0); RPR_PreventUIRefresh(-1)")
    assert desk.reaper.problems == ["A window was opened while the refresh was held."]


def test_nested_blocks_make_one_point(desk: Desk) -> None:
    desk.run(
        """
        item = RPR_GetMediaItem(0, 0)
        RPR_Undo_BeginBlock2(0)
        RPR_SetMediaItemInfo_Value(item, "D_VOL", 0.5)
        RPR_Undo_BeginBlock()
        RPR_InsertTrackAtIndex(0, 0)
        RPR_Undo_EndBlock("inner", -1)
        RPR_Main_OnCommand(40289, 0)
        RPR_Undo_EndBlock2(0, "outer", -1)
        RPR_ShowConsoleMsg(RPR_Undo_CanUndo2(0))
        """
    )
    assert desk.project.history.labels == ["outer"]
    assert desk.reaper.messages == ["outer"]
    assert desk.reaper.problems == []


def test_an_action_outside_a_block_makes_a_point_of_its_own(desk: Desk) -> None:
    desk.run("RPR_Main_OnCommand(40289, 0)")
    assert desk.project.history.labels == ["Unselect all items"]


def test_a_script_that_neither_defers_nor_makes_a_point_gets_one(desk: Desk) -> None:
    desk.run("RPR_CountTracks(0)")
    assert desk.project.history.labels == ["ReaScript: script.py"]


def test_a_script_that_defers_gets_none(desk: Desk) -> None:
    desk.run("RPR_defer('')")
    desk.reaper.run_until_idle()
    assert desk.project.history.labels == []


def test_a_change_in_another_tab_is_noticed_there(desk: Desk, tmp_path: Path) -> None:
    other = Project(tmp_path / "other.RPP")
    other.add_track()
    desk.reaper.edits.open_project(other)
    desk.run(
        """
        there = RPR_EnumProjects(0, "", 512)[0]
        RPR_Undo_BeginBlock2(there)
        RPR_SetMediaItemInfo_Value(RPR_GetMediaItem(there, 0), "D_VOL", 0.5)
        RPR_Undo_EndBlock2(there, "there", -1)
        """
    )
    assert (desk.project.history.labels, other.history.labels) == (["there"], [])
    assert desk.reaper.problems == []
