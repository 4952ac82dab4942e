"""The script inside REAPER never holds the window for long, however many items are selected."""

from pathlib import Path

import pytest
from fake_reaper import examples, table
from plugins.reaper.scripts.studio import Desk

pytestmark = pytest.mark.long

ITEMS = 200
CALLS_PER_ITEM, CALLS_BESIDES = 13, 20
"""The most in the undo block, which cannot be cut into slices: its length in time is a row of `make bench-reaper`."""


def calls_while_placing(desk: Desk) -> list[str]:
    names = [call.name for call in desk.reaper.calls]
    return names[names.index("RPR_Undo_BeginBlock2") : names.index("RPR_Undo_EndBlock2")]


def texts_while_placing(desk: Desk) -> list[str]:
    """The calls within the undo block that cost a buffer of 4 MiB: at 3 ms each, 200 would take 0.6 s."""
    known = table.load().functions
    return [
        name
        for name in calls_while_placing(desk)
        if any(argument.kind == "str" and argument.comes_back for argument in known[name[4:]].arguments)
    ]


@pytest.mark.parametrize("strict", [False, True])
def test_two_hundred_items_are_one_job_and_never_hold_the_window(tmp_path: Path, strict: bool) -> None:
    desk = Desk(tmp_path, examples.many(tmp_path / "project", ITEMS), strict_new_source=strict)
    assert desk.run("denoise") == ""
    assert desk.reaper.problems == []
    assert desk.sounds_the_same
    assert all(len(item.takes) == 2 for item in desk.project.items)
    assert [len(job["items"]) for job in desk.jobs] == [ITEMS]
    assert desk.undo_points == [f"Unmix: denoised {ITEMS} items"]
    assert texts_while_placing(desk) == []
    assert all(item.take.name == item.take.source.path.name for item in desk.project.items)
    assert len(calls_while_placing(desk)) <= CALLS_PER_ITEM * ITEMS + CALLS_BESIDES


def test_progress_is_told_for_the_whole(tmp_path: Path) -> None:
    desk = Desk(tmp_path, examples.many(tmp_path / "project", 12))
    desk.run("denoise")
    told = [call.arguments[0] for call in desk.reaper.calls if call.name == "RPR_Help_Set"]
    assert "Unmix: looking at item 12 of 12" in told
    assert "Unmix: denoising item 6 of 12, 50 %" in told
    assert told[-1] == "Unmix: denoised 12 items by identity on cpu"
    assert len(told) == len(set(told))
