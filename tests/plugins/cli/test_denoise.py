import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from fake_daemon import FakeDaemon, Upload, answers, fail, result_of, untouched
from typer.testing import CliRunner, Result
from unmix.v1 import audio_pb2, jobs_pb2
from unmix_plugins.cli._main import app

pytestmark = pytest.mark.usefixtures("daemon")


def unmix(*arguments: object, stdin: bytes = b"") -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_cleaned_beside_itself(talk: Path) -> None:
    result = unmix("denoise", talk)
    assert result.exit_code == 0
    assert talk.with_name("talk.clean.wav").read_bytes() == result_of("clean", talk.read_bytes())
    assert result.stdout.splitlines() == [
        f"{talk} → {talk.with_name('talk.clean.wav')}  deepfilternet3 on cpu"
        "  62.0 s in 1.9 s (33× real time)  −23.1 dBFS",
        "  The peak was lowered.",
        "  It is the best installed model for speech.",
        "  It ran on the CPU because no other device is here.",
    ]
    assert result.stderr == ""


def test_both_parts_go_to_a_folder_that_is_made(talk: Path, tmp_path: Path) -> None:
    assert unmix("denoise", talk, "-o", tmp_path / "new" / "folder", "--output", "both").exit_code == 0
    assert names(tmp_path / "new" / "folder") == ["talk.clean.wav", "talk.noise.wav"]


def test_options_reach_the_daemon(daemon: FakeDaemon, talk: Path) -> None:
    options = (
        "--model rnnoise --strength 12 --music remove --output noise --format wav --depth s24 --device cpu"
        " --keep-alive 5m"
    )
    assert unmix("denoise", talk, *options.split()).exit_code == 0
    [spec] = daemon.script.requests
    assert isinstance(spec, audio_pb2.DenoiseSpec)
    assert spec.task.model == "rnnoise"
    assert spec.task.attenuation_limit_db == 12
    assert spec.task.music == audio_pb2.MUSIC_REMOVE
    assert list(spec.task.stems) == [audio_pb2.DENOISE_STEM_NOISE]
    assert (spec.options.format, spec.options.depth, spec.options.device) == ("wav", "s24", "cpu")
    assert spec.options.keep_alive.seconds == 300


def test_music_that_was_left_is_told_with_why_and_what_to_do(daemon: FakeDaemon, talk: Path) -> None:
    daemon.script.denoise = untouched
    result = unmix("denoise", talk)
    assert result.exit_code == 0
    first, *others = result.stdout.splitlines()
    assert first.split("  ")[1] == "left as it is"
    assert others == [
        "  The peak was lowered.",
        "  It is the best installed model for speech.",
        "  The music at 0:00–1:02 was left as it is: no noise is known to lie under it; filter it all the same"
        " with --model wiener",
    ]
    told = json.loads(unmix("denoise", talk, "--overwrite", "--json").stdout)
    assert told["model"] == "none"
    assert told["timeline"] == [{"from": 0.0, "to": 62.0, "class": "music", "model": ""}]


def test_the_filter_for_music_is_not_asked_to_remove_it(daemon: FakeDaemon, talk: Path) -> None:
    result = unmix("denoise", talk, "--model", "wiener", "--music", "remove")
    assert result.exit_code == 2
    assert "choose another model, or keep the music" in result.stderr
    assert daemon.script.requests == []


def test_an_existing_output_is_refused_before_any_work(daemon: FakeDaemon, talk: Path) -> None:
    target = talk.with_name("talk.clean.wav")
    target.write_bytes(b"old")
    other = talk.with_name("other.wav")
    other.write_bytes(b"other")
    result = unmix("denoise", other, talk)
    assert result.exit_code == 1
    assert result.stderr == f"unmix: {target} exists already: add --overwrite to replace it.\n"
    assert not daemon.script.calls
    assert names(talk.parent) == ["other.wav", "talk.clean.wav", "talk.wav"]
    assert unmix("denoise", talk, "--overwrite").exit_code == 0
    assert target.read_bytes() == result_of("clean", talk.read_bytes())


def test_inputs_with_one_output_name_are_refused_by_name(daemon: FakeDaemon, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "talk.wav").write_bytes(b"x")
    result = unmix(
        "denoise", tmp_path / "a" / "talk.wav", tmp_path / "b" / "talk.wav", "-o", tmp_path / "out"
    )
    assert result.exit_code == 2
    assert str(tmp_path / "a" / "talk.wav") in result.stderr
    assert str(tmp_path / "b" / "talk.wav") in result.stderr
    assert not daemon.script.calls
    assert not (tmp_path / "out").exists()


def test_after_a_failed_file_the_others_go_on(daemon: FakeDaemon, tmp_path: Path) -> None:
    for name in ("a.wav", "bad.wav", "c.wav"):
        (tmp_path / name).write_bytes(name.encode())

    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        if upload.data == b"bad.wav":
            fail(
                upload.context,
                grpc.StatusCode.INVALID_ARGUMENT,
                "This is no audio: send another file.",
                reason="INVALID_AUDIO",
            )
        yield from answers(upload)

    daemon.script.denoise = script
    paths = [tmp_path / name for name in ("a.wav", "bad.wav", "missing.wav", "c.wav")]
    result = unmix("denoise", *paths)
    assert result.exit_code == 1
    assert names(tmp_path) == ["a.clean.wav", "a.wav", "bad.wav", "c.clean.wav", "c.wav"]
    assert result.stderr.splitlines() == [
        f"unmix: {paths[1]}: This is no audio: send another file.",
        f"unmix: {paths[2]} does not exist: check the name.",
        f"unmix: 2 of 4 files failed: {paths[1]}, {paths[2]}.",
    ]


@pytest.mark.parametrize(
    "name", ["Übung täglich.wav", "two\nlines.wav", "-dash.wav", "50%[red].wav", "'q\".wav"]
)
def test_strange_names_work(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    result = unmix("denoise", "--", tmp_path / name)
    assert result.exit_code == 0
    assert f"{name[:-4]}.clean.wav" in names(tmp_path)


def test_a_name_that_is_no_text_works(tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9.wav"
    path.write_bytes(b"x")
    result = unmix("denoise", path)
    assert result.exit_code == 0
    assert "caf\\xe9.clean.wav" in result.stdout
    assert "caf\udce9.clean.wav" in names(tmp_path)


def test_a_videos_sound_takes_the_extension_that_the_daemon_tells(daemon: FakeDaemon, tmp_path: Path) -> None:
    daemon.script.denoise = lambda upload: answers(upload, "m4a")
    (tmp_path / "film.mp4").write_bytes(b"x")
    assert unmix("denoise", tmp_path / "film.mp4").exit_code == 0
    assert names(tmp_path) == ["film.clean.m4a", "film.mp4"]
    again = unmix("denoise", tmp_path / "film.mp4")
    assert again.exit_code == 1
    assert "film.clean.m4a exists already: add --overwrite" in again.stderr


def test_json_tells_everything_in_one_line_for_each_file(daemon: FakeDaemon, talk: Path) -> None:
    result = unmix("denoise", talk, talk.with_name("missing.wav"), "--output", "both", "--json")
    assert result.exit_code == 1
    good, bad = map(json.loads, result.stdout.splitlines())
    outputs = good.pop("outputs")
    assert good == {
        "input": str(talk),
        "ok": True,
        "job_id": "job-1",
        "model": "deepfilternet3",
        "model_reason": "It is the best installed model for speech.",
        "device": "cpu",
        "device_reason": "It ran on the CPU because no other device is here.",
        "frames": 2_976_000,
        "sample_rate": 48_000,
        "channels": 2,
        "queued_seconds": 0.1,
        "load_seconds": 0.4,
        "processing_seconds": 1.9,
        "notes": ["The peak was lowered."],
        "better_models": [],
        "timeline": [],
        "quality": "high",
        "precision": "float32",
        "duration_seconds": 62.0,
        "real_time_factor": pytest.approx(32.63, abs=0.01),
    }
    assert [output["path"] for output in outputs] == [
        str(talk.with_name("talk.clean.wav")),
        str(talk.with_name("talk.noise.wav")),
    ]
    assert set(outputs[0]) == {
        "name",
        "stem",
        "size_bytes",
        "sha256",
        "format",
        "extension",
        "level_dbfs",
        "peak_dbfs",
        "path",
    }
    assert bad == {
        "input": str(talk.with_name("missing.wav")),
        "ok": False,
        "error": {
            "reason": "SOURCE_ERROR",
            "message": f"{talk.with_name('missing.wav')} does not exist: check the name.",
        },
    }


def test_stdin_and_stdout_carry_bytes_and_nothing_else(talk: Path) -> None:
    result = unmix("denoise", "-", "-o", "-", stdin=b"piped")
    assert result.exit_code == 0
    assert result.stdout_bytes == result_of("clean", b"piped")
    assert result.stderr.startswith("stdin → stdout  deepfilternet3 on cpu")


def test_json_goes_to_stderr_where_stdout_carries_the_result(talk: Path) -> None:
    result = unmix("denoise", talk, "-o", "-", "--json", "--output", "noise")
    assert result.stdout_bytes == result_of("noise", talk.read_bytes())
    assert json.loads(result.stderr)["outputs"][0]["path"] == "-"


def test_stdin_can_go_to_a_folder(tmp_path: Path) -> None:
    assert unmix("denoise", "-", "-o", tmp_path, stdin=b"piped").exit_code == 0
    assert names(tmp_path) == ["stdin.clean.wav"]


def test_a_failed_result_writes_nothing_to_stdout(daemon: FakeDaemon) -> None:
    daemon.script.denoise = lambda upload: fail(upload.context, grpc.StatusCode.INTERNAL, "x", reason="X")
    result = unmix("denoise", "-", "-o", "-", stdin=b"piped")
    assert (result.exit_code, result.stdout_bytes) == (1, b"")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.wav", "b.wav", "-o", "-"], "stdout takes one output"),
        (["a.wav", "-o", "-", "--output", "both"], "stdout takes one output"),
        (["-", "-"], "stdin can be read once only"),
        (["a.wav", "-o", "clean.wav"], "looks like a file"),
        (["a.wav", "-o", "out", "--detach"], "exclude each other"),
        (["a.wav", "--strength", "101"], "--strength"),
        (["a.wav", "--output", "vocals"], "vocals"),
        (["a.wav", "--keep-alive", "soon"], "is no time"),
        (["a.wav", "--nosuch"], "--nosuch"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_exits_with_2(daemon: FakeDaemon, arguments: list[str], message: str) -> None:
    result = unmix("denoise", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not daemon.script.calls


def test_a_file_in_the_place_of_the_folder_is_told(talk: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    result = unmix("denoise", talk, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr == f"unmix: {tmp_path / 'out'} is a file: -o names a folder for the outputs.\n"


def test_detach_leaves_durable_jobs_and_prints_their_ids(daemon: FakeDaemon, talk: Path) -> None:
    result = unmix("denoise", talk, talk.with_name("missing.wav"), talk, "--detach", "--model", "rnnoise")
    assert result.exit_code == 1
    assert result.stdout == "job-1\njob-2\n"
    spec = daemon.script.requests[0]
    assert isinstance(spec, jobs_pb2.JobSpec)
    assert spec.denoise.model == "rnnoise"
    told = json.loads(unmix("denoise", talk, "--detach", "--json").stdout)
    assert told == {"input": str(talk), "ok": True, "job_id": "job-3", "state": "pending"}
