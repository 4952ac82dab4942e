"""A fake daemon in a folder of its own, and clients for it; nothing of the user's own is ever touched."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from daemons import processes_of
from fake_daemon import FakeDaemon
from unmix.locations import LOG
from unmix_plugins.client import Client


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("state")
    for name in ("UNMIX_ADDRESS", "UNMIX_CERT", "UNMIX_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UNMIX_STATE", str(folder))
    yield folder
    if (
        folder / LOG
    ).exists():  # a client took the fake for dead, as may happen under load, and started another
        for process in processes_of(folder):
            process.kill()


@pytest.fixture
def daemon(state: Path) -> Iterator[FakeDaemon]:
    fake = FakeDaemon(state)
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def client(daemon: FakeDaemon) -> Iterator[Client]:
    with Client.connect(daemon.state, client_name="test", start=False) as connected:
        yield connected


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"a recording of a talk")
    return path
