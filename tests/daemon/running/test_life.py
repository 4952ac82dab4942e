"""Starting, staying thin, stopping, and not standing in each other's way."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import soundfile
import sounds
from daemons import Daemon, eventually, processes_of
from unmix.locations import GAVE_WAY
from unmix.words import Accepted, DenoiseTask, Event, JobState
from unmix_plugins.errors import UnmixError

Make = Callable[..., Daemon]
HEAVY = ("torch", "onnxruntime", "numpy", "av", "soundfile", "scipy", "soxr")


def _run(daemon: Daemon, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "unmix_daemon", "run"],
        env=daemon.environment | settings,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_front_maps_no_codec_and_no_inference_runtime(daemon: Daemon, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(0.5))
    with daemon.client() as client:
        client.denoise(source, {"clean": tmp_path / "clean.wav"})
    mapped = {Path(entry.path).name for entry in psutil.Process(daemon.pid).memory_maps()}
    for name in ("libtorch", "onnxruntime", "libavcodec", "multiarray", "librnnoise", "libsndfile"):
        assert not [file for file in mapped if name in file]


def test_the_front_imports_nothing_heavy() -> None:
    program = f"import sys, unmix_daemon.server; print([m for m in {HEAVY!r} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_a_second_daemon_on_the_same_folder_refuses_and_says_who_holds_it(daemon: Daemon) -> None:
    second = _run(daemon)
    assert second.returncode == GAVE_WAY
    assert f"process {daemon.pid}" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_daemon_whose_address_is_taken_refuses_and_says_by_whom(daemon: Daemon, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        refused = _run(daemon, UNMIX_STATE=str(tmp_path / "other"), UNMIXD_LISTEN=address)
    assert refused.returncode == GAVE_WAY
    assert address in refused.stderr
    assert f"process {os.getpid()}" in refused.stderr
    assert "no TCP" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_sigterm_ends_an_idle_daemon_with_its_worker_and_leaves_nothing(
    make_daemon: Make, tmp_path: Path
) -> None:
    daemon = make_daemon()
    source = sounds.write(tmp_path / "in.wav", sounds.voice(0.5))
    with daemon.client() as client:
        client.denoise(source, {"clean": tmp_path / "clean.wav"})
    assert len(daemon.workers()) == 1
    assert daemon.stop() == 0
    assert processes_of(daemon.state) == []
    assert daemon.files() == []
    assert not (daemon.state / "unmixd.json").exists()
    assert not (daemon.state / "unmixd.sock").exists()
    assert "Traceback" not in daemon.log()


@pytest.mark.long
def test_sigterm_lets_a_running_call_finish(make_daemon: Make, tmp_path: Path) -> None:
    daemon = make_daemon()
    source = sounds.write(tmp_path / "in.wav", sounds.voice(20))

    def terminate(event: Event) -> None:
        if isinstance(event, Accepted):
            daemon_process = psutil.Process(daemon.pid)
            daemon_process.send_signal(signal.SIGTERM)

    with daemon.client() as client:
        summary = client.denoise(source, {"clean": tmp_path / "clean.wav"}, on_event=terminate)
    assert summary.audio
    assert summary.audio.frames == 20 * 48000
    assert daemon.wait() == 0


@pytest.mark.long
def test_after_the_drain_time_a_durable_job_waits_for_the_next_daemon(
    make_daemon: Make, tmp_path: Path
) -> None:
    daemon = make_daemon(drain=0)
    source = sounds.write(tmp_path / "in.wav", sounds.voice(120))
    with daemon.client() as client:
        job = client.jobs.submit(source, DenoiseTask())
        eventually(lambda: client.jobs.get(job.job_id).state is JobState.PROCESSING)
    assert daemon.stop() == 0
    again = make_daemon()
    with again.client() as client:
        *_, last = client.jobs.watch(job.job_id)
        assert last.state is JobState.COMPLETED
        client.jobs.save(job.job_id, {"clean": tmp_path / "clean.wav"})
    assert soundfile.info(tmp_path / "clean.wav").frames == 120 * 48000


def test_an_unusable_state_folder_is_one_sentence(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = _run(daemon, UNMIX_STATE=str(tmp_path / "file" / "state"))
    assert refused.returncode == 1
    assert str(tmp_path / "file" / "state") in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_unknown_setting_is_refused_by_name(daemon: Daemon) -> None:
    refused = _run(daemon, UNMIXD_KEEP_ALIFE="3")
    assert refused.returncode == 1
    assert "keep_alife" in refused.stderr
    assert "keep_alive" in refused.stderr


def test_a_damaged_job_database_is_one_sentence(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "jobs.sqlite3").write_bytes(b"no database at all" * 1000)
    refused = _run(daemon, UNMIX_STATE=str(tmp_path / "state"))
    assert refused.returncode == 1
    assert "job database" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.long
def test_a_daemon_that_is_killed_while_it_starts_leaves_room_for_the_next(
    make_daemon: Make, tmp_path: Path
) -> None:
    daemon = Daemon(tmp_path / "state")
    source = sounds.write(tmp_path / "in.wav", sounds.voice(0.5))
    for seconds in (0.02, 0.2, 0.5, 0.8, 1.1, 1.5):
        starting = subprocess.Popen(
            [sys.executable, "-m", "unmix_daemon", "run"],
            env=daemon.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(seconds)  # whatever it has come to
        starting.kill()
        starting.wait()
    eventually(lambda: processes_of(daemon.state) == [])
    with make_daemon().client() as client:
        client.denoise(source, {"clean": tmp_path / "clean.wav"})


def test_models_stay_loaded_and_leave_when_told(daemon: Daemon) -> None:
    with daemon.client() as client:
        client.models.load("wiener", keep_alive=-1)
        model, seconds = client.models.load("wiener", keep_alive=100)
        assert seconds == 0
        (residency,) = model.residency
        assert residency.device == "cpu"
        assert residency.expire_time is not None
        client.models.unload("wiener")
        eventually(lambda: not client.models.get("wiener").residency)


def test_a_model_that_nobody_keeps_leaves_after_the_job(daemon: Daemon) -> None:
    with daemon.client() as client:
        client.models.load("rnnoise", keep_alive=0)
        eventually(lambda: not client.models.get("rnnoise").residency)
        with pytest.raises(UnmixError) as caught:
            client.models.load("nonesuch")
        assert caught.value.reason == "UNKNOWN_MODEL"
