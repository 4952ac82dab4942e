"""A database file of its own for each test of the store."""

from pathlib import Path

import pytest
from daemon.state.store_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "jobs.sqlite3")
