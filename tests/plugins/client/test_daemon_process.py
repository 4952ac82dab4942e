import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon
from plugins.client.fake_unmixd import install
from unmix.locations import LOG, Endpoint, write_endpoint
from unmix_plugins.background import last_line
from unmix_plugins.client import Client
from unmix_plugins.daemon_process import stop_daemon
from unmix_plugins.errors import DaemonNotStarted, NotPossibleNow

CONNECT = """
import os, sys
from unmix_plugins.client import Client
with Client.connect(client_name="test", on_start=lambda: print("starting")) as client:
    print(client.status().pid, os.getsid(client.status().pid) != os.getsid(0))
"""


@pytest.fixture
def unmixd(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts a daemon program of our own in the place of the real one, and ends what of it was started."""

    def put(body: str = "serve") -> None:
        monkeypatch.setenv("PYTHONPATH", install(tmp_path / "programs", body))

    yield put
    for line in (state / "pids").read_text().split() if (state / "pids").exists() else []:
        with suppress(ProcessLookupError):
            os.kill(int(line), signal.SIGKILL)


def connect_in_a_process() -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", CONNECT], stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(os.name == "nt", reason="sessions are of POSIX")
def test_a_daemon_is_started_in_its_own_session_when_none_runs(
    unmixd: Callable[[], None], state: Path
) -> None:
    unmixd()
    said, _ = connect_in_a_process().communicate(timeout=30)
    starting, told = said.splitlines()
    assert starting == "starting"
    assert told.endswith(" True")
    with Client.connect(client_name="test", on_start=lambda: pytest.fail("started another")) as client:
        assert client.status().pid == int(told.split()[0])
    assert (state / LOG).read_text() == "serving\n"


def test_two_clients_at_once_end_at_one_daemon(unmixd: Callable[[], None], state: Path) -> None:
    unmixd()
    clients = [connect_in_a_process() for _ in range(3)]
    said = [client.communicate(timeout=60)[0].splitlines()[-1] for client in clients]
    assert len(set(said)) == 1
    assert [client.returncode for client in clients] == [0, 0, 0]


def test_a_daemon_that_died_without_a_word_is_replaced(
    unmixd: Callable[[], None], daemon: FakeDaemon
) -> None:
    unmixd()
    daemon.stop(forget=False)
    started: list[bool] = []
    with Client.connect(client_name="test", on_start=lambda: started.append(True)) as client:
        assert client.status().pid != os.getpid()
    assert started


def test_a_daemon_that_ends_at_once_is_told_with_its_last_line(
    unmixd: Callable[[str], None], state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unmix_plugins.daemon_process._RIVAL_PATIENCE", 0.0)
    (state / LOG).write_text("an older line\n")
    unmixd("print('Loading.'); print('The key colour is unknown: remove it.\\n'); raise SystemExit(2)")
    with pytest.raises(DaemonNotStarted) as raised:
        Client.connect(client_name="test")
    assert str(raised.value) == (
        f"The daemon ended at once, saying “The key colour is unknown: remove it.”: its log is {state / LOG}."
    )


def test_a_daemon_that_never_answers_is_told(
    unmixd: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unmix_plugins.daemon_process._PATIENCE", 1.0)
    unmixd("note_pid(); import signal; signal.pause()")
    with pytest.raises(DaemonNotStarted, match="did not answer within 1 s"):
        Client.connect(client_name="test")


def test_a_state_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("UNMIX_STATE", str(tmp_path / "file" / "state"))
    with pytest.raises(DaemonNotStarted, match="name another UNMIX_STATE"):
        Client.connect(client_name="test")


def test_only_the_process_that_is_the_daemon_is_stopped(state: Path) -> None:
    write_endpoint(state, Endpoint(os.getpid(), "1", ("127.0.0.1:1",)))
    with pytest.raises(NotPossibleNow, match="stop it where it was started"):
        stop_daemon(state, os.getpid() + 1, lambda: True)


def test_the_last_line_is_the_last_that_says_something(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert last_line(log) == ""
    log.write_bytes(b"first\nsecond \xff\n\n  \n")
    assert last_line(log) == "second \ufffd"
    assert last_line(log, begin=log.stat().st_size) == ""
