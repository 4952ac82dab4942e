"""The answers to effects, with a daemon that multiplies; the pipe's side is a writer that only takes notes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon
from plugins.audacity.bridge.notes import Notes
from plugins.audacity.requests import multiply
from unmix_plugins.audacity.bridge.answers import Answers
from unmix_plugins.audacity.bridge.jobs import Jobs
from unmix_plugins.client import Client


@pytest.fixture
def writer() -> Notes:
    return Notes()


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def answers(folder: Path, daemon: FakeDaemon, jobs: Jobs, writer: Notes) -> Answers:
    daemon.script.__dict__.update(
        multiply().__dict__ | {"calls": daemon.script.calls, "status": daemon.script.status}
    )
    return Answers(folder, _connect(daemon), jobs, writer)


def _connect(daemon: FakeDaemon) -> Callable[[], Client]:
    return lambda: Client.connect(daemon.state, client_name="audacity", start=False)
