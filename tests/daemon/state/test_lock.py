"""One daemon for each state folder."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from unmix_daemon.state.lock import AlreadyRunning, lock_folder, port_holder

HOLDS = """
import sys
from pathlib import Path
from unmix_daemon.state.lock import lock_folder
lock = lock_folder(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock of `tmp_path`."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_and_told_who_holds_the_folder(
    holder: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    with pytest.raises(AlreadyRunning, match=rf"\(process {holder.pid}\) already serves {tmp_path}"):
        lock_folder(tmp_path)


def test_the_lock_is_free_after_a_kill(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    holder.kill()
    holder.wait()
    lock_folder(tmp_path).release()


def test_being_refused_disturbs_nobody(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(AlreadyRunning, match=str(holder.pid)):
            lock_folder(tmp_path)
    assert (tmp_path / "unmixd.lock").read_text() == str(holder.pid)


def test_the_lock_is_free_after_its_release(tmp_path: Path) -> None:
    lock_folder(tmp_path).release()
    lock = lock_folder(tmp_path)
    assert (tmp_path / "unmixd.lock").read_text() == str(os.getpid())
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        lock_folder(tmp_path)
    lock.release()


def test_a_second_release_closes_nothing_else(tmp_path: Path) -> None:
    with lock_folder(tmp_path) as lock:
        lock.release()
        with (tmp_path / "another").open("wb") as other:  # has the number that the lock's file had
            lock.release()
            other.write(b"is open")


def test_a_child_does_not_inherit_the_lock(tmp_path: Path) -> None:
    lock = lock_folder(tmp_path)
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        lock.release()
        lock_folder(tmp_path).release()
        child.kill()


def test_the_holder_of_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port_holder(port).endswith(f"(process {os.getpid()})")
    assert port_holder(port) == "another process"
