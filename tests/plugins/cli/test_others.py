import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon, separator, summary
from typer.testing import CliRunner, Result
from unmix.locations import DATABASE, LOG, TOKEN
from unmix.v1 import audio_pb2, jobs_pb2, models_pb2
from unmix_plugins.cli._main import app
from unmix_plugins.version import version


def unmix(*arguments: object, stdin: str = "") -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture
def done(daemon: FakeDaemon) -> str:
    daemon.script.outputs["j", "clean"] = b"clean bytes"
    daemon.script.outputs["j", "noise"] = b"noise bytes"
    daemon.script.jobs["j"] = jobs_pb2.Job(
        job_id="j",
        state=jobs_pb2.JOB_STATE_COMPLETED,
        denoise=audio_pb2.DenoiseTask(),
        options=audio_pb2.JobOptions(file_name="../../talk.wav"),
        summary=summary({"clean": b"clean bytes", "noise": b"noise bytes"}),
    )
    return "j"


def test_without_arguments_help_is_printed() -> None:
    assert "denoise" in unmix().output
    assert unmix("--help").exit_code == 0
    assert "unmix jobs save" not in unmix("jobs").output


def test_the_version_is_printed() -> None:
    assert unmix("--version").stdout == f"unmix {version()}\n"


def test_status_tells_devices_and_models_in_memory(daemon: FakeDaemon) -> None:
    result = unmix("status")
    assert result.exit_code == 0
    assert f"unmixd unknown, process {os.getpid()}, 60.0 MB, at {daemon.address}" in result.stdout
    assert "0 running, 0 waiting of at most 100" in result.stdout
    assert "not available: there is no NVIDIA driver" in result.stdout
    assert "4711" in result.stdout
    assert "rnnoise" in result.stdout
    told = json.loads(unmix("status", "--json").stdout)
    assert told["pid"] == os.getpid()
    assert [model["name"] for model in told["resident_models"]] == ["rnnoise"]
    assert told["devices"][1]["available"] is False


def test_status_starts_no_daemon(state: Path) -> None:
    result = unmix("status")
    assert result.exit_code == 1
    assert result.stderr == f"unmix: No daemon runs for {state}: `unmix start` starts one.\n"


def test_start_and_stop_tell_what_there_was(daemon: FakeDaemon, state: Path) -> None:
    assert "was up already: process" in unmix("start").stdout
    daemon.stop()
    assert unmix("stop").stdout == "No daemon runs.\n"


def test_jobs_are_listed_up_to_a_limit(daemon: FakeDaemon, done: str) -> None:
    for number in range(4):
        daemon.script.jobs[f"k{number}"] = jobs_pb2.Job(job_id=f"k{number}", state=jobs_pb2.JOB_STATE_PENDING)
    assert unmix("jobs", "list", "-n", 3).stdout.count("\n") == 4
    told = json.loads(unmix("jobs", "list", "--state", "completed", "--json").stdout)
    assert [(job["job_id"], job["state"], job["summary"]["model"]) for job in told] == [
        ("j", "completed", "deepfilternet3")
    ]
    assert unmix("jobs", "list", "--state", "failed").stdout == "No jobs.\n"


def test_a_watched_job_ends_with_how_to_save_it(daemon: FakeDaemon, done: str) -> None:
    daemon.script.job_events = [
        jobs_pb2.WatchJobResponse(sequence=1, state=jobs_pb2.JOB_STATE_PROCESSING),
        jobs_pb2.WatchJobResponse(
            sequence=2,
            state=jobs_pb2.JOB_STATE_COMPLETED,
            summary=daemon.script.jobs[done].summary,
        ),
    ]
    result = unmix("jobs", "watch", done)
    assert result.exit_code == 0
    assert result.stdout.startswith("j is completed; `unmix jobs save j` writes its outputs.\n")
    lines = unmix("jobs", "watch", done, "--json").stdout.splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["processing", "completed"]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            jobs_pb2.WatchJobResponse(
                sequence=1,
                state=jobs_pb2.JOB_STATE_FAILED,
                error=jobs_pb2.JobError(code=3, reason="INVALID_AUDIO", message="No audio: send another."),
            ),
            "unmix: No audio: send another.\n",
        ),
        (
            jobs_pb2.WatchJobResponse(sequence=1, state=jobs_pb2.JOB_STATE_CANCELLED),
            "unmix: Job j was cancelled: send the file again if that was not meant.\n",
        ),
    ],
)
def test_a_watched_job_that_fails_fails_the_command(
    daemon: FakeDaemon, event: jobs_pb2.WatchJobResponse, message: str
) -> None:
    daemon.script.job_events = [event]
    result = unmix("jobs", "watch", "j")
    assert (result.exit_code, result.stderr) == (1, message)


def test_several_jobs_are_cancelled_retried_and_deleted_though_one_is_unknown(
    daemon: FakeDaemon, done: str
) -> None:
    for command, said in (
        ("cancel", "j is cancelled.\n"),
        ("retry", "j is pending; `unmix jobs watch j` follows it.\n"),
        ("delete", "j is deleted.\n"),
    ):
        result = unmix("jobs", command, "nosuch", done)
        assert (result.exit_code, result.stdout) == (1, said)
        assert result.stderr == "unmix: There is no job nosuch: `unmix jobs list` shows them.\n"


def test_the_list_says_how_failed_jobs_are_tried_again_and_what_others_wait_for(daemon: FakeDaemon) -> None:
    waits = audio_pb2.Progress(stage="waiting: the disk is full")
    daemon.script.jobs["j"] = jobs_pb2.Job(job_id="j", state=jobs_pb2.JOB_STATE_PENDING, progress=waits)
    listed = unmix("jobs", "list").stdout
    assert "waiting: the disk is full" in listed
    assert "retry" not in listed
    daemon.script.jobs["k"] = jobs_pb2.Job(job_id="k", state=jobs_pb2.JOB_STATE_FAILED)
    assert "`unmix jobs retry JOB` tries a failed one again" in unmix("jobs", "list").stdout


def test_the_status_says_what_jobs_wait_for(daemon: FakeDaemon) -> None:
    daemon.script.status.waits_for.append("the disk is full")
    assert "Jobs wait: the disk is full.\n" in unmix("status").stdout


def test_outputs_of_a_job_are_saved_in_the_folder_and_nowhere_else(
    daemon: FakeDaemon, done: str, tmp_path: Path
) -> None:
    out = tmp_path / "a" / "b"
    assert unmix("jobs", "save", done, "-o", out).exit_code == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        "talk.clean.wav": b"clean bytes",
        "talk.noise.wav": b"noise bytes",
    }
    again = unmix("jobs", "save", done, "-o", out)
    assert again.exit_code == 1
    assert "add --overwrite" in again.stderr
    told = json.loads(
        unmix("jobs", "save", done, "-o", out, "--overwrite", "--stem", "noise", "--json").stdout
    )
    assert [output["path"] for output in told["outputs"]] == [str(out / "talk.noise.wav")]


def test_a_stem_that_a_job_lacks_is_told(done: str, tmp_path: Path) -> None:
    result = unmix("jobs", "save", done, "-o", tmp_path, "--stem", "vocals")
    assert (result.exit_code, result.stderr) == (
        1,
        "unmix: Job j has no such output: it has clean, noise.\n",
    )


def test_models_are_listed(daemon: FakeDaemon) -> None:
    table, facts = unmix("models", "list").stdout.split("\n\n")
    assert [line.split() for line in table.splitlines()] == [
        ["MODEL", "TASK", "QUALITY", "INSTALLED", "DOWNLOAD", "STEMS"],
        ["rnnoise", "denoise", "high", "loaded", "on", "cpu", "none", "clean,", "noise"],
        ["deepfilternet3", "denoise", "high", "no", "8.4", "MB", "clean,", "noise"],
    ]
    assert facts.splitlines() == [
        "rnnoise: For speech. Licence: BSD-3-Clause.",
        "deepfilternet3: The best for speech. Licence: MIT.",
    ]
    told = json.loads(unmix("models", "list", "--installed", "--json").stdout)
    assert [model["licence"] for model in told] == ["BSD-3-Clause"]


def test_a_catalogue_without_what_is_looked_for_is_told(daemon: FakeDaemon) -> None:
    assert unmix("models", "list", "--task", "separate").stdout == "No such models.\n"


def test_a_size_that_nobody_has_said_is_unknown(daemon: FakeDaemon, pulled: list[str]) -> None:
    url = "https://example.org/weights/"
    daemon.script.models.append(separator("htdemucs_6s", installed=False, url=url))
    assert "size unknown" in unmix("models", "list", "--task", "separate").stdout
    result = unmix("models", "pull", "htdemucs_6s", stdin="n\n")
    assert f"unmix: htdemucs_6s: size unknown from {url}; licence: unclear.\n" in result.stderr
    assert not pulled


@pytest.fixture
def pulled(daemon: FakeDaemon) -> list[str]:
    names: list[str] = []

    def pull(name: str) -> Iterator[models_pb2.PullModelResponse]:
        names.append(name)
        yield models_pb2.PullModelResponse(stage="downloading", done_bytes=1, total_bytes=2)
        yield models_pb2.PullModelResponse(stage="done", model=models_pb2.Model(name=name, installed=True))

    daemon.script.pull = pull
    return names


def test_a_pull_shows_licence_and_size_and_asks(pulled: list[str]) -> None:
    result = unmix("models", "pull", "deepfilternet3", stdin="n\n")
    assert result.exit_code == 1
    assert "deepfilternet3: 8.4 MB from https://example.org/dfn3; licence: MIT." in result.stderr
    assert not pulled
    result = unmix("models", "pull", "deepfilternet3", stdin="y\n")
    assert result.exit_code == 0
    assert result.stdout.endswith("deepfilternet3 is installed.\n")
    assert pulled == ["deepfilternet3"]


def test_a_pull_that_nobody_answers_downloads_nothing(pulled: list[str]) -> None:
    result = unmix("models", "pull", "deepfilternet3")
    assert result.exit_code == 1
    assert "add --yes" in result.stderr
    assert not pulled


def test_weights_of_ones_own_are_imported_under_a_new_name(daemon: FakeDaemon, tmp_path: Path) -> None:
    (tmp_path / "ab12-cd34.th").write_bytes(b"checkpoint")
    (tmp_path / "mixture.wav").write_bytes(b"what it was trained with")
    assert unmix("models", "import", "mine", tmp_path).stdout == "mine is installed.\n"
    assert daemon.script.imported == {"ab12-cd34.th": b"checkpoint"}
    (tmp_path / "empty").mkdir()
    empty = unmix("models", "import", "mine", tmp_path / "empty")
    assert empty.exit_code == 1
    assert empty.stderr == (
        f"unmix: {tmp_path / 'empty'} holds no weights (.onnx, .safetensors, .tflite, .th, .yaml):"
        " name the folder in which they lie.\n"
    )


def test_a_pull_with_yes_does_not_ask(pulled: list[str]) -> None:
    result = unmix("models", "pull", "deepfilternet3", "--yes", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["name"] == "deepfilternet3"


def test_models_are_imported_loaded_and_unloaded(daemon: FakeDaemon, tmp_path: Path) -> None:
    (tmp_path / "enc.onnx").write_bytes(b"x")
    imported = unmix("models", "import", "deepfilternet3", tmp_path)
    assert imported.stdout == "deepfilternet3 is installed.\n"
    assert daemon.script.imported == {"enc.onnx": b"x"}
    assert unmix("models", "load", "rnnoise", "--keep-alive", "-1").stdout == (
        "rnnoise is loaded on cpu, in 0.5 s.\n"
    )
    assert unmix("models", "unload", "rnnoise").stdout == "rnnoise is not in memory any more.\n"


def findings(*arguments: str) -> tuple[int, dict[str, dict[str, object]]]:
    result = unmix("doctor", "--json", *arguments)
    told = json.loads(result.stdout)
    assert told["ok"] == (result.exit_code == 0)
    return result.exit_code, {finding["subject"]: finding for finding in told["findings"]}


def test_the_doctor_finds_a_healthy_daemon_healthy(daemon: FakeDaemon, state: Path) -> None:
    daemon.script.status.version = version()
    (state / LOG).write_text("2025-01-01 ERROR an old one\n")
    code, found = findings()
    assert code == 0
    assert set(found) == {"versions", "state folder", "token", "owners", "daemon", "device", "models", "log"}
    assert found["log"]["text"] == "its last error is “2025-01-01 ERROR an old one”"
    assert unmix("doctor").stdout.startswith("✓ versions: Python 3.")


def test_the_doctor_finds_another_version(daemon: FakeDaemon) -> None:
    daemon.script.status.version = "0.0.1"
    code, found = findings()
    assert code == 1
    assert f"unmixd 0.0.1, process {os.getpid()}" in str(found["daemon"]["text"])
    assert found["daemon"]["cure"] == "`unmix stop`, then `unmix start`"


@pytest.mark.skipif(os.name == "nt", reason="permissions are of POSIX")
def test_the_doctor_finds_a_token_that_others_can_read(daemon: FakeDaemon, state: Path) -> None:
    (state / TOKEN).chmod(0o644)
    code, found = findings()
    assert code == 1
    assert found["token"]["cure"] == f"chmod 600 {state / TOKEN}"


@pytest.mark.skipif(os.name == "nt", reason="permissions are of POSIX")
def test_the_doctor_finds_what_others_can_read_or_write(daemon: FakeDaemon, state: Path) -> None:
    (state / DATABASE).touch(0o644)
    code, found = findings()
    assert code == 1
    assert found["owners"] | {"ok": False} == found["owners"]
    assert found["owners"]["cure"] == f"chmod 600 {state / DATABASE}"
    (state / DATABASE).chmod(0o600)
    state.chmod(0o777)
    code, found = findings()
    state.chmod(0o700)
    assert code == 1
    assert found["state folder"]["cure"] == f"chmod go-w {state}"
    assert f"{state} can be written by others (0777)" in str(found["daemon"]["text"])
    assert found["daemon"]["cure"] == ""


def test_the_doctor_finds_missing_models_and_dead_workers(daemon: FakeDaemon) -> None:
    del daemon.script.models[0]
    daemon.script.status.devices[1].crashes = 2
    code, found = findings()
    assert code == 1
    assert found["models"]["cure"] == "`unmix models pull deepfilternet3`"
    assert "its worker died 2 times" in str(found["device"]["text"])


def test_the_doctor_says_when_nothing_answers(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNMIX_ADDRESS", "127.0.0.1:1")
    (state / LOG).write_text("ok\nValueError: the disk is on fire\n")
    code, found = findings()
    assert code == 1
    assert found["daemon"]["ok"] is False
    assert found["log"]["text"] == "its last error is “ValueError: the disk is on fire”"
