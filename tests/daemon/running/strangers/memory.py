"""How much memory a process has held at the most."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MIB = 1 << 20


@contextmanager
def peak_of(pid: int, most: int) -> Iterator[None]:
    """While the block runs, the process takes no more than `most` bytes above what it had (proc(5): VmHWM)."""
    if sys.platform != "linux":
        pytest.skip("needs Linux, which tells the most that a process has held")
    Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")
    before = _of(pid, "VmRSS")
    yield
    taken = _of(pid, "VmHWM") - before
    assert taken <= most, f"{taken / MIB:.0f} MiB"


def _of(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"the process {pid} has ended")
