"""A watched folder on the bench."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon
from plugins.watch.bench import Bench, bench


@pytest.fixture
def desk(tmp_path: Path, daemon: FakeDaemon) -> Iterator[Bench]:
    with bench(tmp_path, daemon) as made:
        yield made
