"""What a noun may be is said with its field, and any text can be sent."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unmix.v1 import audio_pb2
from unmix.words import DenoiseTask, FieldError, Music, Options, Section, SeparateTask

WRONG: tuple[tuple[Any, str], ...] = (
    (DenoiseTask(attenuation_limit_db=-0.1), "task.attenuation_limit_db"),
    (DenoiseTask(attenuation_limit_db=100.1), "task.attenuation_limit_db"),
    (DenoiseTask(attenuation_limit_db=math.nan), "task.attenuation_limit_db"),
    (DenoiseTask(stems=()), "task.stems"),
    (DenoiseTask(stems=("drums",)), "task.stems"),  # type: ignore[arg-type]  # what comes from outside
    (DenoiseTask(music="louder"), "task.music"),  # type: ignore[arg-type]  # what comes from outside
    (DenoiseTask("wiener", music=Music.REMOVE), "task.music"),
    (SeparateTask(overlap=-0.1), "task.overlap"),
    (SeparateTask(overlap=1.0), "task.overlap"),
    (SeparateTask(overlap=math.nan), "task.overlap"),
    (SeparateTask(overlap=0.9999999999), "task.overlap"),
    (SeparateTask(shifts=-1), "task.shifts"),
    (SeparateTask(shifts=21), "task.shifts"),
    (SeparateTask(stems=("",)), "task.stems"),
    (SeparateTask(stems=("../etc",)), "task.stems"),
    (SeparateTask(stems=tuple(f"s{number}" for number in range(33))), "task.stems"),
    (Options(labels={str(number): "" for number in range(17)}), "options.labels"),
    (Options(labels={"a": "ä" * 512}), "options.labels"),
    (Options(format="vhs"), "options.format"),
    (Options(format="bad_alloc"), "options.format"),
    (Options(depth="s17"), "options.depth"),
    (Options(depth="S16"), "options.depth"),
    (Options(also_formats=("mp3", "mp3")), "options.also_formats"),
    (Options(also_formats=("",)), "options.also_formats"),
    (Options(also_formats=("../wav",)), "options.also_formats"),
    (Options(also_formats=("MP3",)), "options.also_formats"),
    (Options(also_formats=("wav", "flac", "mp3", "ogg", "opus")), "options.also_formats"),
    (Options(keep_alive=1e18), "options.keep_alive"),
    (SeparateTask(consistency="glue"), "task.consistency"),  # type: ignore[arg-type]  # what comes from outside
    (Options(section=Section(-1, 0)), "options.section"),
    (Options(section=Section(0, -1)), "options.section"),
    (Options(section=Section(1 << 63, 0)), "options.section"),
)


@pytest.mark.parametrize(("noun", "field"), WRONG, ids=lambda value: str(value)[:60])
def test_what_cannot_be_is_told_with_its_field(noun: Any, field: str) -> None:
    with pytest.raises(FieldError) as wrong:
        noun.check()
    assert wrong.value.field == field
    assert str(wrong.value).endswith(".")


def test_numbers_of_the_contract_that_mean_nothing_are_refused() -> None:
    with pytest.raises(FieldError, match="no stem 9"):
        DenoiseTask.from_proto(audio_pb2.DenoiseTask(stems=[9]))  # type: ignore[list-item]  # a later version's
    with pytest.raises(FieldError, match="no music 9"):
        DenoiseTask.from_proto(audio_pb2.DenoiseTask(music=9))  # type: ignore[arg-type]  # as above
    with pytest.raises(FieldError, match="no consistency 9"):
        SeparateTask.from_proto(audio_pb2.SeparateTask(consistency=9))  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("task", [DenoiseTask("wiener"), DenoiseTask("rnnoise", music=Music.REMOVE)])
def test_each_model_may_keep_music_and_networks_may_remove_it(task: DenoiseTask) -> None:
    task.check()


def test_a_model_that_removes_no_music_is_refused_with_what_to_do() -> None:
    with pytest.raises(FieldError, match="choose another model, or keep the music"):
        DenoiseTask("wiener", music=Music.REMOVE).check()


@pytest.mark.parametrize("name", ["", "flac", "MP3"])
def test_a_format_is_known_in_capitals_as_well(name: str) -> None:
    Options(format=name, depth="f32").check()


@given(st.text(alphabet=st.characters()))
def test_any_name_of_a_file_can_be_sent(name: str) -> None:
    Options(file_name=name).to_proto().SerializeToString()
    DenoiseTask(model=name).to_proto().SerializeToString()


def test_half_a_character_is_shown_as_such() -> None:
    assert Options(file_name="a\ud800.wav").to_proto().file_name == "a\ufffd.wav"


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert Options(file_name="a\udcff.wav").to_proto().file_name == "a�.wav"
