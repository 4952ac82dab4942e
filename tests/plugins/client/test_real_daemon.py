"""The command against the daemon itself: what the fake cannot know."""

import json
import os
import random
import subprocess
import sys
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from separators import trained
from unmix.words import DenoiseTask, JobState
from unmix_plugins.client import Client

COMMAND = [sys.executable, "-c", "from unmix_plugins.cli import main; main()"]


def unmix(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(autouse=True)
def real_daemon(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A daemon of this test's own, with no models but those that ship with unmix."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("UNMIX_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("UNMIXD_BUNDLED_MODELS", "false")
    yield
    unmix("stop")


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """Half a second of noise, 16 bits, one channel."""
    path = tmp_path / "noise.wav"
    chance = random.Random(7)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(array("h", (chance.randrange(-3000, 3000) for _ in range(24_000))).tobytes())
    return path


def frames(path: Path) -> int:
    with wave.open(str(path), "rb") as file:
        return file.getnframes()


def samples(path: Path) -> "array[int]":
    with wave.open(str(path), "rb") as file:
        return array("h", file.readframes(file.getnframes()))


def test_from_nothing_to_a_clean_file_and_back_to_nothing(noise: Path) -> None:
    done = unmix("denoise", noise, "--output", "both", "--model", "rnnoise", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["model"], told["device"], told["frames"]) == ("rnnoise", "cpu", 24_000)
    for stem in ("clean", "noise"):
        assert frames(noise.with_name(f"noise.{stem}.wav")) == 24_000
    status = json.loads(unmix("status", "--json").stdout)
    assert [model["name"] for model in status["resident_models"]] == ["rnnoise"]
    doctor = json.loads(unmix("doctor", "--json").stdout)
    assert doctor["ok"], doctor["findings"]
    assert unmix("stop").stdout == f"unmixd, process {status['pid']}, has ended.\n"
    assert unmix("status").returncode == 1


@pytest.mark.long
def test_a_job_gives_the_bytes_that_a_call_gives(noise: Path, tmp_path: Path) -> None:
    task = DenoiseTask(model="rnnoise")
    with Client.connect(client_name="test") as client:
        client.denoise(noise, {"clean": tmp_path / "call.wav"}, task)
        job_id = client.jobs.submit(noise, task).job_id
        *_, last = client.jobs.watch(job_id)
        assert last.state is JobState.COMPLETED
        client.jobs.save(job_id, {"clean": tmp_path / "job.wav"})
        client.jobs.delete(job_id)
        assert job_id not in {job.job_id for job in client.jobs.list()}
    assert (tmp_path / "call.wav").read_bytes() == (tmp_path / "job.wav").read_bytes()


@pytest.mark.long
def test_what_is_no_audio_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("Dear Sir")
    done = unmix("denoise", tmp_path / "letter.wav")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"unmix: {tmp_path / 'letter.wav'}: ")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["letter.wav"]


@pytest.mark.long
def test_a_song_without_a_model_is_told_what_to_pull(noise: Path) -> None:
    done = unmix("separate", noise)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        "unmix: No model that can separate is installed; get one with: unmix models pull htdemucs"
    )
    assert "--model dsp" in last
    assert [path.name for path in noise.parent.iterdir() if path.is_file()] == ["noise.wav"]


@pytest.mark.long
def test_a_network_of_ones_own_is_imported_and_separates_what_adds_up(noise: Path, tmp_path: Path) -> None:
    trained(tmp_path / "checkpoint")
    (tmp_path / "checkpoint" / "notes.txt").write_text("of the training")
    imported = unmix("models", "import", "mine", tmp_path / "checkpoint")
    assert imported.stdout == "mine is installed.\n", imported.stderr
    listed = json.loads(unmix("models", "list", "--task", "separate", "--installed", "--json").stdout)
    assert {model["name"]: model["quality"] for model in listed}["mine"] == "high"
    noise.with_name("noise.vocals.wav").write_bytes(b"old")
    refused = unmix("separate", noise)
    assert refused.returncode == 1
    assert "noise.vocals.wav exists already: add --overwrite" in refused.stderr
    done = unmix("separate", noise, "--two-stems", "vocals", "--overwrite", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["model"], told["quality"]) == ("mine", "high")
    assert [output["stem"] for output in told["outputs"]] == ["vocals", "no_vocals"]
    vocals, rest, whole = (
        samples(path) for path in (*(Path(output["path"]) for output in told["outputs"]), noise)
    )
    assert [one + other for one, other in zip(vocals, rest, strict=True)] == list(whole)


@pytest.mark.long
def test_a_device_that_is_not_there_ends_the_run_at_the_first_of_many(noise: Path) -> None:
    files = [noise, *(noise.with_name(f"{name}.wav") for name in "abc")]
    for file in files[1:]:
        file.write_bytes(noise.read_bytes())
    done = unmix("denoise", *files, "--device", "cuda:7", "--json")
    assert done.returncode == 1
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["error"]["reason"] for one in told] == ["DEVICE_UNAVAILABLE"]
    assert "3 more were not begun" in done.stderr
    assert json.loads(unmix("jobs", "list", "--json").stdout) == []
    assert list(noise.parent.glob("*.clean.*")) == []


def test_a_broken_recording_does_not_end_the_run(noise: Path) -> None:
    broken, empty = noise.with_name("broken.wav"), noise.with_name("empty.wav")
    broken.write_bytes(b"no sound at all")
    empty.write_bytes(b"")
    done = unmix("denoise", broken, empty, noise, "--model", "rnnoise")
    assert done.returncode == 1
    assert [path.name for path in noise.parent.glob("*.clean.*")] == ["noise.clean.wav"]
