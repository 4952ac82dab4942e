"""A daemon that is there and does not answer is told as such, and none is started beside it."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemons import Daemon, processes_of
from fake_daemon import FakeDaemon
from typer.testing import CliRunner
from unmix.locations import LOCK, Endpoint, write_endpoint
from unmix.lock import FileLock
from unmix_plugins import daemon_process
from unmix_plugins.cli._main import app
from unmix_plugins.client import Client, _link
from unmix_plugins.errors import DaemonSilent, DaemonUnreachable


@pytest.fixture
def held(state: Path) -> Iterator[FileLock]:
    """The folder of a daemon, which is this process."""
    with FileLock(state / LOCK) as lock:
        yield lock


def test_a_daemon_that_holds_its_folder_is_never_told_as_none(held: FileLock) -> None:
    with pytest.raises(
        DaemonSilent, match=rf"unmixd \(process {os.getpid()}\) does not answer, it starts, or ends"
    ):
        Client.connect(client_name="test", start=False)


def test_one_that_is_up_is_not_waited_for(held: FileLock, state: Path) -> None:
    write_endpoint(state, Endpoint(os.getpid(), "0", ("unix:/nowhere/unmixd.sock",)))
    starting: list[None] = []
    with pytest.raises(
        DaemonSilent, match="it was stopped, or the machine is very busy: wait, or end that process"
    ):
        Client.connect(client_name="test", on_start=lambda: starting.append(None))
    assert not starting


def test_one_that_starts_is_waited_for_and_no_other_is_started(held: FileLock, state: Path) -> None:
    fake = FakeDaemon(state)
    starting: list[None] = []
    later = threading.Timer(0.3, fake.start)
    later.start()
    try:
        with Client.connect(client_name="test", on_start=lambda: starting.append(None)) as client:
            assert client.status().pid == os.getpid()
    finally:
        later.join()
        fake.stop()
    assert not starting


def test_one_that_ends_makes_room_for_the_next(
    held: FileLock, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_process, "_PATIENCE", 0.2)
    with pytest.raises(DaemonSilent):
        daemon_process.await_holder(state, lambda: False, patiently=True)
    threading.Timer(0.1, held.release).start()
    monkeypatch.setattr(daemon_process, "_PATIENCE", 60.0)
    assert not daemon_process.await_holder(state, lambda: False, patiently=True)


def test_a_process_that_has_a_dead_daemons_number_is_not_taken_for_it(state: Path) -> None:
    (state / LOCK).write_text(str(os.getppid()))
    write_endpoint(state, Endpoint(os.getppid(), "0", ("unix:/nowhere/unmixd.sock",)))
    with pytest.raises(DaemonUnreachable, match="No daemon runs"):
        Client.connect(client_name="test", start=False)


def test_commands_say_so(held: FileLock) -> None:
    for command in ("status", "stop", "doctor"):
        result = CliRunner().invoke(app, [command])
        assert result.exit_code == 1
        assert f"process {os.getpid()}" in result.stdout + result.stderr
        assert "o daemon runs" not in result.output
        assert "none runs" not in result.output


@pytest.mark.long
def test_a_stopped_daemon_is_told_and_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_link, "_ANSWER_SECONDS", 1.0)
    with Daemon(tmp_path / "state") as daemon:
        os.kill(daemon.pid, signal.SIGSTOP)
        try:
            with pytest.raises(DaemonSilent, match=rf"process {daemon.pid}\) does not answer"):
                Client.connect(daemon.state, client_name="test")
            assert [process.pid for process in processes_of(daemon.state)] == [daemon.pid]
        finally:
            os.kill(daemon.pid, signal.SIGCONT)
        monkeypatch.undo()
        with daemon.client() as client:
            assert client.status().pid == daemon.pid
