"""Somebody swaps sources and folders of outputs all the time; nothing of theirs leads to what is private."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon
from plugins.watch.bench import bench
from unmix.v1 import jobs_pb2
from unmix_plugins.watch.config.folder import SourcePolicy

OURS = b"a recording"
SECRET = b"private one"  # of the same length, and made at the same time, so that facts tell nothing
THEN = 1_600_000_000_000_000_000
SECONDS = 15.0


def write(path: Path, content: bytes = OURS) -> None:
    made = path.with_name(".made")
    made.write_bytes(content)
    os.utime(made, ns=(THEN, THEN))
    made.replace(path)


def race(source: Path, target: Path, private: Path, over: threading.Event) -> None:
    """Sources become links, FIFOs and recordings in turn, folders become links to the private one and back."""
    for turn in range(1_000_000_000):
        if over.is_set():
            return
        path = source / "sub" / f"talk {turn % 5}.wav"
        odd = source / "sub" / ".odd"
        with suppress(OSError):
            odd.symlink_to(private / "talk 0.wav") if turn % 3 else os.mkfifo(odd)
            odd.replace(path)
        for folder in (source / "sub", target / "sub"):
            away = folder.with_name(".away")
            with suppress(OSError):
                folder.rename(away)
                folder.symlink_to(private)
            time.sleep(0.001)
            with suppress(OSError):
                folder.unlink()
                away.rename(folder)
        with suppress(OSError):
            write(path)
        time.sleep(0.002 * (turn % 7))


@pytest.mark.long
@pytest.mark.parametrize("policy", list(SourcePolicy))
def test_a_race_leads_nowhere(
    tmp_path: Path, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, policy: SourcePolicy
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    private = tmp_path / "private"
    private.mkdir()
    for number in range(5):
        write(private / f"talk {number}.wav", SECRET)
    settings = {"source_policy": policy, "moved_to": tmp_path / "moved", "settle_seconds": 0.01}
    with bench(tmp_path, daemon, look_ahead=5, poll_interval=0.05, polling=True, **settings) as desk:
        for number in range(5):
            desk.put(f"sub/talk {number}.wav", OURS)
            write(desk.source / f"sub/talk {number}.wav")
        over = threading.Event()
        racer = threading.Thread(target=race, args=(desk.source, desk.target, private, over))
        racer.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            desk.work.step()
            desk.now += 0.1
            for job_id, job in list(desk.jobs.items()):
                if job.state == jobs_pb2.JOB_STATE_PENDING:
                    desk.complete(job_id)
        over.set()
        racer.join(30)
        assert not racer.is_alive()
        uploads = {data for (_, name), data in daemon.script.outputs.items() if name == "upload"}
        assert uploads == {OURS}
        assert {path.name: path.read_bytes() for path in private.iterdir()} == {
            f"talk {number}.wav": SECRET for number in range(5)
        }
        for folder in (desk.target, tmp_path / "moved", tmp_path / "data"):
            found = [path for path in folder.rglob("*") if not path.is_dir() and not path.is_symlink()]
            assert not any(SECRET in path.read_bytes() for path in found)
