"""A full disk, disk errors, no descriptors, no memory, at any moment of a job: it is done all the same.

The moment is the n-th call that writes, syncs or opens, with n by chance among those of an undisturbed run. The short
form has three moments of each kind, `make campaign` twenty, of more seconds each; `--soak-seed` draws others.
"""

import errno
import random
import resource
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import psutil
import pytest
import sounds
from daemons import eventually
from faults.daemon import SupervisedDaemon, log_of
from faults.supervisor import Call, Fault, below
from unmix.words import Accepted, DenoiseTask, Event, JobState
from unmix_plugins.client import Client
from unmix_plugins.errors import UnmixError

pytestmark = pytest.mark.soak

TASK = DenoiseTask("rnnoise")
REFUSED = {"STORAGE_FULL", "OUT_OF_RESOURCES", "DAEMON_UNREACHABLE"}
"""What is said before a job is accepted; whoever hears it comes again."""
_CHANGES = {"write", "pwrite64", "mkdir", "mkdirat", "openat"}
_AGAIN = 0.2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scale:
    moments: int
    shortest: float
    longest: float
    """Seconds that a fault lasts."""


SHORT = Scale(3, 2.0, 4.0)
FULL = Scale(20, 2.0, 10.0)


def disk_full(daemon: SupervisedDaemon) -> Fault:
    return Fault(below(daemon.state, _CHANGES), errno.ENOSPC)


def disk_errors(daemon: SupervisedDaemon) -> Fault:
    return Fault(below(daemon.state, {*_CHANGES, "fsync", "fdatasync"}), errno.EIO)


def system_table_full(daemon: SupervisedDaemon) -> Fault:
    return Fault(lambda call: call.name == "openat", errno.ENFILE)


def _limited(daemon: SupervisedDaemon, what: int) -> Fault:
    def any_call(_: Call) -> bool:
        return True

    return Fault(any_call, begin=lambda: daemon.squeeze(what), end=lambda: daemon.relax(what))


def no_descriptors(daemon: SupervisedDaemon) -> Fault:
    return _limited(daemon, resource.RLIMIT_NOFILE)


def no_memory(daemon: SupervisedDaemon) -> Fault:
    """Workers keep what they once had, so they go, as where the system ends whoever is largest; none can start."""

    def begin() -> None:
        daemon.squeeze(resource.RLIMIT_AS)
        for worker in daemon.workers():
            with suppress(psutil.Error):
                worker.kill()

    return replace(_limited(daemon, resource.RLIMIT_AS), begin=begin)


KINDS: dict[str, Callable[[SupervisedDaemon], Fault]] = {
    kind.__name__: kind for kind in (disk_full, disk_errors, system_table_full, no_descriptors, no_memory)
}


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[SupervisedDaemon]:
    with SupervisedDaemon(tmp_path / "state", keep_alive=0) as running:
        yield running
        running.supervisor.disarm()


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_is_done_whatever_the_machine_is_short_of_meanwhile(
    daemon: SupervisedDaemon, tmp_path: Path, is_full_soak: bool, soak_seed: int, kind: str
) -> None:
    scale = FULL if is_full_soak else SHORT
    chance = random.Random(f"{kind} {soak_seed}")
    source = sounds.write(tmp_path / "in.flac", sounds.voice(3))
    fault = KINDS[kind](daemon)
    expected = do_both(daemon, source, tmp_path / "expected")
    front = daemon.pid
    met = 0
    for moment in range(scale.moments):
        daemon.supervisor.arm(fault, after=1 << 60, seconds=0)
        assert do_both(daemon, source, tmp_path / f"clean-{moment}") == expected
        calls = daemon.supervisor.counted
        after, seconds = chance.randrange(calls), chance.uniform(scale.shortest, scale.longest)
        print(f"{kind}: call {after} of {calls}, for {seconds:.1f} s", flush=True)  # noqa: T201  # where it fails
        daemon.supervisor.arm(fault, after=after, seconds=seconds)
        assert do_both(daemon, source, tmp_path / f"moment-{moment}") == expected, log_of(daemon)
        met += daemon.supervisor.is_over() or daemon.supervisor.disarm()
    log = daemon.log()
    put_off, waits = log.count("is put off"), log.count("is tried again")
    print(f"{kind}: {put_off} attempts put off, {waits} waits of the database", flush=True)  # noqa: T201  # as above
    assert met
    assert put_off + waits > 0, "no fault was felt"
    with daemon.client() as client:
        status = eventually(client.status)
        assert (status.pid, status.waits_for, status.pending_jobs) == (front, (), 0)
        assert not list(client.jobs.list((JobState.FAILED,)))


def do_both(daemon: SupervisedDaemon, source: Path, folder: Path) -> tuple[bytes, bytes]:
    """What a durable job and a call make of a recording, at the same time; neither ends in an error once accepted."""
    folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        durable = pool.submit(_durable, daemon, source, folder / "durable.flac")
        attached = pool.submit(_attached, daemon, source, folder / "attached.flac")
        return durable.result(), attached.result()


def _durable(daemon: SupervisedDaemon, source: Path, target: Path) -> bytes:
    def submitted(client: Client) -> str:
        return client.jobs.submit(source, TASK, idempotency_key=str(target)).job_id

    def fetched(client: Client) -> bytes:
        *_, last = client.jobs.watch(job_id)
        assert last.state is JobState.COMPLETED, last
        client.jobs.save(job_id, {"clean": target}, overwrite=True)
        client.jobs.delete(job_id)
        return target.read_bytes()

    job_id = _insistently(daemon, submitted)
    return _insistently(daemon, fetched)


def _attached(daemon: SupervisedDaemon, source: Path, target: Path) -> bytes:
    accepted: list[Accepted] = []

    def note(event: Event) -> None:
        if isinstance(event, Accepted):
            accepted.append(event)

    def call(client: Client) -> bytes:
        client.denoise(source, {"clean": target}, TASK, on_event=note, overwrite=True)
        return target.read_bytes()

    return _insistently(daemon, call, may_fail=lambda: not accepted)


def _insistently(
    daemon: SupervisedDaemon, work: Callable[[Client], T], may_fail: Callable[[], bool] = lambda: True
) -> T:
    """Ask until it is not refused any more."""
    while True:
        try:
            with daemon.client() as client:
                return work(client)
        except UnmixError as error:
            if error.reason not in REFUSED or not may_fail():
                raise
            threading.Event().wait(_AGAIN)
