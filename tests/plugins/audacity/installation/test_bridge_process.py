"""Starting and stopping a bridge; the bridge here is a script that only answers."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from daemons import eventually, processes_of
from unmix_plugins.audacity.bridge.control import BridgeAbsent
from unmix_plugins.audacity.bridge.lock import holder
from unmix_plugins.audacity.bridge.process import (
    BridgeNotStarted,
    bridge_command,
    ensure_bridge,
    status,
    stop_bridge,
)
from unmix_plugins.audacity.program.places import FOLDER
from unmix_plugins.errors import NotPossibleNow
from unmix_plugins.version import version

BRIDGE = """
import os, sys, threading
from pathlib import Path
from unmix_plugins.audacity.bridge.control import Server
stop = threading.Event()
version, jobs = sys.argv[1], sys.argv[2:]
def handle(request):
    if request["do"] == "stop":
        yield {"event": "done"}
        stop.set()
    yield {"event": "status", "pid": os.getpid(), "version": version, "jobs": jobs}
server = Server(Path(os.environ["UNMIX_STATE"]) / "audacity", handle)
server.start()
stop.wait()
server.close()
"""


def command(its_version: str = version(), *jobs: str) -> tuple[str, ...]:
    return (sys.executable, "-c", BRIDGE, its_version, *jobs)


@pytest.fixture(autouse=True)
def ended(state: Path) -> Iterator[None]:
    yield
    for process in processes_of(state):  # also one that is about to find that another was faster
        process.kill()


def test_a_bridge_is_started_once(state: Path) -> None:
    assert ensure_bridge(state, command())
    pid = status(state)["pid"]
    assert pid == holder(state / FOLDER)
    assert not ensure_bridge(state, command())
    assert status(state)["pid"] == pid


def test_of_two_started_at_once_one_stays_and_both_callers_have_it(state: Path) -> None:
    with ThreadPoolExecutor() as pool:
        made = [pool.submit(ensure_bridge, state, command()) for _ in range(3)]
        assert any(one.result() for one in made)
    assert status(state)["pid"] == holder(state / FOLDER)


def test_it_outlives_who_started_it_and_holds_none_of_its_streams(state: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from unmix_plugins.audacity.bridge.process import ensure_bridge\n"
        "print(ensure_bridge(Path(sys.argv[1]), sys.argv[2:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, state, *command()], capture_output=True, timeout=60, check=True
    )
    assert done.stdout == b"True\n"
    assert status(state)["pid"] == holder(state / FOLDER)


def test_one_of_another_version_is_replaced(state: Path) -> None:
    ensure_bridge(state, command("0.0.9"))
    old = status(state)["pid"]
    assert ensure_bridge(state, command())
    assert status(state)["version"] == version()
    eventually(lambda: not psutil.pid_exists(old) or psutil.Process(old).status() == psutil.STATUS_ZOMBIE)


def test_one_of_another_version_that_has_results_is_left(state: Path) -> None:
    ensure_bridge(state, command("0.0.9", "a job"))
    with pytest.raises(NotPossibleNow, match="still has results"):
        ensure_bridge(state, command())
    assert status(state)["version"] == "0.0.9"


def test_a_stopped_one_is_gone_when_that_is_said(state: Path) -> None:
    ensure_bridge(state, command())
    stop_bridge(state)
    with pytest.raises(BridgeAbsent):
        status(state)
    with pytest.raises(BridgeAbsent):
        stop_bridge(state)


def test_one_that_ends_at_once_is_told_with_its_last_words(state: Path) -> None:
    with pytest.raises(BridgeNotStarted, match="saying “ValueError: no luck”"):
        ensure_bridge(state, (sys.executable, "-c", "raise ValueError('no luck')"))
    with pytest.raises(BridgeNotStarted, match="cannot be started"):
        ensure_bridge(state, ("/no/such/program",))


def test_the_command_is_the_one_of_this_installation() -> None:
    done = subprocess.run([*bridge_command()[:-2], "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"unmix {version()}\n"
