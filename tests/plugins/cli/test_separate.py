import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from fake_daemon import (
    STEMS,
    FakeDaemon,
    Upload,
    accepted,
    answers,
    calls_of,
    fail,
    progress,
    result_of,
    separator,
    summary,
)
from typer.testing import CliRunner, Result
from unmix.v1 import audio_pb2, jobs_pb2
from unmix_plugins.cli._main import app

MISSING = (
    "No model that can separate is installed; get one with: unmix models pull htdemucs,"
    " or use --model dsp, which needs no download and is of low quality"
)


def unmix(*arguments: object, stdin: bytes = b"") -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(autouse=True)
def separators(daemon: FakeDaemon) -> None:
    """What the daemon offers, best first."""
    daemon.script.models += [
        separator("htdemucs_ft", installed=False),
        separator("htdemucs"),
        separator("htdemucs_6s", (*STEMS, "guitar", "piano")),
        separator("dsp", quality="low"),
    ]


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    path.write_bytes(b"a recording of a song")
    return path


def task_of(daemon: FakeDaemon) -> audio_pb2.SeparateTask:
    """The task of the only call."""
    [spec] = daemon.script.requests
    assert isinstance(spec, audio_pb2.SeparateSpec)
    return spec.task


def test_a_song_becomes_all_stems_of_the_model_beside_itself(song: Path) -> None:
    result = unmix("separate", song)
    assert result.exit_code == 0
    for stem in STEMS:
        assert song.with_name(f"song.{stem}.wav").read_bytes() == result_of(stem, song.read_bytes())
    paths = ", ".join(str(song.with_name(f"song.{stem}.wav")) for stem in STEMS)
    levels = ", ".join(f"{stem} −23.1 dBFS" for stem in STEMS)
    assert result.stdout.splitlines()[0] == (
        f"{song} → {paths}  htdemucs on cpu  62.0 s in 1.9 s (33× real time)  {levels}"
    )
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "stems", "written"),
    [
        (["--two-stems", "vocals"], ["vocals", "-vocals"], ["no_vocals", "vocals"]),
        (["--stems", "vocals,drums"], ["vocals", "drums"], ["drums", "vocals"]),
        (["--stems", "-vocals"], ["-vocals"], ["no_vocals"]),
        (["--stems=instrumental, Vocals,vocals"], ["instrumental", "vocals"], ["instrumental", "vocals"]),
    ],
)
def test_the_stems_that_are_asked_for_are_written(
    daemon: FakeDaemon, song: Path, tmp_path: Path, arguments: list[str], stems: list[str], written: list[str]
) -> None:
    assert unmix("separate", song, "-o", tmp_path / "out", *arguments).exit_code == 0
    assert list(task_of(daemon).stems) == stems
    assert names(tmp_path / "out") == [f"song.{stem}.wav" for stem in written]


def test_options_reach_the_daemon(daemon: FakeDaemon, song: Path) -> None:
    options = (
        "--model htdemucs_6s --stems piano --consistency none --shifts 2 --overlap 0.5"
        " --format wav --depth f32 --device cpu --keep-alive 0"
    )
    assert unmix("separate", song, *options.split()).exit_code == 0
    task = task_of(daemon)
    assert (task.model, task.shifts, task.overlap) == ("htdemucs_6s", 2, 0.5)
    assert task.consistency == audio_pb2.CONSISTENCY_NONE
    [spec] = daemon.script.requests
    assert isinstance(spec, audio_pb2.SeparateSpec)
    assert (spec.options.format, spec.options.depth, spec.options.device) == ("wav", "f32", "cpu")
    assert spec.options.keep_alive.seconds == 0


def test_low_quality_is_said_in_the_line_and_in_help(daemon: FakeDaemon, song: Path) -> None:
    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        *events, last = answers(upload)
        yield from events
        last.summary.model, last.summary.quality = "dsp", "low"
        yield last

    daemon.script.separate = script
    result = unmix("separate", song, "--model", "dsp", "--stems", "bass")
    assert "  dsp (low quality) on cpu  " in result.stdout.splitlines()[0]
    told = " ".join(unmix("separate", "--help").stdout.split())
    assert "dsp needs no download and is of low quality" in told
    assert json.loads(unmix("separate", song, "--overwrite", "--json").stdout)["quality"] == "low"


def test_a_named_output_that_exists_is_refused_before_any_call(daemon: FakeDaemon, song: Path) -> None:
    target = song.with_name("song.no_vocals.wav")
    target.write_bytes(b"old")
    result = unmix("separate", song, "--two-stems", "vocals")
    assert result.exit_code == 1
    assert result.stderr == f"unmix: {target} exists already: add --overwrite to replace it.\n"
    assert not daemon.script.calls
    assert unmix("separate", song, "--two-stems", "vocals", "--overwrite").exit_code == 0
    assert target.read_bytes() == result_of("no_vocals", song.read_bytes())


@pytest.mark.parametrize(("model", "stem"), [("auto", "drums"), ("htdemucs_6s", "guitar"), ("dsp", "bass")])
def test_an_output_that_the_model_will_give_is_refused_before_any_work(
    daemon: FakeDaemon, song: Path, tmp_path: Path, model: str, stem: str
) -> None:
    target = song.with_name(f"song.{stem}.wav")
    target.write_bytes(b"old")
    (tmp_path / "first.wav").write_bytes(b"x")
    result = unmix("separate", tmp_path / "first.wav", song, "--model", model)
    assert result.exit_code == 1
    assert result.stderr == f"unmix: {target} exists already: add --overwrite to replace it.\n"
    assert not calls_of(daemon, "Process")
    assert not list(tmp_path.glob("first.*.wav"))
    assert unmix("separate", song, "--model", model, "--overwrite").exit_code == 0


@pytest.mark.parametrize(("model", "stem"), [("auto", "guitar"), ("htdemucs", "piano")])
def test_an_output_that_the_model_will_not_give_is_in_nobodys_way(song: Path, model: str, stem: str) -> None:
    song.with_name(f"song.{stem}.wav").write_bytes(b"old")
    assert unmix("separate", song, "--model", model).exit_code == 0
    assert song.with_name(f"song.{stem}.wav").read_bytes() == b"old"


def test_what_could_not_be_foreseen_is_refused_when_it_is_announced(daemon: FakeDaemon, song: Path) -> None:
    del daemon.script.models[:]
    target = song.with_name("song.vocals.wav")
    target.write_bytes(b"old")
    result = unmix("separate", song)
    assert result.exit_code == 1
    assert result.stderr == f"unmix: {song}: {target} exists already: add --overwrite to replace it.\n"
    assert daemon.script.ended.wait(10)
    assert names(song.parent) == ["song.vocals.wav", "song.wav"]
    assert target.read_bytes() == b"old"


def test_inputs_whose_stems_would_have_one_name_are_refused(daemon: FakeDaemon, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "song.wav").write_bytes(b"x")
    paths = [tmp_path / "a" / "song.wav", tmp_path / "b" / "song.wav"]
    result = unmix("separate", *paths, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert all(str(path) in result.stderr for path in paths)
    assert not calls_of(daemon, "Process")
    assert not (tmp_path / "out").exists()


def missing(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
    yield accepted()
    yield progress(0.0)
    fail(
        upload.context,
        grpc.StatusCode.FAILED_PRECONDITION,
        "No model that can separate is installed; get one.",
        reason="MODEL_MISSING",
        facts={"models": "htdemucs", "alternative": "dsp"},
    )


def test_a_missing_model_is_the_daemons_one_sentence(daemon: FakeDaemon, song: Path) -> None:
    daemon.script.separate = missing
    result = unmix("separate", song)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"unmix: {MISSING}\n"
    assert names(song.parent) == ["song.wav"]


def test_a_missing_model_is_not_told_of_every_file(daemon: FakeDaemon, song: Path) -> None:
    daemon.script.separate = missing
    others = [song.with_name(f"{number}.wav") for number in range(2)]
    result = unmix("separate", song, *others, "--json")
    assert result.stderr == f"unmix: {MISSING}\nunmix: 1 of 3 files failed: {song}; 2 more were not begun.\n"
    assert json.loads(result.stdout) == {
        "input": str(song),
        "ok": False,
        "error": {"reason": "MODEL_MISSING", "message": MISSING},
    }
    assert len(calls_of(daemon, "Process")) == 1


def test_after_a_failed_song_the_others_go_on(song: Path) -> None:
    missing_file = song.with_name("missing.wav")
    result = unmix("separate", missing_file, song, "--stems", "bass")
    assert result.exit_code == 1
    assert names(song.parent) == ["song.bass.wav", "song.wav"]
    assert result.stderr.splitlines() == [
        f"unmix: {missing_file} does not exist: check the name.",
        f"unmix: 1 of 2 files failed: {missing_file}.",
    ]


def test_one_stem_can_go_from_a_pipe_to_a_pipe(daemon: FakeDaemon) -> None:
    result = unmix("separate", "-", "-o", "-", "--stems", "-vocals", stdin=b"piped")
    assert result.exit_code == 0
    assert result.stdout_bytes == result_of("no_vocals", b"piped")
    assert result.stderr.startswith("stdin → stdout  htdemucs on cpu")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.wav", "-o", "-"], "stdout takes one output"),
        (["a.wav", "-o", "-", "--two-stems", "vocals"], "stdout takes one output"),
        (["a.wav", "b.wav", "-o", "-", "--stems", "bass"], "stdout takes one output"),
        (["a.wav", "--stems", "vocals", "--two-stems", "bass"], "exclude each other"),
        (["a.wav", "-o", "out", "--detach"], "exclude each other"),
        (["a.wav", "--stems", "../x"], "'../x' is no stem"),
        (["a.wav", "--stems", ""], "is no stem"),
        (["a.wav", "--stems", "vocals,,bass"], "is no stem"),
        (["a.wav", "--two-stems", "vocals,bass"], "takes one stem"),
        (["a.wav", "--two-stems", "-vocals"], "takes one stem"),
        (["a.wav", "--consistency", "some"], "some"),
        (["a.wav", "--shifts", "-1"], "--shifts"),
        (["a.wav", "--overlap", "1"], "--overlap"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_exits_with_2(daemon: FakeDaemon, arguments: list[str], message: str) -> None:
    result = unmix("separate", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not daemon.script.calls


def test_detach_leaves_a_durable_job_whose_stems_are_saved_later(daemon: FakeDaemon, song: Path) -> None:
    result = unmix("separate", song, "--detach", "--two-stems", "vocals", "--model", "htdemucs")
    assert (result.exit_code, result.stdout) == (0, "job-1\n")
    [spec] = daemon.script.requests
    assert isinstance(spec, jobs_pb2.JobSpec)
    assert (spec.separate.model, list(spec.separate.stems)) == ("htdemucs", ["vocals", "-vocals"])
    outputs = {"vocals": b"v", "no_vocals": b"n"}
    job = daemon.script.jobs["job-1"]
    job.state = jobs_pb2.JOB_STATE_COMPLETED
    job.summary.CopyFrom(summary(outputs, model="htdemucs"))
    daemon.script.outputs |= {("job-1", stem): data for stem, data in outputs.items()}
    saved = unmix("jobs", "save", "job-1", "-o", song.parent / "out")
    assert saved.exit_code == 0
    assert names(song.parent / "out") == ["song.no_vocals.wav", "song.vocals.wav"]
    assert "vocals −23.1 dBFS, no_vocals −23.1 dBFS" in saved.stdout


def test_the_catalogue_answers_what_can_be_separated_now(daemon: FakeDaemon) -> None:
    lines = unmix("models", "list", "--task", "separate", "--installed").stdout.splitlines()
    four = ["drums,", "bass,", "other,", "vocals"]
    assert [line.split() for line in lines[:4]] == [
        ["MODEL", "TASK", "QUALITY", "INSTALLED", "DOWNLOAD", "STEMS"],
        ["htdemucs", "separate", "high", "yes", "none", *four],
        ["htdemucs_6s", "separate", "high", "yes", "none", *four[:3], "vocals,", "guitar,", "piano"],
        ["dsp", "separate", "low", "yes", "none", *four],
    ]
    assert "htdemucs: Splits music. Licence: unclear." in lines
    told = json.loads(unmix("models", "list", "--task", "separate", "--installed", "--json").stdout)
    assert {model["name"]: model["stems"] for model in told}["htdemucs"] == list(STEMS)
