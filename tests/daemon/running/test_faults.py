"""Broken files, full disks, and kill -9 of everything: a clear error or a complete result, and nothing left over."""

import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
import sounds
from daemons import Daemon, eventually, processes_of
from unmix.words import Accepted, DenoiseStem, DenoiseTask, Event, JobState, Options, OutputPiece
from unmix_plugins.errors import UnmixError

pytestmark = pytest.mark.long

Make = Callable[..., Daemon]


def _wav(
    data: bytes, *, rate: int = 48000, channels: int = 1, bits: int = 16, claimed: int | None = None
) -> bytes:
    align = channels * bits // 8
    size = len(data) if claimed is None else claimed
    fmt = struct.pack("<HHIIHH", 1, channels, rate, rate * align & 0xFFFFFFFF, align & 0xFFFF, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", len(body) & 0xFFFFFFFF) + body


def _flac(folder: Path) -> bytes:
    path = sounds.write(folder / "whole.flac", sounds.voice(3))
    return path.read_bytes()


def _corrupt(folder: Path) -> bytes:
    whole = _flac(folder)
    return whole[:3000] + bytes(range(256)) * 8 + whole[5048:]


def _nan(folder: Path) -> bytes:
    samples = sounds.voice(1)
    samples[30000, 0] = np.nan
    return sounds.write(folder / "nan.wav", samples, subtype="FLOAT").read_bytes()


BROKEN: dict[str, Callable[[Path], bytes]] = {
    "corrupt": _corrupt,
    "truncated": lambda folder: _flac(folder)[:-20000],
    "truncated wav": lambda folder: _wav(bytes(1000), claimed=100_000),
    "zero length": lambda folder: _wav(b""),
    "absurd header": lambda folder: _wav(bytes(1000), bits=77),
    "0 Hz": lambda folder: _wav(bytes(1000), rate=0),
    "64 channels": lambda folder: _wav(bytes(12800), channels=64),
    "4 GHz": lambda folder: _wav(bytes(1000), rate=4_000_000_000),
    "NaN": _nan,
    "text": lambda folder: b"This is no recording.\n" * 100,
    "random": lambda folder: np.random.default_rng(3).bytes(50_000),
    "playlist": lambda folder: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\nhttp://127.0.0.1:1/x.ts\n",
    "concat script": lambda folder: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "one byte": lambda folder: b"R",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_a_clear_error_and_the_daemon_lives(
    daemon: Daemon, tmp_path: Path, kind: str
) -> None:
    source = tmp_path / "in.wav"
    source.write_bytes(BROKEN[kind](tmp_path))
    with daemon.client() as client:
        with pytest.raises(UnmixError) as caught:
            client.denoise(source, {"clean": tmp_path / "clean.wav"})
        assert caught.value.reason == "INVALID_AUDIO"
        assert len(str(caught.value)) > 20
        assert client.status().pid == daemon.pid
    assert not list(tmp_path.glob("*clean*"))
    eventually(lambda: daemon.files() == [])


def test_an_empty_file_is_refused(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "in.wav").write_bytes(b"")
    with daemon.client() as client, pytest.raises(UnmixError):
        client.denoise(tmp_path / "in.wav", {"clean": tmp_path / "clean.wav"})
    assert not (tmp_path / "clean.wav").exists()


def test_a_renamed_file_is_what_its_content_says(daemon: Daemon, tmp_path: Path) -> None:
    sounds.write(tmp_path / "in.flac", sounds.voice(0.5))
    (tmp_path / "in.flac").rename(tmp_path / "in.mp3")
    with daemon.client() as client:
        summary = client.denoise(tmp_path / "in.mp3", {"clean": tmp_path / "clean.flac"})
    assert summary.outputs[0].format == "flac"
    assert soundfile.info(tmp_path / "clean.flac").frames == 24000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_what_a_disk_will_never_hold_is_said_and_the_daemon_goes_on(small_disk: Path, tmp_path: Path) -> None:
    big = sounds.write(tmp_path / "big.wav", sounds.voice(140))  # 13.4 MB: fits once, not twice
    huge = sounds.write(tmp_path / "huge.wav", sounds.voice(300))  # 28.8 MB: does not fit at all
    small = sounds.write(tmp_path / "small.wav", sounds.voice(0.5))
    refused = (
        (big, Options(depth="f32"), "RESULT_TOO_LARGE", "0.03 GB"),
        (huge, Options(), "STORAGE_FULL", "MB are missing; free some space"),
    )
    with Daemon(small_disk / "state") as daemon, daemon.client() as client:
        for source, options, reason, said in refused:
            with pytest.raises(UnmixError, match=said) as caught:
                client.denoise(source, {"clean": tmp_path / "clean.wav"}, DenoiseTask("wiener"), options)
            assert caught.value.reason == reason
            eventually(lambda: daemon.files() == [])
        client.denoise(small, {"clean": tmp_path / "clean.wav"})
        assert "Traceback" not in daemon.log()


def test_a_recording_that_does_not_say_its_length_fills_no_disk_again_and_again(
    small_disk: Path, tmp_path: Path
) -> None:
    source = sounds.without_length(sounds.write(tmp_path / "in.flac", sounds.voice(80)))  # 30.7 MB of results
    with Daemon(small_disk / "state") as daemon, daemon.client() as client:
        with pytest.raises(UnmixError, match="The results take more than") as caught:
            client.denoise(
                source,
                {"clean": tmp_path / "clean.wav"},
                DenoiseTask("wiener"),
                Options(format="wav", depth="f64"),
            )
        assert caught.value.reason == "RESULT_TOO_LARGE"
        assert daemon.log().count("is put off") == 0
        eventually(lambda: daemon.files() == [])


def test_a_result_that_has_no_room_now_waits_for_it_and_says_so(small_disk: Path, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(60))  # 5.8 MB, and its result as much
    with Daemon(small_disk / "state") as daemon, daemon.client() as client:
        eventually((small_disk / "state" / "ballast").exists)
        (small_disk / "filler").write_bytes(bytes(10_000_000))
        job = client.jobs.submit(source, DenoiseTask("rnnoise"))
        (why,) = eventually(lambda: client.status().waits_for)
        assert why.startswith("the disk of the state folder is full: the results take up to 0.01 GB")
        eventually(lambda: client.jobs.get(job.job_id).progress.stage == f"waiting: {why}")
        (small_disk / "filler").unlink()
        *_, last = client.jobs.watch(job.job_id)
        assert last.state is JobState.COMPLETED
        assert client.status().waits_for == ()


def test_a_full_disk_of_the_client_keeps_what_was_there(
    small_disk: Path, daemon: Daemon, tmp_path: Path
) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(140))
    (small_disk / "clean.wav").write_bytes(b"precious")
    with daemon.client() as client, pytest.raises(UnmixError):
        client.denoise(
            source,
            {"clean": small_disk / "clean.wav"},
            DenoiseTask("wiener"),
            Options(depth="f32"),
            overwrite=True,
        )
    assert [path.name for path in small_disk.iterdir()] == ["clean.wav"]
    assert (small_disk / "clean.wav").read_bytes() == b"precious"


def test_a_read_only_folder_is_said_and_nothing_is_lost(
    small_disk: Path, daemon: Daemon, tmp_path: Path
) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(0.5))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with daemon.client() as client, pytest.raises(UnmixError) as caught:
        client.denoise(source, {"clean": small_disk / "clean.wav"})
    assert str(small_disk) in str(caught.value)


def test_a_killed_worker_costs_one_attempt_and_the_result_is_the_same(daemon: Daemon, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(40))
    killed: list[int] = []

    def kill(event: Event) -> None:
        if isinstance(event, OutputPiece) and not killed:
            killed.extend(worker.pid for worker in daemon.workers())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    with daemon.client() as client:
        client.denoise(source, {"clean": tmp_path / "expected.wav"})
        summary = client.denoise(source, {"clean": tmp_path / "clean.wav"}, on_event=kill)
        assert killed
        assert client.jobs.get(summary.job_id).attempts == 2
    assert (tmp_path / "clean.wav").read_bytes() == (tmp_path / "expected.wav").read_bytes()


def test_a_file_that_kills_every_worker_fails_with_the_reason(make_daemon: Make, tmp_path: Path) -> None:
    daemon = make_daemon(max_crashes=2)
    source = sounds.write(tmp_path / "in.wav", sounds.voice(120))
    with daemon.client() as client:
        job = client.jobs.submit(source, DenoiseTask())
        for _ in range(2):
            pids = eventually(lambda: [w.pid for w in daemon.workers() if len(w.threads()) > 1])
            eventually(lambda: client.jobs.get(job.job_id).progress.stage == "denoising")
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
                eventually(lambda pid=pid: not psutil.pid_exists(pid))
        *_, last = client.jobs.watch(job.job_id)
    assert last.state is JobState.FAILED
    assert last.error
    assert last.error.reason == "WORKER_DIED"
    assert "SIGKILL" in str(last.error)
    eventually(lambda: daemon.files() == [job.job_id, f"{job.job_id}/input"])


def test_a_killed_front_takes_its_worker_along_and_the_next_one_finishes_the_job(
    make_daemon: Make, tmp_path: Path
) -> None:
    daemon = make_daemon()
    source = sounds.write(tmp_path / "in.wav", sounds.voice(60))
    with daemon.client() as client:
        client.denoise(source, {"clean": tmp_path / "expected.wav"})
        job = client.jobs.submit(source, DenoiseTask())
        eventually(lambda: client.jobs.get(job.job_id).state is JobState.PROCESSING)
    daemon.kill()
    eventually(lambda: processes_of(daemon.state) == [])
    again = make_daemon()
    with again.client() as client:
        *_, last = client.jobs.watch(job.job_id)
        assert last.state is JobState.COMPLETED
        client.jobs.save(job.job_id, {"clean": tmp_path / "clean.wav"})
    assert (tmp_path / "clean.wav").read_bytes() == (tmp_path / "expected.wav").read_bytes()
    assert not [name for name in again.files() if "attempt-1" in name]


def test_a_call_that_lost_its_daemon_is_failed_by_the_next_one(make_daemon: Make, tmp_path: Path) -> None:
    daemon = make_daemon()
    source = sounds.write(tmp_path / "in.wav", sounds.voice(60))
    seen: list[str] = []

    def kill(event: Event) -> None:
        if isinstance(event, Accepted):
            seen.append(event.job_id)
        if isinstance(event, OutputPiece):
            daemon.kill()

    with daemon.client() as client, pytest.raises(UnmixError):
        client.denoise(source, {"clean": tmp_path / "clean.wav"}, on_event=kill)
    assert not list(tmp_path.glob("*clean*"))
    with make_daemon().client() as client:
        job = client.jobs.get(seen[0])
        assert job.state is JobState.FAILED
        assert job.error
        assert "send the file again" in job.error.message
    assert daemon.files() == []


CLIENT = """
import sys
from pathlib import Path
from unmix_plugins.client import Client
with Client.connect(client_name="killed", start=False) as client:
    client.denoise(Path(sys.argv[1]), {"clean": Path(sys.argv[2])}, on_event=lambda event: print(event, flush=True))
"""


def test_a_killed_client_frees_the_device(daemon: Daemon, tmp_path: Path) -> None:
    source = sounds.write(tmp_path / "in.wav", sounds.voice(600))
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(source), str(tmp_path / "clean.wav")],
        env=daemon.environment,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    while b"OutputPiece" not in process.stdout.readline():
        pass
    process.kill()
    process.communicate()
    with daemon.client() as client:
        eventually(lambda: client.status().processing_jobs == 0)
    eventually(lambda: daemon.files() == [])
    assert not (tmp_path / "clean.wav").exists()


def test_a_stuck_reader_holds_up_nobody_and_no_memory(daemon: Daemon, tmp_path: Path) -> None:
    long = sounds.write(tmp_path / "long.wav", sounds.voice(240, channels=2), subtype="FLOAT")
    short = sounds.write(tmp_path / "short.wav", sounds.voice(0.5))
    before = psutil.Process(daemon.pid).memory_info().rss
    served: list[Any] = []

    def dawdle(event: Event) -> None:
        if isinstance(event, OutputPiece) and not served:
            with daemon.client("quick") as quick:
                eventually(lambda: quick.status().processing_jobs == 0, seconds=60)
                served.append(quick.denoise(short, {"clean": tmp_path / "short.clean.wav"}))

    with daemon.client("slow") as slow:
        slow.denoise(
            long,
            {"clean": tmp_path / "clean.wav", "noise": tmp_path / "noise.wav"},
            DenoiseTask("wiener", stems=(DenoiseStem.CLEAN, DenoiseStem.NOISE)),
            on_event=dawdle,
        )
    assert served
    assert psutil.Process(daemon.pid).memory_info().rss - before < 64 << 20
