"""The script inside REAPER while users edit: results go where they belong, or nowhere, and never anywhere else."""

from pathlib import Path

import pytest
from fake_reaper import Source, examples
from fake_reaper.model.facts import facts
from plugins.reaper.scripts.studio import Desk


def test_an_item_may_be_moved_meanwhile(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, mode="waits")
    desk.begin_and_wait("denoise")
    desk.reaper.edits.move_item(desk.item, 7.0)
    desk.item.volume = 0.25
    assert desk.go() == ""
    assert (desk.item.position, desk.item.volume, len(desk.item.takes)) == (7.0, 0.25, 2)


def test_how_a_take_sounds_may_be_changed_meanwhile(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, mode="waits")
    desk.begin_and_wait("denoise")
    desk.item.take.volume = 0.5
    desk.go()
    assert (desk.item.active, desk.item.take.volume) == (1, 0.5)


@pytest.mark.parametrize("reuse", [False, True])
def test_an_item_that_was_deleted_meanwhile_is_told_of(tmp_path: Path, reuse: bool) -> None:
    desk = Desk.with_item(tmp_path, "shared", mode="waits", reuse_addresses=reuse)
    desk.begin_and_wait("denoise")
    desk.reaper.edits.delete_item(desk.item)
    new = desk.project.tracks[0].add_item(9.0, 1.0, Source.from_file(desk.item.take.source.path))
    said = desk.go()
    assert "recording 1.wav: it was deleted meanwhile." in said
    assert "Denoised 2 items" in said
    assert [len(item.takes) for item in desk.project.items] == [2, 2, 1]
    assert len(new.takes) == 1
    assert [call.name for call in desk.reaper.calls].count("RPR_PCM_Source_Destroy") == 1
    assert desk.reaper.problems == []


def test_an_item_that_was_changed_meanwhile_is_told_of_and_its_result_kept(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, mode="waits")
    desk.begin_and_wait("denoise")
    desk.reaper.edits.split_item(desk.item, desk.item.position + 0.5)
    before = facts(desk.project)
    said = desk.go()
    assert "it was changed meanwhile: run the action on it again." in said
    assert desk.new_files == {"recording 1 - clean.wav"}
    assert "recording 1 - clean.wav" in said
    assert facts(desk.project) == before


def test_a_take_that_was_chosen_meanwhile_stays_chosen(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "several takes", mode="waits")
    desk.begin_and_wait("denoise")
    desk.reaper.edits.activate(desk.item.takes[0])
    assert "another of its takes plays now" in desk.go()
    assert desk.item.active == 0


def test_another_source_meanwhile_is_told_of(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "shared", mode="waits")
    desk.begin_and_wait("denoise")
    other = desk.project.path.parent / "other.wav"
    other.write_bytes(desk.item.take.source.path.read_bytes())
    desk.item.take.play(Source.from_file(other))
    assert "it was changed meanwhile" in desk.go()
    assert len(desk.item.takes) == 1


def test_an_undo_meanwhile_makes_no_difference(tmp_path: Path) -> None:
    """It brings the items back as other objects at other addresses."""
    desk = Desk.with_item(tmp_path, mode="waits")
    desk.begin_and_wait("denoise")
    desk.reaper.edits.move_item(desk.item, 7.0)
    desk.reaper.undo()
    assert desk.go() == ""
    assert desk.sounds_the_same
    (item,) = desk.project.items
    assert len(item.takes) == 2


@pytest.mark.parametrize("edit", ["open_project", "close_project"])
def test_another_project_in_front_is_left_alone(tmp_path: Path, edit: str) -> None:
    desk = Desk.with_item(tmp_path, mode="waits")
    desk.begin_and_wait("denoise")
    other, _ = examples.one(tmp_path / "other", "plain")
    before = facts(other)
    desk.reaper.edits.open_project(other)
    if edit == "close_project":
        desk.reaper.edits.close_project(desk.project)
    said = desk.go()
    assert "was closed or is not in front any more, and nothing was changed." in said
    assert "recording 1 - clean.wav" in said
    assert facts(desk.project) == desk.facts
    assert facts(other) == before
    assert desk.new_files == {"recording 1 - clean.wav"}
    assert desk.reaper.problems == []


def stop_while_placing(folder: Path, slices: int) -> Desk:
    """Return where the results are placed, so many steps after the first; each looks at one thing."""
    desk = Desk.with_item(folder, "shared", mode="waits", reuse_addresses=True)
    desk.change_script("SLICE = 0.012", "SLICE = 0.0")
    desk.begin_and_wait("denoise")
    (desk.client_folder / "go").touch()
    desk.step_until("placing")
    desk.reaper.step(slices)
    return desk


@pytest.mark.parametrize("slices", range(1, 10, 2))
def test_an_item_that_is_deleted_while_the_results_are_placed_is_seen(tmp_path: Path, slices: int) -> None:
    desk = stop_while_placing(tmp_path, slices)
    is_early = desk.undo_points == []
    desk.reaper.edits.delete_item(desk.item)
    assert ("it was deleted meanwhile" in desk.finish()) == is_early
    assert desk.reaper.problems == []
    assert [len(item.takes) for item in desk.project.items] == [2, 2]


@pytest.mark.parametrize("slices", range(1, 10, 2))
def test_a_volume_that_is_changed_while_the_results_are_placed_is_seen(tmp_path: Path, slices: int) -> None:
    desk = stop_while_placing(tmp_path, slices)
    is_early = desk.undo_points == []
    desk.item.takes[0].volume = 0.5
    desk.project.touch()
    desk.finish()
    assert desk.item.takes[1].volume == (0.5 if is_early else 1.0)
