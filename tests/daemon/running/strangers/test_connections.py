"""Connections without calls end, and cost nobody his: clients that live long connect again and notice nothing."""

import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
import sounds
from daemon.running.strangers.memory import MIB, peak_of
from daemon.running.strangers.raw_http2 import RawCaller
from daemons import Daemon, eventually
from unmix.words import DenoiseTask, JobState
from unmix_plugins.client import Client

Make = Callable[..., Daemon]
MANY = 1_500
LOW = 1_024
"""Descriptors: what a system gives a program that does not ask for more, and some give no more."""


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < MANY + 500:
        pytest.skip(f"needs {MANY + 500} descriptors of its own")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def limit(daemon: Daemon, count: int) -> None:
    if sys.platform != "linux":
        pytest.skip("needs Linux, where another process can be given fewer descriptors")
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (count, count))


def descriptors(daemon: Daemon) -> int:
    return psutil.Process(daemon.pid).num_fds()


@pytest.mark.skipif(
    sys.platform != "linux", reason="needs Linux, where a process can be asked for its limits"
)
def test_the_front_takes_all_the_descriptors_that_it_may_have(daemon: Daemon) -> None:
    soft, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    assert soft == min(hard, 65_536)


@pytest.mark.long
@pytest.mark.parametrize("listener", [0, 1], ids=["socket", "tcp"])
def test_idle_connections_end_no_job_and_are_ended_themselves(
    make_daemon: Make, tmp_path: Path, many_descriptors: None, listener: int
) -> None:
    """Before: 5 of 6 accepted jobs failed with INTERNAL, and their recordings were deleted."""
    daemon = make_daemon(listen="127.0.0.1:0")
    limit(daemon, LOW)
    source = sounds.write(tmp_path / "in.wav", sounds.voice(3))
    address = daemon.addresses()[listener]
    idle = descriptors(daemon)

    def submit(client: Client) -> list[str]:
        return [client.jobs.submit(source, DenoiseTask("wiener")).job_id for _ in range(3)]

    with daemon.client() as client, peak_of(daemon.pid, 50 * MIB), ExitStack() as open_ones:
        jobs = submit(client)
        callers = [open_ones.enter_context(RawCaller(address)) for _ in range(MANY)]
        if listener == 0:  # strangers on TCP do not get as far as to say anything
            for caller in callers:
                caller.greet()
        jobs += submit(client)
        for job_id in jobs:
            *_, last = client.jobs.watch(job_id)
            assert last.state is JobState.COMPLETED, last.error
        assert all(caller.is_hung_up(60) for caller in callers)
        assert descriptors(daemon) <= idle + 50
    assert "Traceback" not in daemon.log()


@pytest.mark.long
def test_who_says_nothing_at_all_is_left_alone_after_seconds(open_daemon: Daemon) -> None:
    for address in open_daemon.addresses():
        with RawCaller(address) as caller:
            assert caller.is_hung_up(20)


@pytest.mark.long
def test_a_client_that_lives_long_notices_nothing(open_daemon: Daemon) -> None:
    socket, tcp = open_daemon.addresses()
    with (
        open_daemon.client() as client,
        open_daemon.channel(socket) as (first, metadata),
        open_daemon.channel(tcp) as (second, _),
    ):
        calls = [one.unary_unary("/unmix.v1.ModelService/GetStatus") for one in (first, second)]
        for _ in range(2):
            assert client.status().pid == open_daemon.pid
            assert all(call(b"", metadata=metadata, timeout=10) for call in calls)
            before = descriptors(open_daemon)
            eventually(lambda before=before: descriptors(open_daemon) <= before - 3)
