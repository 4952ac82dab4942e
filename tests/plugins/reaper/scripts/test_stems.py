"""The script inside REAPER separates items: a folder for each source track, a track for each stem."""

from pathlib import Path

import pytest
from fake_reaper import Effect, Project, examples
from fake_reaper.model.facts import facts
from fake_reaper.renderer import render
from plugins.reaper.scripts.studio import Desk, comparable

KINDS = sorted(set(examples.PLAYABLE) - {"all takes play"})
OF_AN_ITEM = (
    "position", "length", "volume", "loop_source", "snap_offset", "beat_mode", "color", "fade_in", "fade_out",
    "fade_in_auto", "fade_out_auto", "fade_in_shape", "fade_out_shape", "fade_in_curve", "fade_out_curve",
)  # fmt: skip


def tree(project: Project) -> list[tuple[int, str]]:
    return [(track.depth, track.name) for track in project.tracks]


@pytest.mark.parametrize("kind", KINDS)
def test_a_stem_that_is_the_input_sounds_as_the_input_did(tmp_path: Path, kind: str) -> None:
    """The first of the stems is the input here, the others are silent."""
    desk = Desk.with_item(tmp_path, kind)
    assert desk.run("vocals") == ""
    assert desk.reaper.problems == []
    assert desk.sounds_the_same


def test_a_source_that_is_refused_makes_no_difference(tmp_path: Path) -> None:
    projects = []
    for strict in (False, True):
        desk = Desk.with_item(tmp_path / str(strict), "mixed", strict_new_source=strict)
        assert desk.run("separate") == ""
        assert desk.sounds_the_same
        projects.append(comparable(facts(desk.project)))
    assert projects[0] == projects[1]


def test_every_stem_has_an_item_where_the_source_has_one(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "mixed")
    desk.run("separate")
    source, _folder, *stems = desk.project.tracks
    assert [track.name for track in stems] == ["drums", "bass", "other", "vocals"]
    assert desk.jobs[0]["task"] == {"kind": "separate", "model": "auto", "stems": []}
    for track in stems:
        (item,) = track.items
        assert all(getattr(item, name) == getattr(source.items[0], name) for name in OF_AN_ITEM)
        assert item.take.effects == source.items[0].take.effects
    assert source.items[0].mute
    assert not any(track.items[0].mute for track in stems)


def test_vocals_and_the_rest_are_two_stems(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.run("vocals")
    assert desk.jobs[0]["task"]["stems"] == ["vocals", "-vocals"]
    assert tree(desk.project) == [(0, "Voice"), (1, "Voice - stems"), (2, "vocals"), (2, "instrumental")]
    assert desk.undo_points == ["Unmix: split 1 item into vocals and instrumental"]


def test_the_stems_go_through_the_track_as_the_items_did(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    track = desk.project.tracks[0]
    track.volume, track.pan, track.effects, track.channels = 0.5, -0.3, [Effect("Gain", 1.5)], 4
    before = render(desk.project)
    desk.run("separate")
    assert (render(desk.project) == before).all()
    assert {track.channels for track in desk.project.tracks} == {4}


@pytest.mark.parametrize(
    ("depths", "expected"),
    [
        ((0, 0), ["A", " A - stems", "  vocals", "  instrumental", "B"]),
        ((1, -1), ["A", " A - stems", "  vocals", "  instrumental", " B"]),
        ((1, 1, -2), ["A", " A - stems", "  vocals", "  instrumental", " B", "  C"]),
    ],
)
def test_folders_stay_folders_where_the_track_is_first(
    tmp_path: Path, depths: tuple[int, ...], expected: list[str]
) -> None:
    desk = desk_of(tmp_path, depths, 0)
    desk.run("vocals")
    assert [" " * depth + name for depth, name in tree(desk.project)] == expected
    assert desk.reaper.problems == []


@pytest.mark.parametrize(
    ("depths", "expected"),
    [
        ((0, 0), ["A", "B", " B - stems", "  vocals", "  instrumental", "C"]),
        ((1, -1), ["A", " B", "  B - stems", "   vocals", "   instrumental", "C"]),
        ((1, 1, -2), ["A", " B", "  B - stems", "   vocals", "   instrumental", "  C", "D"]),
    ],
)
def test_folders_stay_folders_where_the_track_is_in_one(
    tmp_path: Path, depths: tuple[int, ...], expected: list[str]
) -> None:
    desk = desk_of(tmp_path, (*depths, 0), 1)
    desk.run("vocals")
    assert [" " * depth + name for depth, name in tree(desk.project)] == expected
    assert desk.sounds_the_same


def test_the_last_track_of_two_folders_still_closes_both(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, (1, 1, -2, 0), 2)
    desk.run("vocals")
    depths = [track.folder_depth for track in desk.project.tracks]
    assert depths == [1, 1, 1, 1, 0, -4, 0]
    assert tree(desk.project)[-1] == (0, "D")


def desk_of(folder: Path, depths: tuple[int, ...], at: int) -> Desk:
    """Tracks A, B, C… with these folder depths, and a selected item on one of them."""
    studio = examples.Studio(folder / "project")
    studio.project.tracks.clear()
    for number, depth in enumerate(depths):
        studio.project.add_track("ABCDE"[number], folder_depth=depth)
    studio.track = studio.project.tracks[at]
    studio.plays(studio.record())
    return Desk(folder, studio.project)


def test_every_source_track_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    studio = examples.Studio(tmp_path / "project")
    project = studio.project
    project.tracks[0].folder_depth = 1
    for name, depth in (("Lead", 0), ("Choir", -1), ("Guest", 0)):
        studio.track = project.add_track(name, folder_depth=depth)
        for _ in range(2 if name != "Guest" else 0):
            studio.plays(studio.record(seconds=0.2), 0.2)
    studio.track = project.tracks[0]
    studio.plays(studio.record(seconds=0.2), 0.2)
    desk = Desk(tmp_path, project)
    desk.run("vocals")
    assert [" " * depth + name for depth, name in tree(project)] == [
        "Voice", " Voice - stems", "  vocals", "  instrumental",
        " Lead", "  Lead - stems", "   vocals", "   instrumental",
        " Choir", "  Choir - stems", "   vocals", "   instrumental",
        "Guest",
    ]  # fmt: skip
    assert [len(track.items) for track in project.tracks] == [1, 0, 1, 1, 2, 0, 2, 2, 2, 0, 2, 2, 0]
    assert desk.sounds_the_same
    assert len(desk.undo_points) == len(desk.jobs) == 1
    assert desk.reaper.problems == []


def test_an_item_in_a_lane_that_does_not_play_has_silent_stems(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "fixed lane")
    for item in desk.project.items:
        item.selected = 1
    assert desk.run("vocals") == ""
    assert desk.sounds_the_same


def test_undo_takes_the_folder_and_the_mutes_back(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, "several takes")
    desk.run("separate")
    assert desk.reaper.undo()
    assert facts(desk.project) == desk.facts


def test_separating_twice_makes_two_folders(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.run("vocals")
    desk.item.mute = 0
    desk.run("vocals")
    assert [name for depth, name in tree(desk.project) if depth == 1] == ["Voice - stems", "Voice - stems"]
    assert desk.reaper.problems == []
