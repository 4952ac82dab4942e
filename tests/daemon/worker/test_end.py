"""A worker whose front was killed: it ends, and leaves no traceback in the front's log."""

import subprocess
import sys

import pytest
from unmix_daemon.worker.messages import Begin, encode

WORKER = [sys.executable, "-m", "unmix_daemon.worker"]
BEGIN = encode(Begin("cpu", "no-weights", 1 << 30, 1, 1))


@pytest.mark.parametrize("said", [b"", BEGIN[:20], BEGIN, BEGIN + BEGIN[:20]])
def test_a_worker_ends_in_silence_wherever_its_front_stopped_speaking(said: bytes) -> None:
    ended = subprocess.run(WORKER, input=said, capture_output=True, timeout=30, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("module", ["unmix_daemon.worker", "unmix_daemon.worker.probe"])
def test_a_worker_that_nobody_hears_ends_in_silence(module: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as worker:
        assert worker.stdin
        assert worker.stdout
        assert worker.stderr
        worker.stdout.close()
        worker.stdin.write(BEGIN)
        worker.stdin.flush()
        assert worker.stderr.read() == b""
        assert worker.wait(30) == 0


def test_the_probe_imports_no_more_than_it_needs() -> None:
    heavy = ("numpy", "google.protobuf", "pydantic")
    program = f"import sys, unmix_daemon.worker.probe; print([m for m in {heavy!r} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
