"""A client that outlives its daemon: every daemon has a token of its own, which is read again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon, calls_of
from unmix.locations import remove_endpoint
from unmix_plugins.client import Client
from unmix_plugins.errors import AccessRefused, DaemonUnreachable


@pytest.fixture
def heir(daemon: FakeDaemon, client: Client) -> Iterator[FakeDaemon]:
    """In the place of the daemon that was killed, and that `client` was connected with."""
    assert client.status().version == "unknown"
    daemon.stop(forget=False)
    after = FakeDaemon(daemon.state, version="2.0", token="of the heir")
    after.start()
    yield after
    after.stop()


def test_the_very_next_call_goes_to_the_daemon_that_came_after(heir: FakeDaemon, client: Client) -> None:
    assert client.status().version == "2.0"
    assert {called["authorization"] for called in calls_of(heir, "GetStatus")} == {"Bearer of the heir"}


def test_so_does_an_upload(heir: FakeDaemon, client: Client, talk: Path) -> None:
    client.denoise(talk, {"clean": talk.with_name("out.wav")})
    assert client.jobs.submit(talk).job_id == "job-1"
    assert len(heir.script.requests) == 2


def test_one_that_comes_while_the_call_is_made_is_no_matter_of_the_token(
    daemon: FakeDaemon, client: Client
) -> None:
    def come(method: str) -> None:
        if method.endswith("GetStatus"):
            daemon.script.at_the_door = lambda _: None
            daemon.let_in("of the heir")

    daemon.script.at_the_door = come
    with pytest.raises(DaemonUnreachable, match="went away: try again"):
        client.status()
    assert client.status().version == "unknown"


def test_a_token_that_is_refused_for_good_is_told(daemon: FakeDaemon, client: Client) -> None:
    daemon.let_in("another")
    (daemon.state / "token").write_text("wrong")
    with pytest.raises(AccessRefused):
        client.status()


def test_a_daemon_that_ends_is_not_left_before_it_has(daemon: FakeDaemon, client: Client) -> None:
    remove_endpoint(daemon.state)
    assert client.status().version == "unknown"
