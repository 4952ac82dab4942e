"""The stand-in's sources: new ones, sections, and those that play nothing."""

from pathlib import Path
from typing import Any

import pytest
from fake_reaper import FakeReaper, Source, examples
from fake_reaper.pointers import written


@pytest.fixture
def reaper(tmp_path: Path) -> FakeReaper:
    project, _ = examples.one(tmp_path, "plain")
    return FakeReaper(project)


@pytest.fixture
def rpr(reaper: FakeReaper) -> dict[str, Any]:
    return reaper.namespace()


def test_a_new_source_can_be_set(tmp_path: Path, reaper: FakeReaper, rpr: dict[str, Any]) -> None:
    path = examples.Studio(tmp_path / "more").record()
    take = rpr["RPR_AddTakeToMediaItem"](rpr["RPR_GetMediaItem"](0, 0))
    source = rpr["RPR_PCM_Source_CreateFromFile"](str(path))
    assert rpr["RPR_SetMediaItemTake_Source"](take, source) == 1
    assert reaper.project.items[0].takes[1].source.path == path


def test_a_new_source_is_silently_refused_where_it_is_not_valid(tmp_path: Path) -> None:
    project, item = examples.one(tmp_path, "plain")
    rpr = FakeReaper(project, strict_new_source=True).namespace()
    take = rpr["RPR_AddTakeToMediaItem"](rpr["RPR_GetMediaItem"](0, 0))
    source = rpr["RPR_PCM_Source_CreateFromFile"](str(item.take.source.path))
    assert source != "(PCM_source*)0x0000000000000000"
    assert rpr["RPR_SetMediaItemTake_Source"](take, source) == 0
    assert item.takes[1].source is None
    assert rpr["RPR_GetMediaSourceLength"](source, 0)[0] == 0.0


def test_media_can_be_inserted_as_a_take_all_the_same(tmp_path: Path) -> None:
    project, item = examples.one(tmp_path, "plain")
    rpr = FakeReaper(project, strict_new_source=True).namespace()
    path = examples.Studio(tmp_path / "more").record("new.wav")
    assert rpr["RPR_InsertMedia"](str(path), 3) == 1
    assert item.take.source.path == path
    source = rpr["RPR_GetMediaItemTake_Source"](rpr["RPR_GetActiveTake"](rpr["RPR_GetMediaItem"](0, 0)))
    assert rpr["RPR_GetMediaSourceLength"](source, 0)[0] == 1.0


def test_a_source_in_use_is_copied_when_it_is_set_elsewhere(reaper: FakeReaper, rpr: dict[str, Any]) -> None:
    item = rpr["RPR_GetMediaItem"](0, 0)
    source = rpr["RPR_GetMediaItemTake_Source"](rpr["RPR_GetActiveTake"](item))
    take = rpr["RPR_AddTakeToMediaItem"](item)
    rpr["RPR_SetMediaItemTake_Source"](take, source)
    assert rpr["RPR_GetMediaItemTake_Source"](take) not in (source, "(PCM_source*)0x0000000000000000")
    assert rpr["RPR_GetMediaItemTake_Source"](rpr["RPR_GetActiveTake"](item)) == source


def test_destroying_a_source_that_plays_is_a_problem(reaper: FakeReaper, rpr: dict[str, Any]) -> None:
    rpr["RPR_PCM_Source_Destroy"](
        rpr["RPR_GetMediaItemTake_Source"](rpr["RPR_GetActiveTake"](rpr["RPR_GetMediaItem"](0, 0)))
    )
    assert reaper.problems == ["The script destroyed a source that a take still plays."]


def test_a_destroyed_source_is_gone(reaper: FakeReaper, rpr: dict[str, Any]) -> None:
    path = str(reaper.project.items[0].take.source.path)
    source = rpr["RPR_PCM_Source_CreateFromFile"](path)
    rpr["RPR_PCM_Source_Destroy"](source)
    assert rpr["RPR_GetMediaSourceSampleRate"](source) == 0


def test_what_is_no_media_gives_no_source(tmp_path: Path, rpr: dict[str, Any]) -> None:
    (tmp_path / "notes.txt").write_text("la la")
    for name in ("notes.txt", "gone.wav", ""):
        assert rpr["RPR_PCM_Source_CreateFromFile"](str(tmp_path / name)) == written("PCM_source*", 0)
        assert rpr["RPR_InsertMedia"](str(tmp_path / name), 3) == 0


def test_a_section_has_no_file_name_but_a_parent(tmp_path: Path) -> None:
    project, item = examples.one(tmp_path, "backwards section")
    rpr = FakeReaper(project).namespace()
    source = rpr["RPR_GetMediaItemTake_Source"](rpr["RPR_GetActiveTake"](rpr["RPR_GetMediaItem"](0, 0)))
    assert rpr["RPR_GetMediaSourceType"](source, "", 64)[1] == "SECTION"
    assert rpr["RPR_GetMediaSourceFileName"](source, "", 4096)[1] == ""
    assert rpr["RPR_PCM_Source_GetSectionInfo"](source, 0.0, 0.0, 0) == (1, source, 0.5, 1.5, 1)
    parent = rpr["RPR_GetMediaSourceParent"](source)
    assert rpr["RPR_GetMediaSourceFileName"](parent, "", 4096)[1] == str(item.take.source.file.path)
    assert rpr["RPR_PCM_Source_GetSectionInfo"](parent, 0.0, 0.0, 0) == (0, parent, 0.0, 0.0, 0)
    assert rpr["RPR_GetMediaSourceLength"](source, 0)[0] == 1.5


@pytest.mark.parametrize(("hides", "length"), [(True, 0.0), (False, 1.0)])
def test_an_offline_source_may_tell_nothing(tmp_path: Path, hides: bool, length: float) -> None:
    project, _ = examples.one(tmp_path, "offline")
    rpr = FakeReaper(project, offline_hides_facts=hides).namespace()
    item = rpr["RPR_GetMediaItem"](0, 0)
    source = rpr["RPR_GetMediaItemTake_Source"](rpr["RPR_GetActiveTake"](item))
    assert rpr["RPR_GetMediaSourceLength"](source, 0)[0] == length
    assert "<SOURCE _OFFLINE_WAVE" in rpr["RPR_GetItemStateChunk"](item, "", 9999, 0)[2]


def test_a_reversal_is_a_section_of_all(tmp_path: Path) -> None:
    project, _ = examples.one(tmp_path, "backwards")
    rpr = FakeReaper(project).namespace()
    source = rpr["RPR_GetMediaItemTake_Source"](rpr["RPR_GetActiveTake"](rpr["RPR_GetMediaItem"](0, 0)))
    assert rpr["RPR_PCM_Source_GetSectionInfo"](source, 9.0, 9.0, 9) == (1, source, 0.0, 2.0, 1)


def test_midi_tells_its_length_in_quarter_notes(tmp_path: Path) -> None:
    project, item = examples.one(tmp_path, "midi")
    rpr = FakeReaper(project).namespace()
    take = rpr["RPR_GetActiveTake"](rpr["RPR_GetMediaItem"](0, 0))
    assert rpr["RPR_TakeIsMIDI"](take) == 1
    assert rpr["RPR_GetMediaSourceLength"](rpr["RPR_GetMediaItemTake_Source"](take), 0)[2] == 1
    assert isinstance(item.take.source, Source)
