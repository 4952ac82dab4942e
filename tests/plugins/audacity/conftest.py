"""Real Audacities; skipped, with the reason, where there is none."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from plugins.audacity import sound_server as sound_server_module
from plugins.audacity import surroundings
from plugins.audacity.real_audacity import Audacity
from plugins.audacity.sound_server import SoundServer


@pytest.fixture(scope="session")
def new_display() -> Iterator[Callable[[], str]]:
    """Makes screens, one for each Audacity, as keys, clicks and what is selected must not reach another one's.

    Skips the test where the real program cannot be run.
    """
    if reason := surroundings.missing():
        pytest.skip(reason)
    with ExitStack() as screens:
        yield lambda: screens.enter_context(surroundings.display())


@pytest.fixture
def make_audacity(
    new_display: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Audacity]]:
    """Makes programs, not yet started, that see all folders of the tests; they end with the test."""
    made: list[Audacity] = []

    def make(**options: object) -> Audacity:
        home = tmp_path_factory.mktemp("audacity")
        made.append(Audacity(home, new_display(), shared=[tmp_path_factory.getbasetemp()], **options))
        return made[-1]

    yield make
    for audacity in made:
        audacity.kill()


@pytest.fixture(scope="module")
def shared_audacity(
    new_display: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Audacity]:
    home = tmp_path_factory.mktemp("audacity")
    with Audacity(home, new_display(), shared=[tmp_path_factory.getbasetemp()]) as audacity:
        yield audacity.start()


@pytest.fixture
def audacity(shared_audacity: Audacity) -> Audacity:
    """A running program without tracks, whose pipe the test holds; the tests of a module share it."""
    return shared_audacity if shared_audacity.is_fit() else shared_audacity.start_anew()


@pytest.fixture(scope="session")
def sound_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    """Skips the test where there is none."""
    if reason := sound_server_module.missing():
        pytest.skip(reason)
    with SoundServer(tmp_path_factory.mktemp("sound")) as server:
        yield server
