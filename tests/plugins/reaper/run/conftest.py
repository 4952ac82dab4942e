"""A daemon for each module of tests, and a job for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from daemons import Daemon
from plugins.reaper.run.action import Action


@pytest.fixture(scope="module")
def shared_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("daemon")) as running:
        yield running


@pytest.fixture
def daemon(shared_daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    monkeypatch.setenv("UNMIX_STATE", str(shared_daemon.state))
    return shared_daemon


@pytest.fixture
def action(tmp_path: Path) -> Action:
    return Action(tmp_path)
