"""What holds for all tests."""

import signal

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of what is tested
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="soak tests in full: minutes instead of seconds")
    parser.addoption("--soak-seed", type=int, default=1, help="of the random choices in soak tests")


def pytest_configure() -> None:
    """Let Ctrl-C be heard, by all programs that are started, too: shells have it ignored in their background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def is_full_soak(request: pytest.FixtureRequest) -> bool:
    """True with --soak; else a soak test takes its short form."""
    return bool(request.config.getoption("--soak"))


@pytest.fixture
def soak_seed(request: pytest.FixtureRequest) -> int:
    """The seed for all that a soak test leaves to chance."""
    return int(request.config.getoption("--soak-seed"))
