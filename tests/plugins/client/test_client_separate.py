import os
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import grpc
import pytest
from fake_daemon import (
    STEMS,
    FakeDaemon,
    Upload,
    accepted,
    answers,
    fail,
    output,
    piece,
    result_of,
    summary,
)
from unmix.v1 import audio_pb2, jobs_pb2
from unmix.words import Consistency, Event, Options, Priority, Section, SeparateTask
from unmix_plugins.client import Client
from unmix_plugins.errors import InvalidRequest, NotPossibleNow, OutputExists

MISSING = "No model that can separate is installed; get one with: unmix models pull htdemucs"
TWO = SeparateTask(stems=("vocals", "-vocals"))


def targets(talk: Path, *stems: str) -> dict[str, Path]:
    return {stem: talk.with_name(f"talk.{stem}.wav") for stem in stems}


def names_beside(talk: Path) -> list[str]:
    return sorted(path.name for path in talk.parent.iterdir())


def test_all_stems_are_written_as_the_daemon_made_them(client: Client, tmp_path: Path) -> None:
    song = tmp_path / "talk.wav"
    song.write_bytes(os.urandom(3_000_001))
    done = client.process(song, targets(song, *STEMS), SeparateTask())
    for stem, path in targets(song, *STEMS).items():
        assert path.read_bytes() == result_of(stem, song.read_bytes())
    assert done.model == "htdemucs"
    assert [told.stem for told in done.outputs] == list(STEMS)


def test_a_complement_is_an_output_of_its_own(client: Client, talk: Path) -> None:
    client.process(talk, targets(talk, "vocals", "no_vocals"), TWO)
    assert names_beside(talk) == ["talk.no_vocals.wav", "talk.vocals.wav", "talk.wav"]


def test_the_daemon_is_told_everything(daemon: FakeDaemon, client: Client, talk: Path) -> None:
    task = SeparateTask("htdemucs_ft", ("vocals", "-drums"), Consistency.NONE, shifts=3, overlap=0.0)
    options = Options(format="flac", depth="s24", device="cpu", keep_alive=0, priority=Priority.BATCH)
    client.process(talk, {"vocals": BytesIO(), "no_drums": BytesIO()}, task, options)
    [spec] = daemon.script.requests
    assert isinstance(spec, audio_pb2.SeparateSpec)
    assert spec.task == audio_pb2.SeparateTask(
        model="htdemucs_ft",
        stems=["vocals", "-drums"],
        consistency=audio_pb2.CONSISTENCY_NONE,
        shifts=3,
        overlap=0.0,
    )
    assert (spec.options.file_name, spec.options.size_bytes) == ("talk.wav", len(talk.read_bytes()))
    assert (spec.options.format, spec.options.depth, spec.options.device) == ("flac", "s24", "cpu")
    assert spec.options.HasField("keep_alive")
    assert spec.options.priority == audio_pb2.PRIORITY_BATCH


def test_what_is_not_said_stays_unset_and_stems_add_up(daemon: FakeDaemon, client: Client) -> None:
    client.process(BytesIO(b"a song"), {"bass": BytesIO()}, SeparateTask())
    [spec] = daemon.script.requests
    assert isinstance(spec, audio_pb2.SeparateSpec)
    assert not spec.task.HasField("overlap")
    assert (spec.task.model, spec.task.shifts, list(spec.task.stems)) == ("auto", 0, [])
    assert spec.task.consistency == audio_pb2.CONSISTENCY_MIXTURE


@pytest.mark.parametrize(
    ("task", "options", "field"),
    [
        (SeparateTask(shifts=1 << 31), Options(), "task.shifts"),
        (SeparateTask(shifts=-1), Options(), "task.shifts"),
        (SeparateTask(overlap=1.0), Options(), "task.overlap"),
        (SeparateTask(stems=("../vocals",)), Options(), "task.stems"),
        (SeparateTask(stems=("v\udce9",)), Options(), "task.stems"),
        (SeparateTask(), Options(labels={"much": "x" * 2000}), "options.labels"),
        (SeparateTask(), Options(keep_alive=1e300), "options.keep_alive"),
        (SeparateTask(), Options(section=Section(1 << 63, 1)), "options.section"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    daemon: FakeDaemon, client: Client, talk: Path, task: SeparateTask, options: Options, field: str
) -> None:
    for send in (
        lambda: client.process(talk, {}, task, options),
        lambda: client.jobs.submit(talk, task, options),
    ):
        with pytest.raises(InvalidRequest) as raised:
            send()
        assert (raised.value.fields, raised.value.reason) == ((field,), "INVALID_REQUEST")
    assert not daemon.script.requests


def test_two_outputs_of_one_stem_arrive_under_their_own_names(
    daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    files = {"vocals": b"RIFF of the vocals", "vocals_mp3": b"an mp3 of the vocals"}

    def script(_: Upload) -> Iterator[audio_pb2.AudioEvent]:
        told = summary(files)
        for file, data in zip(told.outputs, files.values(), strict=True):
            file.stem = "vocals"
            file.extension = "mp3" if file.name.endswith("mp3") else "wav"
            yield output("vocals", file.extension, name=file.name)
            yield piece(file.name, 0, data)
        yield audio_pb2.AudioEvent(summary=told)

    daemon.script.separate = script
    wanted = {"vocals": talk.with_name("vocals.wav"), "vocals_mp3": talk.with_name("vocals.mp3")}
    done = client.process(talk, wanted, TWO, Options(also_formats=("mp3",)))
    assert {name: path.read_bytes() for name, path in wanted.items()} == files
    assert [(told.name, told.stem) for told in done.outputs] == [
        ("vocals", "vocals"),
        ("vocals_mp3", "vocals"),
    ]
    [spec] = daemon.script.requests
    assert isinstance(spec, audio_pb2.SeparateSpec)
    assert list(spec.options.also_formats) == ["mp3"]


def test_names_that_are_no_text_reach_the_daemon_as_far_as_they_are(
    daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    client.process(talk, lambda _: BytesIO(), SeparateTask(model="m\udce9"))
    [spec] = daemon.script.requests
    assert isinstance(spec, audio_pb2.SeparateSpec)
    assert spec.task.model == "m\ufffd"


def test_a_missing_model_is_told_in_the_daemons_words(daemon: FakeDaemon, client: Client, talk: Path) -> None:
    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        yield accepted()
        fail(upload.context, grpc.StatusCode.FAILED_PRECONDITION, MISSING, reason="MODEL_MISSING")

    daemon.script.separate = script
    with pytest.raises(NotPossibleNow) as raised:
        client.process(talk, targets(talk, *STEMS), SeparateTask())
    assert (str(raised.value), raised.value.reason) == (MISSING, "MODEL_MISSING")
    assert names_beside(talk) == ["talk.wav"]


def test_no_stem_is_written_when_one_is_there_already(client: Client, talk: Path) -> None:
    wanted = targets(talk, *STEMS)
    wanted["vocals"].write_bytes(b"old")
    with pytest.raises(OutputExists, match=r"talk\.vocals\.wav exists already"):
        client.process(talk, wanted, SeparateTask())
    assert names_beside(talk) == ["talk.vocals.wav", "talk.wav"]
    assert wanted["vocals"].read_bytes() == b"old"


def test_a_failing_callback_cancels_on_the_daemon_and_leaves_no_stem(
    daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    released = threading.Event()

    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        upload.context.add_callback(released.set)
        for stem in STEMS:
            yield output(stem)
            yield piece(stem, 0, b"half")
        yield accepted()
        released.wait(10)

    def stop(event: Event) -> None:
        if type(event).__name__ == "Accepted":
            raise KeyboardInterrupt

    daemon.script.separate = script
    with pytest.raises(KeyboardInterrupt):
        client.process(talk, targets(talk, *STEMS), SeparateTask(), on_event=stop)
    assert daemon.script.ended.wait(10)
    assert released.is_set()
    assert names_beside(talk) == ["talk.wav"]


def test_stems_that_begin_again_after_a_dead_worker_start_from_nothing(
    daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        for stem in STEMS:
            yield output(stem)
            yield piece(stem, 0, b"what a worker wrote before it died" * 9)
        yield from answers(upload)

    daemon.script.separate = script
    client.process(talk, targets(talk, *STEMS), SeparateTask())
    assert talk.with_name("talk.bass.wav").read_bytes() == result_of("bass", talk.read_bytes())


def test_a_separation_is_submitted_as_a_durable_job(daemon: FakeDaemon, client: Client, talk: Path) -> None:
    job = client.jobs.submit(talk, SeparateTask("htdemucs", ("vocals", "-vocals"), Consistency.NONE))
    assert job.task == SeparateTask("htdemucs", ("vocals", "-vocals"), Consistency.NONE)
    assert (job.kind, job.options.file_name) == ("separate", "talk.wav")
    [spec] = daemon.script.requests
    assert isinstance(spec, jobs_pb2.JobSpec)
    assert spec.WhichOneof("task") == "separate"
    assert list(spec.separate.stems) == ["vocals", "-vocals"]
    assert spec.separate.consistency == audio_pb2.CONSISTENCY_NONE
    assert daemon.script.outputs["job-1", "upload"] == talk.read_bytes()
