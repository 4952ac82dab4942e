"""The stand-in's calls follow the rules of REAPER's Python: types, pointers, strings, tuples."""

import ctypes
import inspect
import json
import random
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from fake_reaper import FakeReaper, Project, examples, make_table, marshal, table
from fake_reaper.functions import implemented
from fake_reaper.pointers import Pointers, written
from fake_reaper.switches import Switches
from support import shared

FUNCTIONS = table.load().functions
NULL_ITEM = "(MediaItem*)0x0000000000000000"


@pytest.fixture
def reaper(tmp_path: Path) -> FakeReaper:
    project, _ = examples.one(tmp_path, "plain")
    return FakeReaper(project)


@pytest.fixture
def rpr(reaper: FakeReaper) -> dict[str, Any]:
    return reaper.namespace()


def test_the_table_has_every_function_of_reaper_python() -> None:
    known = table.load()
    assert len(known.functions) == 698
    assert sorted(known.injected) == ["atexit", "defer", "runloop"]
    assert "InsertTrackInProject" in known.documented


def test_the_table_is_what_the_facts_say() -> None:
    facts = json.loads(shared("facts/reascript_api.json").read_text())
    assert make_table.compact(facts) == json.loads(table.FILE.read_text())


def test_every_modelled_function_takes_what_the_table_says() -> None:
    for name, function in implemented().items():
        taken = len(inspect.signature(function).parameters) - 1
        assert taken == len(FUNCTIONS[name].arguments), name


def test_what_only_lua_has_is_absent(rpr: dict[str, Any]) -> None:
    for name in (*table.load().absent, "InsertTrackInProject"):
        assert f"RPR_{name}" not in rpr


def test_a_function_that_is_not_modelled_says_so(reaper: FakeReaper, rpr: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        rpr["RPR_CSurf_GoEnd"]()
    assert reaper.problems == ["The stand-in does not model RPR_CSurf_GoEnd."]


def _some(kind: str, dice: random.Random) -> Any:
    if kind == "int":
        return dice.choice([0, 1, -1, True, 2**31, -(2**40), dice.randrange(1000)])
    if kind == "bool":
        return dice.choice([0, 1, True, False, 255, -1])
    if kind == "float":
        return dice.choice([0, 1.5, -2, 1e300, True])
    if kind == "str":
        return dice.choice(["", "text", "Größe 🎵", None, 7, "cut\0here"])
    if kind == "list":
        return [0.0, 0.0]
    return dice.choice([None, 0, "", "nonsense", written(kind, 0), written(kind, 0x7F00_0000_0001)])


@pytest.mark.parametrize("seed", range(3))
def test_every_function_takes_and_returns_what_the_table_says(seed: int) -> None:
    dice = random.Random(seed)
    pointers = Pointers(Switches())
    for name, function in FUNCTIONS.items():
        seen: list[list[Any]] = []

        def call(_: table.Function, given: Any, inside: list[Any], seen: list[list[Any]] = seen) -> Any:
            seen.append(inside)
            return _ZERO.get(function.returns)  # noqa: B023 - called before the next turn

        given = [_some(argument.kind, dice) for argument in function.arguments]
        returned = marshal.wrapper(function, pointers, call)(*given)
        back = [
            _expected(argument, value) if argument.comes_back else value
            for argument, value in zip(function.arguments, given, strict=True)
            if argument.kind == "list" or name != "GetAudioAccessorSamples"
        ]
        first = [_RETURNED.get(function.returns, written(function.returns, 0))] if function.returns else []
        if function.returns_tuple:
            assert returned == tuple(first + back), name
        else:
            assert [returned] == (first or [None]), name
        assert len(seen) == 1, name


_ZERO = {"int": 0, "bool": 0, "float": 0, "str": "text"}
_RETURNED = {"int": 0, "bool": 0, "float": 0.0, "str": "text"}


def _expected(argument: table.Argument, value: Any) -> Any:
    if argument.kind == "str":
        return str(value).split("\0")[0]
    if argument.kind == "list":
        return value
    return {"int": ctypes.c_int, "bool": ctypes.c_byte, "float": ctypes.c_double}[argument.kind](value).value


def test_every_function_refuses_a_wrong_number_of_arguments(rpr: dict[str, Any]) -> None:
    for name, function in FUNCTIONS.items():
        with pytest.raises(TypeError):
            rpr[f"RPR_{name}"](*[0] * (len(function.arguments) + 1))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 4))])
def test_modelled_functions_survive_anything_that_the_table_allows(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    project, items = examples.everything(tmp_path / "project")
    reaper = FakeReaper(project, resource_folder=tmp_path)
    rpr = reaper.namespace()
    harmless = set(implemented()) - {"RecursiveCreateDirectory", "Main_OnCommand", "Main_OnCommandEx"}
    things = [project, *project.tracks, *items.values(), *project.takes]
    things += [take.source for take in project.takes if take.source]
    for _ in range(1500):
        name = dice.choice(sorted(harmless))
        arguments = []
        for argument in FUNCTIONS[name].arguments:
            alive = [t for t in things if reaper.pointers.belongs(t, argument.kind, project)]
            if alive and dice.random() < 0.8:
                arguments.append(reaper.pointers.pointer_to(dice.choice(alive)))
            elif argument.name in ("parmname", "desc"):
                arguments.append(dice.choice(["D_VOL", "D_POSITION", "P_NAME", "GUID", "I_X", "P_EXT:a"]))
            else:
                arguments.append(_some(argument.kind, dice))
        with suppress(AttributeError) if FUNCTIONS[name].returns == "str" else nullcontext():  # NULL
            rpr[f"RPR_{name}"](*arguments)


def test_whole_numbers_reject_fractions_and_wrap_as_in_c(rpr: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        rpr["RPR_GetTrack"](0, 0.0)
    with pytest.raises(TypeError):
        rpr["RPR_GetTrack"](0, "0")
    assert rpr["RPR_GetTrack"](0, 2**32) == rpr["RPR_GetTrack"](0, 0)


def test_booleans_come_back_as_numbers(rpr: dict[str, Any]) -> None:
    found = rpr["RPR_IsMediaItemSelected"](rpr["RPR_GetMediaItem"](0, 0))
    assert found == 1
    assert type(found) is int


def test_none_as_a_text_is_the_word_none(reaper: FakeReaper, rpr: dict[str, Any]) -> None:
    rpr["RPR_ShowConsoleMsg"](None)
    assert reaper.messages == ["None"]


def test_a_pointer_has_its_type_and_sixteen_digits(rpr: dict[str, Any]) -> None:
    item = rpr["RPR_GetMediaItem"](0, 0)
    assert item.startswith("(MediaItem*)0x00007F")
    assert len(item) == len(NULL_ITEM)


def test_null_is_a_text_that_is_true(rpr: dict[str, Any]) -> None:
    nothing = rpr["RPR_GetMediaItem"](0, 99)
    assert nothing == NULL_ITEM
    assert bool(nothing)


@pytest.mark.parametrize(
    "project", [0, None, "", "(ReaProject*)0x0000000000000000", "(MediaItem*)0x1234567890"]
)
def test_anything_that_is_no_project_is_the_active_project(project: object, rpr: dict[str, Any]) -> None:
    assert rpr["RPR_CountMediaItems"](project) == 1


def test_a_pointer_of_another_kind_is_null(reaper: FakeReaper, rpr: dict[str, Any]) -> None:
    track = rpr["RPR_GetTrack"](0, 0)
    assert rpr["RPR_GetActiveTake"](track) == "(MediaItem_Take*)0x0000000000000000"
    assert rpr["RPR_GetMediaItemInfo_Value"](track.replace("MediaTrack", "MediaItem"), "D_LENGTH") == 0.0
    assert reaper.nulls == ["RPR_GetActiveTake", "RPR_GetMediaItemInfo_Value"]


def test_a_pointer_that_says_another_kind_than_it_is_of_is_null(
    reaper: FakeReaper, rpr: dict[str, Any]
) -> None:
    item = rpr["RPR_GetMediaItem"](0, 0)
    assert rpr["RPR_CountTakes"](item.replace("MediaItem", "MediaTrack")) == 0
    assert rpr["RPR_CountTakes"](f" {item}") == 0
    assert rpr["RPR_CountTakes"](item) == 1
    assert reaper.nulls == ["RPR_CountTakes", "RPR_CountTakes"]


def test_a_pointer_with_few_digits_raises_as_in_reaper(rpr: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="base 16"):
        rpr["RPR_GetActiveTake"]("(MediaItem*)0x12345678")


def test_a_stale_pointer_silently_becomes_null(reaper: FakeReaper, rpr: dict[str, Any]) -> None:
    item = rpr["RPR_GetMediaItem"](0, 0)
    take, source = (
        rpr["RPR_GetActiveTake"](item),
        rpr["RPR_GetMediaItemTake_Source"](rpr["RPR_GetActiveTake"](item)),
    )
    reaper.edits.delete_item(reaper.project.items[0])
    assert rpr["RPR_GetMediaItemInfo_Value"](item, "D_LENGTH") == 0.0
    assert rpr["RPR_SetMediaItemInfo_Value"](item, "D_LENGTH", 5.0) == 0
    assert rpr["RPR_GetMediaItemTake_Source"](take) == "(PCM_source*)0x0000000000000000"
    assert rpr["RPR_GetMediaSourceFileName"](source, "as given", 99)[1] == "as given"


def test_a_stale_project_is_the_active_project(
    tmp_path: Path, reaper: FakeReaper, rpr: dict[str, Any]
) -> None:
    closed = rpr["RPR_EnumProjects"](-1, "", 512)[0]
    other = Project(tmp_path / "other.RPP")
    reaper.edits.open_project(other)
    reaper.edits.close_project(reaper.project)
    assert rpr["RPR_CountMediaItems"](closed) == 0
    assert rpr["RPR_GetProjectName"](closed, "", 512)[1] == "other.RPP"


def test_an_address_may_be_used_again(tmp_path: Path) -> None:
    project, item = examples.one(tmp_path, "plain")
    reaper = FakeReaper(project, reuse_addresses=True)
    pointer = reaper.pointers.pointer_to(item)
    reaper.edits.delete_item(item)
    other = project.tracks[0].add_item(0.0, 1.0)
    assert reaper.pointers.pointer_to(other) == pointer


def test_validate_ptr_takes_the_bare_number(rpr: dict[str, Any]) -> None:
    item = rpr["RPR_GetMediaItem"](0, 0)
    with pytest.raises(TypeError):
        rpr["RPR_ValidatePtr"](item, "MediaItem*")
    address = int(item.partition("0x")[2], 16)
    assert rpr["RPR_ValidatePtr"](address, "MediaItem*") == 1
    assert rpr["RPR_ValidatePtr"](address, "MediaTrack*") == 0


@pytest.mark.parametrize(("invalid", "expected"), [(False, 1), (True, 0)])
def test_validate_ptr2_says_no_of_everything_where_void_is_invalid(
    tmp_path: Path, invalid: bool, expected: int
) -> None:
    project, _ = examples.one(tmp_path, "plain")
    rpr = FakeReaper(project, void_ptr_invalid=invalid).namespace()
    assert rpr["RPR_ValidatePtr2"](0, rpr["RPR_GetMediaItem"](0, 0), "MediaItem*") == expected


def test_validate_ptr2_knows_the_project(tmp_path: Path, reaper: FakeReaper, rpr: dict[str, Any]) -> None:
    item, project = rpr["RPR_GetMediaItem"](0, 0), rpr["RPR_EnumProjects"](-1, "", 512)[0]
    reaper.edits.open_project(Project(tmp_path / "other.RPP"))
    assert rpr["RPR_ValidatePtr2"](0, item, "MediaItem*") == 0
    assert rpr["RPR_ValidatePtr2"](project, item, "MediaItem*") == 1
    assert rpr["RPR_ValidatePtr2"](0, project, "ReaProject*") == 1


def test_a_tuple_has_the_result_and_then_every_argument_in_order(rpr: dict[str, Any]) -> None:
    track = rpr["RPR_GetTrack"](0, 0)
    assert rpr["RPR_GetTrackName"](track, "", 512) == (1, track, "Voice", 512)


def test_a_function_without_a_result_returns_its_arguments_only(
    reaper: FakeReaper, rpr: dict[str, Any]
) -> None:
    source = rpr["RPR_GetMediaItemTake_Source"](rpr["RPR_GetActiveTake"](rpr["RPR_GetMediaItem"](0, 0)))
    file = reaper.project.items[0].take.source.path
    assert rpr["RPR_GetMediaSourceFileName"](source, "", 4096) == (source, str(file), 4096)
    assert rpr["RPR_GetMediaSourceLength"](source, 0) == (1.0, source, 0)


def test_a_list_that_is_filled_comes_back_alone() -> None:
    function, samples = FUNCTIONS["GetAudioAccessorSamples"], [0.0]
    wrapped = marshal.wrapper(function, Pointers(Switches()), lambda *_: 1)
    returned = wrapped(0, 48000, 1, 0.0, 1, samples)
    assert returned == (1, [0.0])
    assert returned[1] is samples


def test_arguments_that_do_not_change_come_back_as_they_were_given(rpr: dict[str, Any]) -> None:
    assert rpr["RPR_EnumProjects"](True, "x", 8)[1:] == (True, "x", 8)


def test_a_text_is_cut_at_its_size(rpr: dict[str, Any]) -> None:
    assert rpr["RPR_GetTrackName"](rpr["RPR_GetTrack"](0, 0), "", 4)[2] == "Voi"


def test_a_text_that_is_cut_within_a_character_cannot_be_decoded(
    reaper: FakeReaper, rpr: dict[str, Any]
) -> None:
    reaper.project.tracks[0].name = "Größe"
    with pytest.raises(UnicodeDecodeError):
        rpr["RPR_GetTrackName"](rpr["RPR_GetTrack"](0, 0), "", 4)


def test_a_name_that_is_no_utf8_cannot_be_decoded(reaper: FakeReaper, rpr: dict[str, Any]) -> None:
    reaper.project.tracks[0].name = b"caf\xe9".decode(errors="surrogateescape")
    with pytest.raises(UnicodeDecodeError):
        rpr["RPR_GetTrackName"](rpr["RPR_GetTrack"](0, 0), "", 512)


def test_a_text_longer_than_its_buffer_is_refused(rpr: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="too long"):
        rpr["RPR_GetProjectPathEx"](0, "x" * (marshal.STRING_BUFFER + 1), 512)


def test_a_size_beyond_the_buffer_is_a_problem(reaper: FakeReaper, rpr: dict[str, Any]) -> None:
    rpr["RPR_GetProjectPathEx"](0, "", marshal.STRING_BUFFER + 1)
    assert "write past the end" in reaper.problems[0]


def test_a_returned_text_that_is_null_raises(rpr: dict[str, Any]) -> None:
    with pytest.raises(AttributeError):
        rpr["RPR_Undo_CanUndo2"](0)
