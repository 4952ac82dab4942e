"""`unmix reaper-run` that is ended from outside cancels its work and leaves no file."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from daemons import Daemon, eventually
from plugins.reaper.run.action import COMMAND, DENOISE, Action, long_recording, recording


class Running:
    """`unmix reaper-run` as a process; its events are read as they come."""

    def __init__(self, action: Action, process: "subprocess.Popen[bytes]") -> None:
        self.action = action
        self.process = process
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.action.events.append(json.loads(line))

    def reach(self, stage: str, item: str) -> None:
        """Wait until an item has come to a stage."""
        eventually(
            lambda: any(
                event["stage"] == stage and event["item"] == item for event in self.action.told("progress")
            )
        )

    def end(self) -> int:
        status = self.process.wait(20)
        self._reader.join(20)
        return status


@pytest.fixture
def start(action: Action) -> Iterator[Callable[..., Running]]:
    """Start the action with one short item and one that takes a while, and wait until it is at the latter."""
    made: list[subprocess.Popen[bytes]] = []

    def start(command: list[str] = COMMAND, **task: Any) -> Running:
        folder = action.file.parent
        action.add(recording(folder / "talk.wav"), 100, 5000)
        long = action.add(long_recording(folder / "long.wav"), 0, 48_000 * 1800)
        made.append(
            subprocess.Popen(
                [*command, action.write(DENOISE | task)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        )
        running = Running(action, made[-1])
        running.reach("denoising", long)
        eventually(lambda: action.files() == ["long - clean.wav", "talk - clean.wav"])
        return running

    yield start
    for process in made:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        *(pytest.param(number, marks=pytest.mark.long) for number in (signal.SIGINT, signal.SIGHUP)),
    ],
)
def test_a_signal_cancels_the_work_and_leaves_no_file(
    daemon: Daemon, action: Action, start: Callable[..., Running], number: signal.Signals
) -> None:
    running = start()
    running.process.send_signal(number)
    assert running.end() == 130
    assert action.events[-1] == {"event": "cancelled"}
    assert action.files() == []
    assert sorted(path.name for path in action.file.parent.iterdir()) == [
        "JOB.json",
        "long.wav",
        "project",
        "talk.wav",
    ]
    eventually(lambda: daemon.files() == [])


@pytest.mark.long
def test_signals_by_the_dozen_do_not_disturb_the_cancelling(
    daemon: Daemon, action: Action, start: Callable[..., Running]
) -> None:
    running = start()
    while running.process.poll() is None:
        running.process.send_signal(signal.SIGTERM)
    # The last of them may find the interpreter on its way out, when nothing is left to be done.
    assert running.end() in {130, -signal.SIGTERM}
    assert action.events[-1] == {"event": "cancelled"}
    assert action.files() == []
    eventually(lambda: daemon.files() == [])


@pytest.mark.long
def test_the_end_of_the_parent_cancels(daemon: Daemon, action: Action, start: Callable[..., Running]) -> None:
    parent = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    running = start([sys.executable, "-c", parent, *COMMAND])
    [child] = psutil.Process(running.process.pid).children()
    running.process.kill()
    child.wait(20)
    running.end()
    assert action.events[-1] == {"event": "cancelled"}
    assert action.files() == []
    eventually(lambda: daemon.files() == [])


@pytest.mark.long
def test_the_end_of_the_reader_cancels(daemon: Daemon, action: Action, tmp_path: Path) -> None:
    action.add(long_recording(tmp_path / "long.wav"), 0, 48_000 * 1800)
    with subprocess.Popen([*COMMAND, action.write(DENOISE)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        eventually(lambda: action.files() == ["long - clean.wav"])
        process.stdout.close()
        process.wait(20)
    assert action.files() == []
    eventually(lambda: daemon.files() == [])


@pytest.mark.long
def test_a_daemon_that_dies_fails_the_action_and_leaves_no_file(
    action: Action, start: Callable[..., Running], state: Path
) -> None:
    with Daemon(state) as daemon:
        running = start()
        daemon.kill()
        assert running.end() == 1
    assert action.events[-1]["event"] == "failed"
    assert "daemon went away" in action.events[-1]["message"]
    assert [event["event"] for event in action.events].count("item") == 1
    assert action.files() == []
