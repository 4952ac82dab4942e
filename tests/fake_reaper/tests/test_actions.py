"""What the stand-in does at a stroke: items as text, actions, windows, and states between scripts."""

from pathlib import Path

import numpy as np
import pytest
from fake_reaper import Effect, Item, examples
from fake_reaper.desk import Desk
from fake_reaper.model.facts import facts
from fake_reaper.renderer import render


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("kind", [*examples.PLAYABLE, *examples.UNPLAYABLE])
def test_an_item_survives_its_chunk(tmp_path: Path, kind: str) -> None:
    desk = Desk(tmp_path, kind)
    before, sound = facts(desk.project), render(desk.project)
    item = desk.pointer(desk.item)
    retval, _, chunk, _, _ = desk.GetItemStateChunk(item, "", 1 << 20, 0)
    assert retval == 1
    desk.item.takes, desk.item.volume, desk.item.position = [], 9.0, 9.0
    assert desk.SetItemStateChunk(item, chunk, 0) == 1
    for track in before:
        for known in track["items"]:  # the fields of an item that have no line of their own
            known.update(notes="", lane=0)
    desk.item.notes, desk.item.lane = "", 0
    assert facts(desk.project) == before
    if kind != "fixed lane":
        assert np.array_equal(render(desk.project), sound)


def test_lines_and_blocks_that_are_not_known_are_passed_over(desk: Desk) -> None:
    item = desk.pointer(desk.item)
    chunk = desk.GetItemStateChunk(item, "", 1 << 20, 0)[2]
    strange = chunk.replace("SOFFS", "<NEWENV\nACT 1\n<POOL\nX 1\n>\n>\nNEWS 1 2\nSOFFS")
    before = facts(desk.project)
    assert desk.SetItemStateChunk(item, strange, 0) == 1
    assert facts(desk.project) == before


def test_what_is_no_chunk_changes_nothing(desk: Desk) -> None:
    before = facts(desk.project)
    assert desk.SetItemStateChunk(desk.pointer(desk.item), "nonsense", 0) == 0
    assert facts(desk.project) == before


def test_a_chunk_that_does_not_fit_is_not_a_success(desk: Desk) -> None:
    assert desk.GetItemStateChunk(desk.pointer(desk.item), "", 64, 0)[0] == 0


def test_two_things_with_one_guid_are_a_problem(desk: Desk, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from reaper_python import *\n"
        "RPR_Undo_BeginBlock2(0)\n"
        "chunk = RPR_GetItemStateChunk(RPR_GetMediaItem(0, 0), '', 1 << 20, 0)[2]\n"
        "RPR_SetItemStateChunk(RPR_AddMediaItemToTrack(RPR_GetTrack(0, 0)), chunk, 0)\n"
        "RPR_Undo_EndBlock2(0, 'copy', -1)\n"
    )
    desk.reaper.run_script(script)
    assert desk.reaper.problems == ["Two things have the same GUID."]


def run_action(desk: Desk, command: int) -> Item:
    desk.Main_OnCommand(command, 0)
    assert desk.reaper.problems == []
    return desk.item


def test_rendering_to_a_new_take_bakes_all_that_the_take_does(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "mixed")
    desk.item.take.play_rate = 1.5
    before = render(desk.project)
    take = run_action(desk, 41999).take
    assert (take.volume, take.play_rate, take.effects, take.envelopes, take.index) == (1.0, 1.0, [], [], 1)
    assert take.source.path.parent == desk.project.media_folder
    assert np.abs(render(desk.project) - before).max() < 1e-6
    run_action(desk, 41999)
    assert len(list(desk.project.media_folder.iterdir())) == 2


def test_reversing_twice_plays_as_before(desk: Desk) -> None:
    before = render(desk.project)
    assert run_action(desk, 41051).take.source.reverse
    backwards = render(desk.project)
    assert np.array_equal(backwards[24000:72000], before[24000:72000][::-1])
    run_action(desk, 41051)
    assert np.array_equal(render(desk.project), before)


def test_duplicated_items_are_selected_behind_the_old(desk: Desk) -> None:
    run_action(desk, 41295)
    assert [(item.position, item.selected) for item in desk.project.items] == [(0.5, 0), (1.5, 1)]


def test_takes_are_duplicated_deleted_and_cropped(desk: Desk) -> None:
    desk.item.take.effects = [Effect("Gain", 2.0)]
    assert len(run_action(desk, 40639).takes) == 2
    assert desk.item.active == 1
    assert desk.item.take.effects == [Effect("Gain", 2.0)]
    assert len(run_action(desk, 40131).takes) == 1
    assert run_action(desk, 40129).takes == []


def test_media_goes_offline_and_online(desk: Desk) -> None:
    assert run_action(desk, 40440).take.source.offline
    assert not render(desk.project).any()
    assert not run_action(desk, 40439).take.source.offline


def test_an_unknown_action_is_a_problem(desk: Desk) -> None:
    desk.Main_OnCommand(12345, 0)
    assert desk.reaper.problems == ["The stand-in does not know the action 12345."]


def test_the_user_answers_what_was_queued(desk: Desk) -> None:
    desk.reaper.answers[:] = [7]
    desk.reaper.inputs[:] = [["a", "b"], None]
    desk.run(
        """
        say = lambda value: RPR_ShowConsoleMsg(repr(value))
        say(RPR_ShowMessageBox("Sure?", "unmix", 4))
        say(RPR_MB("Sure?", "unmix", 4))
        say(RPR_GetUserInputs("t", 2, "x,y,separator=;", "1;2", 512))
        say(RPR_GetUserInputs("t", 1, "x", "1", 512))
        """
    )
    assert desk.reaper.messages == [
        "Sure?", "7", "Sure?", "6", "(1, 't', 2, 'x,y,separator=;', 'a;b', 512)", "(0, 't', 1, 'x', '1', 512)",
    ]  # fmt: skip


def test_a_caption_with_a_comma_is_a_problem(desk: Desk) -> None:
    desk.run("RPR_GetUserInputs('t', 1, 'stems, with blanks', '', 512)")
    assert "GetUserInputs was asked for 1 fields with the captions" in desk.reaper.problems[0]


def test_states_outlive_scripts(desk: Desk) -> None:
    desk.run("RPR_SetExtState('unmix', 'Run', 'a', 0); RPR_SetProjExtState(0, 'unmix', 'x', 'value')")
    desk.run(
        """
        say = lambda value: RPR_ShowConsoleMsg(repr(value))
        say(RPR_GetExtState("Unmix", "run"))
        say(RPR_GetExtState("unmix", "none"))
        say(RPR_GetProjExtState(0, "unmix", "x", "", 4))
        RPR_DeleteExtState("unmix", "run", 0)
        say(RPR_HasExtState("unmix", "run"))
        """
    )
    assert desk.reaper.messages == [
        "'a'",
        "''",
        "(5, None, 'unmix', 'x', 'val', 4)".replace("None", "0"),
        "0",
    ]
