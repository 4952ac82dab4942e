"""JOB.json: what is understood, and that everything else is refused in one sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from unmix.words import Consistency, DenoiseStem, DenoiseTask, Music, Section, SeparateTask
from unmix_plugins.errors import InvalidRequest, SourceError, UnmixError
from unmix_plugins.reaper.run.job import Assignment, Item, read_job

DENOISE = {"kind": "denoise", "model": "auto", "attenuation_limit_db": None, "stems": ["clean"]}
SEPARATE = {"kind": "separate", "model": "dsp", "stems": ["vocals", "-vocals"]}


def an_item(**changes: Any) -> dict[str, Any]:
    return {
        "id": "{A}{B}",
        "name": "Take 1",
        "source": "/media/talk.wav",
        "first_frame": 1234,
        "frames": 56_789,
        "reverse": False,
    } | changes


def a_job(**changes: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "task": DENOISE,
        "device": "auto",
        "output_folder": "/project/media",
        "items": [an_item()],
    } | changes


@pytest.fixture
def job_file(tmp_path: Path) -> Path:
    return tmp_path / "JOB.json"


def read(job_file: Path, told: Any) -> Assignment:
    job_file.write_text(json.dumps(told))
    return read_job(job_file)


def test_a_job_is_read_as_it_was_meant(job_file: Path) -> None:
    whole = an_item(id="{C}", name="", first_frame=None, frames=None, reverse=True)
    assert read(job_file, a_job(items=[an_item(), whole])) == Assignment(
        task=DenoiseTask("auto", None, (DenoiseStem.CLEAN,)),
        device="auto",
        output_folder=Path("/project/media"),
        items=(
            Item("{A}{B}", "Take 1", Path("/media/talk.wav"), Section(1234, 56_789), reverse=False),
            Item("{C}", "", Path("/media/talk.wav"), None, reverse=True),
        ),
    )


@pytest.mark.parametrize(
    ("told", "task"),
    [
        (SEPARATE, SeparateTask("dsp", ("vocals", "-vocals"))),
        (SEPARATE | {"stems": []}, SeparateTask("dsp", ())),
        (
            SEPARATE | {"consistency": "none", "shifts": 2, "overlap": 0.5},
            SeparateTask("dsp", ("vocals", "-vocals"), Consistency.NONE, shifts=2, overlap=0.5),
        ),
        (DENOISE | {"music": "remove"}, DenoiseTask(music=Music.REMOVE)),
        (DENOISE | {"attenuation_limit_db": 12}, DenoiseTask(attenuation_limit_db=12.0)),
        (DENOISE | {"stems": ["noise", "clean"]}, DenoiseTask(stems=(DenoiseStem.NOISE, DenoiseStem.CLEAN))),
    ],
)
def test_every_task_is_read(job_file: Path, told: Any, task: DenoiseTask | SeparateTask) -> None:
    assert read(job_file, a_job(task=told)).task == task


def test_a_path_of_bytes_that_are_no_text_is_kept(job_file: Path) -> None:
    odd = an_item(source="/media/t\udce4lk.wav")
    assert read(job_file, a_job(items=[odd])).items[0].source == Path("/media/t\udce4lk.wav")


def test_items_that_play_the_same_frames_the_same_way_are_one_group(job_file: Path) -> None:
    items = [
        an_item(id="1"),
        an_item(id="2", source="/media/other.wav"),
        an_item(id="3", reverse=True),
        an_item(id="4", name="another name"),
        an_item(id="5", frames=56_788),
        an_item(id="6", source="/media/other.wav"),
    ]
    groups = read(job_file, a_job(items=items)).groups()
    assert [[item.id for item in group] for group in groups] == [["1", "4"], ["2", "6"], ["3"], ["5"]]


WRONG: dict[str, Any] = {
    "no object": 5,
    "another version": a_job(version=2),
    "no version": {"items": []},
    "a missing field": {key: value for key, value in a_job().items() if key != "device"},
    "an unknown field": a_job(colour="red"),
    "no items": a_job(items=[]),
    "items that are no list": a_job(items={"0": an_item()}),
    "an item that is no object": a_job(items=["talk.wav"]),
    "an item with a misspelled field": a_job(items=[an_item(frist_frame=1)]),
    "an item without a source": a_job(items=[{"id": "1"}]),
    "one id twice": a_job(items=[an_item(), an_item(source="/media/other.wav")]),
    "an empty id": a_job(items=[an_item(id="")]),
    "an id that is no text": a_job(items=[an_item(id=7)]),
    "a name that is half a character": a_job(items=[an_item(name="\ud800")]),
    "a relative source": a_job(items=[an_item(source="talk.wav")]),
    "a source with a null": a_job(items=[an_item(source="/media/talk\0.wav")]),
    "a source that is no text": a_job(items=[an_item(source=None)]),
    "a relative folder": a_job(output_folder="media"),
    "a section without a length": a_job(items=[an_item(frames=None)]),
    "a section without a begin": a_job(items=[an_item(first_frame=None)]),
    "an empty section": a_job(items=[an_item(frames=0)]),
    "a negative begin": a_job(items=[an_item(first_frame=-1)]),
    "a negative length": a_job(items=[an_item(frames=-5)]),
    "a begin between two frames": a_job(items=[an_item(first_frame=0.5)]),
    "a begin that is a whole float": a_job(items=[an_item(first_frame=1.0)]),
    "a begin that is true": a_job(items=[an_item(first_frame=True)]),
    "a begin beyond all": a_job(items=[an_item(first_frame=1 << 63)]),
    "a direction that is a number": a_job(items=[an_item(reverse=1)]),
    "a task that is no object": a_job(task="denoise"),
    "a task of no kind": a_job(task={}),
    "a task of another kind": a_job(task=DENOISE | {"kind": "isolate"}),
    "a task without a model": a_job(task={"kind": "separate", "stems": []}),
    "a separation with a strength": a_job(task=SEPARATE | {"attenuation_limit_db": 3}),
    "an empty model": a_job(task=DENOISE | {"model": ""}),
    "too much strength": a_job(task=DENOISE | {"attenuation_limit_db": 100.5}),
    "a strength beyond all": a_job(task=DENOISE | {"attenuation_limit_db": 10**400}),
    "shifts that are a text": a_job(task=SEPARATE | {"shifts": "2"}),
    "shifts beyond all": a_job(task=SEPARATE | {"shifts": 1 << 40}),
    "a consistency that is none": a_job(task=SEPARATE | {"consistency": "perfect"}),
    "negative strength": a_job(task=DENOISE | {"attenuation_limit_db": -1}),
    "a strength that is no number": a_job(task=DENOISE | {"attenuation_limit_db": float("nan")}),
    "a strength that is true": a_job(task=DENOISE | {"attenuation_limit_db": True}),
    "a strength that is a text": a_job(task=DENOISE | {"attenuation_limit_db": "12"}),
    "denoising to no stem": a_job(task=DENOISE | {"stems": []}),
    "denoising to vocals": a_job(task=DENOISE | {"stems": ["vocals"]}),
    "stems that are no list": a_job(task=SEPARATE | {"stems": "vocals"}),
    "a stem that is a path": a_job(task=SEPARATE | {"stems": ["../vocals"]}),
    "a stem that is no text": a_job(task=SEPARATE | {"stems": [5]}),
    "a stem twice": a_job(task=SEPARATE | {"stems": ["vocals", "vocals"]}),
    "no device": a_job(device=None),
}


@pytest.mark.parametrize("what", WRONG)
def test_anything_else_is_refused_in_one_sentence(job_file: Path, what: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(job_file, WRONG[what])
    said = str(caught.value)
    of_the_form = said.endswith(": run `unmix reaper install`, which renews the scripts.")
    of_a_value = caught.value.fields and ("; choose " in said or "; use names " in said)
    assert of_the_form or of_a_value
    assert "\n" not in said


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\0", b"NaN", b"[" * 100_000, b'{"version": ' + b"9" * 5000 + b"}"]
)
def test_what_is_no_job_is_refused(job_file: Path, content: bytes) -> None:
    job_file.write_bytes(content)
    with pytest.raises(InvalidRequest):
        read_job(job_file)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(SourceError, match="run the action again"):
            read_job(path)


def test_a_file_beyond_all_measure_is_not_taken_into_memory(job_file: Path) -> None:
    with job_file.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UnmixError, match="64 MiB"):
        read_job(job_file)
