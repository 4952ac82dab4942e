"""One daemon for the tests that leave it as it was, and a maker of others."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from daemons import Daemon, processes_of
from support import SHARED


def installed_weights() -> Path | None:
    """The folder with real weights, where there is one."""
    weights = SHARED / "weights"
    return weights if weights.exists() else None


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A running daemon with RNNoise and the Wiener filter; tests must leave nothing running on it."""
    with Daemon(tmp_path_factory.mktemp("daemon")) as running:
        yield running


@pytest.fixture(scope="session")
def open_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One that listens on TCP, too."""
    with Daemon(tmp_path_factory.mktemp("daemon"), listen="127.0.0.1:0") as running:
        yield running


@pytest.fixture
def make_daemon(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Start daemons with settings of one's own; whatever runs at the end of the test is ended."""
    made: list[Daemon] = []

    def make(**settings: Any) -> Daemon:
        made.append(Daemon(tmp_path / "state", **settings).start())
        return made[-1]

    yield make
    for one in made:
        one.__exit__(None, None, None)
    for process in processes_of(tmp_path / "state"):
        process.kill()
