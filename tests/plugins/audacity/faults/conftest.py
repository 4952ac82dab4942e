"""One real Audacity for all faults; it is started again after those that end it."""

from collections.abc import Iterator

import pytest
from plugins.audacity.faults.stage import Stage


@pytest.fixture(scope="package")
def shared_stage(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("faults"), display)
    with stage.audacity:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """A project with one voice of three seconds, all of it selected; neither a bridge nor a daemon."""
    yield shared_stage
    shared_stage.end()
    assert shared_stage.files() == []
