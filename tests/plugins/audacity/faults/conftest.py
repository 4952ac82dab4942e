"""One real Audacity for all faults; it is started again after those that end it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from plugins.audacity import sound_server
from plugins.audacity.faults.stage import Stage
from plugins.audacity.sound_server import SoundServer


@pytest.fixture(scope="package")
def shared_stage(new_display: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ExitStack() as stack:
        sound = None if sound_server.missing() else SoundServer(tmp_path_factory.mktemp("sound"))
        if sound:
            stack.enter_context(sound)
        stage = Stage(tmp_path_factory.mktemp("faults"), new_display(), sound)
        stack.enter_context(stage.audacity)
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Iterator[Stage]:
    """The program, without a bridge and a daemon; nothing may be left of those that a test starts."""
    yield shared_stage
    shared_stage.end()
    assert shared_stage.files() == []
