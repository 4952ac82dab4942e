"""The stand-in's projects behave as REAPER's: items, takes, tracks, folders, undo, and the user's edits."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from fake_reaper import FakeReaper, Project, Source, examples
from fake_reaper.desk import Desk
from fake_reaper.model.facts import facts
from fake_reaper.renderer import render

NULL_TAKE = "(MediaItem_Take*)0x0000000000000000"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_new_items_have_default_fades_and_loop_and_are_empty(desk: Desk) -> None:
    item = desk.AddMediaItemToTrack(desk.GetTrack(0, 0))
    assert [desk.GetMediaItemInfo_Value(item, key) for key in ("D_FADEINLEN", "D_FADEOUTLEN", "B_LOOPSRC")] == [
        0.01, 0.01, 1.0,
    ]  # fmt: skip
    assert desk.CountTakes(item) == 0
    assert desk.GetActiveTake(item) == NULL_TAKE


def test_items_are_numbered_in_the_order_of_time(desk: Desk) -> None:
    first = desk.GetMediaItem(0, 0)
    new = desk.AddMediaItemToTrack(desk.GetTrack(0, 0))
    assert desk.GetMediaItem(0, 0) == new
    desk.SetMediaItemInfo_Value(new, "D_POSITION", 9.0)
    assert desk.GetMediaItem(0, 0) == first
    assert desk.GetMediaItemInfo_Value(new, "IP_ITEMNUMBER") == 1.0


def test_values_keep_their_types_and_unknown_keys_do_nothing(desk: Desk) -> None:
    item, take = desk.pointer(desk.item), desk.pointer(desk.item.take)
    assert desk.SetMediaItemInfo_Value(item, "C_LOCK", 1.9) == 1
    assert desk.item.lock == 1
    assert desk.SetMediaItemInfo_Value(item, "D_NONSENSE", 1.0) == 0
    assert desk.GetMediaItemInfo_Value(item, "D_NONSENSE") == 0.0
    assert desk.SetMediaItemTakeInfo_Value(take, "IP_TAKENUMBER", 1.0) == 0
    assert desk.SetMediaItemTakeInfo_Value(take, "I_TAKEFX_NCH", 4.0) == 1
    assert desk.GetMediaItemTakeInfo_Value(take, "I_TAKEFX_NCH") == 4.0
    assert desk.GetMediaItemTakeInfo_Value(take, "P_SOURCE") == float(
        int(desk.GetMediaItemTake_Source(take).partition("0x")[2], 16)
    )


def test_names_guids_and_notes_are_texts(desk: Desk) -> None:
    item, take = desk.pointer(desk.item), desk.pointer(desk.item.take)
    assert desk.GetSetMediaItemInfo_String(item, "GUID", "", 0)[3] == desk.item.guid
    assert desk.GetSetMediaItemTakeInfo_String(take, "GUID", "", 0)[3] == desk.item.take.guid
    desk.GetSetMediaItemTakeInfo_String(take, "P_NAME", "Größe", 1)
    assert desk.GetTakeName(take) == "Größe"
    desk.GetSetMediaItemInfo_String(item, "P_EXT:unmix", "yes", 1)
    assert desk.GetSetMediaItemInfo_String(item, "P_EXT:unmix", "", 0)[:4] == (1, item, "P_EXT:unmix", "yes")
    assert desk.GetSetMediaItemInfo_String(item, "P_EXT:other", "", 0)[0] == 0


def test_a_new_take_has_no_source_and_is_not_active(desk: Desk) -> None:
    item = desk.pointer(desk.item)
    before = desk.GetActiveTake(item)
    take = desk.AddTakeToMediaItem(item)
    assert desk.GetActiveTake(item) == before
    assert desk.GetMediaItemTake_Source(take) == "(PCM_source*)0x0000000000000000"
    desk.SetActiveTake(take)
    assert desk.GetActiveTake(item) == take
    assert desk.GetMediaItemInfo_Value(item, "I_CURTAKE") == 1.0


def test_a_lane_may_hold_no_take(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "empty lane")
    item = desk.pointer(desk.item)
    assert desk.CountTakes(item) == 2
    assert desk.GetTake(item, 1) == NULL_TAKE
    assert desk.GetActiveTake(item) == NULL_TAKE


def test_media_goes_into_every_selected_item_as_the_active_take(desk: Desk, tmp_path: Path) -> None:
    other = desk.project.tracks[0].add_item(5.0, 1.0, selected=1)
    third = desk.project.tracks[0].add_item(7.0, 1.0)
    path = examples.Studio(tmp_path / "more").record("new.wav")
    assert desk.InsertMedia(str(path), 3) == 1
    assert [len(item.takes) for item in (desk.item, other, third)] == [2, 1, 0]
    assert desk.item.take.name == "new.wav"
    assert desk.item.take.source is not other.take.source


def test_media_cannot_become_takes_of_no_item(desk: Desk) -> None:
    desk.SelectAllMediaItems(0, 0)
    assert desk.InsertMedia(str(desk.item.take.source.path), 3) == 0


def test_media_is_inserted_in_the_active_project(desk: Desk, tmp_path: Path) -> None:
    desk.reaper.edits.open_project(Project(tmp_path / "other.RPP"))
    desk.InsertMedia(str(desk.item.take.source.path), 0)
    assert len(desk.reaper.active.items) == 1
    assert len(desk.project.items) == 1


@pytest.mark.parametrize("kind", ["trimmed", "time stretched", "stretch marked", "backwards", "looped"])
def test_a_split_item_plays_as_before(tmp_path: Path, kind: str) -> None:
    desk = Desk(tmp_path, kind)
    desk.item.fade_in = desk.item.fade_out = 0.0
    before = render(desk.project)
    right = desk.SplitMediaItem(desk.pointer(desk.item), desk.item.position + 0.5)
    assert right == desk.GetMediaItem(0, 1)
    assert len({take.guid for take in desk.project.takes}) == 2
    assert np.array_equal(render(desk.project), before)
    assert desk.SplitMediaItem(right, 0.0) == "(MediaItem*)0x0000000000000000"


def test_a_cut_has_no_fades(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "trimmed")
    right = desk.item.split(1.0)
    assert (desk.item.fade_in, desk.item.fade_out, right.fade_in, right.fade_out) == (0.1, 0.0, 0.0, 0.2)


def test_a_copy_shares_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "stretch marked")
    twin = desk.item.duplicate()
    before = facts(desk.project)[0]["items"][0]
    twin.take.stretch_markers.clear()
    twin.take.ext["P_EXT:a"] = twin.ext["P_EXT:a"] = "b"
    twin.take.source.path = None
    assert facts(desk.project)[0]["items"][0] == before


def test_stretch_markers_are_kept_in_order(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "stretch marked")
    take = desk.pointer(desk.item.take)
    assert desk.GetTakeNumStretchMarkers(take) == 4
    assert desk.GetTakeStretchMarker(take, 1, 0.0, 0.0) == (1, take, 1, 0.5, 0.8)
    assert desk.GetTakeStretchMarkerSlope(take, 1) == 0.25
    assert desk.SetTakeStretchMarker(take, -1, 0.75, 0.9)[0] == 2
    assert desk.SetTakeStretchMarker(take, 1, 0.55, 0.85)[0] == 1
    assert desk.GetTakeStretchMarkerSlope(take, 1) == 0.25
    assert desk.SetTakeStretchMarkerSlope(take, 2, 0.1) == 1
    assert desk.DeleteTakeStretchMarkers(take, 0, 2)[0] == 2
    assert desk.GetTakeStretchMarker(take, 9, 0.0, 0.0)[0] == -1
    assert [marker.position for marker in desk.item.take.stretch_markers] == [0.75, 1.0, 1.5]


def test_folders_are_told_by_their_depths(tmp_path: Path) -> None:
    project, _ = examples.everything(tmp_path)
    rpr = FakeReaper(project).namespace()
    assert project.outline == ["Band", "  Voices", "    Lead", "    Choir", "  Drums", "Guest", "Lanes"]
    choir = rpr["RPR_GetTrack"](0, 3)
    assert rpr["RPR_GetTrackDepth"](choir) == 2
    assert rpr["RPR_GetTrackName"](rpr["RPR_GetParentTrack"](choir), "", 99)[2] == "Voices"
    assert rpr["RPR_GetParentTrack"](rpr["RPR_GetTrack"](0, 5)) == "(MediaTrack*)0x0000000000000000"
    assert rpr["RPR_GetMediaTrackInfo_Value"](choir, "IP_TRACKNUMBER") == 4.0


def test_a_track_is_inserted_where_it_should_be(desk: Desk) -> None:
    desk.InsertTrackAtIndex(0, 1)
    desk.InsertTrackAtIndex(99, 1)
    desk.InsertTrackAtIndex(-1, 1)
    assert desk.project.outline == ["", "", "Voice", ""]
    assert desk.GetTrackName(desk.GetTrack(0, 3), "", 99)[2] == "Track 4"


def test_lanes_that_play_are_told_by_tracks_and_items(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "fixed lane")
    heard, silent = (desk.pointer(item) for item in sorted(desk.project.items, key=lambda item: -item.lane))
    track = desk.GetTrack(0, 0)
    assert desk.GetMediaTrackInfo_Value(track, "I_FREEMODE") == 2.0
    assert [desk.GetMediaItemInfo_Value(item, "C_LANEPLAYS") for item in (heard, silent)] == [1.0, 0.0]
    assert desk.SetMediaTrackInfo_Value(track, "C_LANEPLAYS:0", 1.0) == 1
    assert [desk.GetMediaItemInfo_Value(item, "C_LANEPLAYS") for item in (heard, silent)] == [2.0, 2.0]
    desk.SetMediaTrackInfo_Value(track, "C_LANEPLAYS:1", 0.0)
    assert [desk.GetMediaItemInfo_Value(item, "C_LANEPLAYS") for item in (heard, silent)] == [0.0, 1.0]


def test_a_deleted_track_takes_its_items_along(desk: Desk) -> None:
    item = desk.GetMediaItem(0, 0)
    desk.DeleteTrack(desk.GetTrack(0, 0))
    assert desk.ValidatePtr2(0, item, "MediaItem*") == 0
    assert desk.CountMediaItems(0) == 0


def test_each_edit_is_one_point_and_guids_stay(desk: Desk, tmp_path: Path) -> None:
    edits, item, guid = desk.reaper.edits, desk.item, desk.item.guid
    edits.move_item(item, 2.0, desk.project.add_track("Other"))
    edits.trim_item(item, 2.25, 2.75)
    right = edits.split_item(item, 2.5)
    edits.select(right)
    edits.activate(right.add_take(Source.from_file(item.take.source.path)))
    edits.delete_take(right.takes[0])
    edits.delete_item(right)
    assert item.guid == guid
    assert (item.position, item.length, item.take.start_offset) == (2.25, 0.25, 0.25)
    assert right.guid != guid
    assert len(desk.project.history.labels) == 7
    with pytest.raises(ValueError, match="reach"):
        edits.split_item(item, 99.0)


def test_a_closed_project_is_replaced_by_an_empty_one(desk: Desk) -> None:
    item = desk.GetMediaItem(0, 0)
    desk.reaper.edits.close_project(desk.project)
    assert desk.CountMediaItems(0) == 0
    assert desk.GetMediaItemInfo_Value(item, "D_LENGTH") == 0.0
    assert desk.EnumProjects(0, "", 99)[2] == ""


def test_media_lies_beside_the_project_or_in_the_default_folder(tmp_path: Path) -> None:
    saved, unsaved = Project(tmp_path / "song.RPP"), Project(default_media_folder=tmp_path / "Takes")
    absolute = Project(tmp_path / "song.RPP", record_path=str(tmp_path / "elsewhere"))
    reaper = FakeReaper(saved)
    reaper.edits.open_project(unsaved)
    reaper.edits.open_project(absolute)
    rpr = reaper.namespace()
    paths = [
        rpr["RPR_GetProjectPathEx"](rpr["RPR_EnumProjects"](n, "", 512)[0], "", 512)[1] for n in range(3)
    ]
    assert paths == [str(tmp_path / name) for name in ("Media", "Takes", "elsewhere")]
    assert rpr["RPR_GetProjectPath"]("", 512)[0] == paths[2]


def test_every_example_is_a_real_recording(tmp_path: Path) -> None:
    project, items = examples.everything(tmp_path)
    assert set(items) == {*examples.PLAYABLE, *examples.UNPLAYABLE}
    files = {take.source.file.path for take in project.takes if take.source and take.source.plays}
    assert {soundfile.info(file).samplerate for file in files} == {44100, 48000}
    assert {soundfile.info(file).channels for file in files} == {1, 2}
    assert all(item.selected for item in items.values())
