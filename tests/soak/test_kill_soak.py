"""kill -9 of worker, front and client at random moments during a queue of jobs.

Every accepted job ends completed with the bytes of an undisturbed run, or failed with its reason; no process and
no file is left over. The short form runs by default, the full one with --soak.
"""

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import psutil
import pytest
import sounds
from daemons import Daemon, eventually, processes_of
from soak import kill_client
from soak.kill_client import Entry, Journal, Order
from support import SHARED, importing
from unmix.words import Job, JobState
from unmix_plugins.client import Client
from unmix_plugins.errors import DaemonUnreachable

STEMS = (("clean",), ("noise",), ("clean", "noise"))
SUFFIXES = ("wav", "flac", "mp3")
ATTACHED_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Scale:
    """How much."""

    orders: int
    kills: int
    sources: int
    longest: float
    """Seconds of audio in the longest source; the shortest has one."""
    pause: float
    """Seconds between two kills at the most."""
    patience: float
    """Seconds for what is left when all kills are done."""


SHORT = Scale(orders=8, kills=10, sources=3, longest=6, pause=0.8, patience=60)
FULL = Scale(orders=300, kills=1000, sources=12, longest=12, pause=2.0, patience=3600)


def models() -> list[str]:
    has_weights = (SHARED / "weights" / "deepfilternet3").exists()
    return ["rnnoise", "wiener", *(["deepfilternet3"] if has_weights else [])]


def plan(chance: random.Random, scale: Scale, folder: Path) -> list[Order]:
    """Orders of every kind, over sources that are written here."""
    sources: list[Path] = []
    for number in range(scale.sources):
        rate = chance.choice((16000, 44100, 48000))
        samples = sounds.voice(chance.uniform(1, scale.longest), rate, chance.choice((1, 2)), seed=number)
        path = folder / f"source-{number}.{SUFFIXES[number % len(SUFFIXES)]}"
        sources.append(
            sounds.write(path, samples, rate, "MPEG_LAYER_III" if path.suffix == ".mp3" else "PCM_16")
        )
    return [
        Order(
            name=f"order-{number}",
            source=str(chance.choice(sources)),
            model=chance.choice(models()),
            stems=chance.choice(STEMS),
            attached=number >= (1 - ATTACHED_SHARE) * scale.orders,
        )
        for number in range(scale.orders)
    ]


def undisturbed(orders: list[Order], folder: Path) -> dict[tuple[str, ...], dict[str, str]]:
    """For each recipe the sha256 of each stem."""
    expected: dict[tuple[str, ...], dict[str, str]] = {}
    with Daemon(folder, weights=SHARED / "weights") as daemon, daemon.client() as client:
        for order in orders:
            if order.recipe not in expected:
                targets = order.targets(folder)
                client.denoise(Path(order.source), targets, order.task)
                expected[order.recipe] = {stem: digest(path) for stem, path in targets.items()}
    return expected


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


class Victims:
    """The front and the client, each started again as soon as it has been killed, and the front's workers."""

    def __init__(self, folder: Path) -> None:
        self.daemon = Daemon(folder / "state", weights=SHARED / "weights")
        self._folder = folder
        self._client = self._start_client()
        self._over = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self.daemon.start()
        self._supervisor.start()

    def kill(self, which: str) -> None:
        """kill -9; the worker's turn comes when there is one."""
        match which:
            case "front":
                self.daemon.kill()
            case "client":
                self._client.kill()
                self._client.wait()
                self._client = self._start_client()
            case _:
                for worker in eventually(self.daemon.workers, seconds=60):
                    with suppress(psutil.NoSuchProcess):
                        worker.kill()

    def finish(self, patience: float) -> int:
        """Let the client do what is left; its exit status."""
        (self._folder / "enough").touch()
        return self._client.wait(patience)

    def client(self) -> Client:
        """A client of the daemon, which may be about to be up again."""

        def connected() -> Client | None:
            with suppress(DaemonUnreachable):
                return self.daemon.client("soak")
            return None

        return eventually(connected)

    def stop(self) -> int:
        """End the daemon as an administrator would; its exit status."""
        self._over.set()
        status = self.daemon.stop()
        self._supervisor.join()
        return status

    def end(self) -> None:
        """Leave no process, whatever has happened."""
        self._over.set()
        self._client.kill()
        self._client.wait()
        for process in processes_of(self.daemon.state):
            process.kill()

    def _start_client(self) -> "subprocess.Popen[bytes]":
        with (self._folder / "client.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", kill_client.__name__, str(self._folder)],
                stdout=log,
                stderr=log,
                env=importing(),
            )

    def _supervise(self) -> None:
        while True:
            self.daemon.wait(timeout=None)
            while not self._over.is_set():
                with suppress(RuntimeError):  # killed before it was up
                    self.daemon.start()
                    break
            if self._over.is_set():
                return


@contextmanager
def victims(folder: Path) -> Iterator[Victims]:
    made = Victims(folder)
    try:
        yield made
    finally:
        made.end()


def kill_at_random(chance: random.Random, scale: Scale, targets: Victims) -> Counter[str]:
    """Kill until there were enough kills; how often whom."""
    killed = Counter(chance.choice(("worker", "front", "client")) for _ in range(scale.kills))
    order = list(killed.elements())
    chance.shuffle(order)
    for which in order:
        time.sleep(chance.uniform(0, scale.pause))
        targets.kill(which)
    return killed


@pytest.mark.soak
def test_kill_9_of_any_process_at_any_moment_loses_no_accepted_job_and_leaves_nothing(
    tmp_path: Path, is_full_soak: bool, soak_seed: int
) -> None:
    scale = FULL if is_full_soak else SHORT
    chance = random.Random(soak_seed)
    orders = plan(chance, scale, tmp_path)
    expected = undisturbed(orders, tmp_path / "undisturbed")
    results = tmp_path / "results"
    results.mkdir()
    (tmp_path / "plan.json").write_text(json.dumps([asdict(order) for order in orders]))

    with victims(tmp_path) as targets:
        killed = kill_at_random(chance, scale, targets)
        assert targets.finish(scale.patience) == 0, (tmp_path / "client.log").read_text()
        daemon = targets.daemon
        journal = Journal(tmp_path / "journal.jsonl").read()
        with targets.client() as client:
            jobs = {job.job_id: job for job in client.jobs.list()}
        states = Counter(str(job.state) for job in jobs.values())
        print(f"killed {dict(killed)}; jobs {dict(states)}")  # noqa: T201  # shown by -s, and where it fails

        check_ends(orders, journal, jobs)
        check_bytes(orders, journal, expected, jobs, results)
        check_job_files(daemon, jobs)
        with targets.client() as client:
            for job_id in jobs:
                client.jobs.delete(job_id)
        eventually(lambda: daemon.files() == [])
        assert targets.stop() == 0
        assert processes_of(daemon.state) == []
        left = {path.name for path in daemon.state.iterdir()}
        assert left == {"ballast", "jobs", "jobs.sqlite3", "token", "unmixd.lock", "unmixd.log"}
        assert "Traceback" not in daemon.log()


def check_ends(orders: list[Order], journal: list[Entry], jobs: dict[str, Job]) -> None:
    """Every job has ended, and those that failed say why: for a durable one only too many dead workers."""
    durable = {order.name for order in orders if not order.attached}
    accepted = {entry.order: entry.job_id for entry in journal if entry.done == "accepted"}
    assert accepted.keys() == durable
    assert len(set(accepted.values())) == len(durable)
    for job in jobs.values():
        assert job.state.is_final, job
        if job.state is JobState.FAILED:
            assert job.error
            assert job.error.message
    for job_id in accepted.values():
        job = jobs[job_id]
        assert job.state is JobState.COMPLETED or (job.error and job.error.reason == "WORKER_DIED"), job
    assert len([job for job in jobs.values() if not job.attached]) == len(durable)
    completed = [job for job in jobs.values() if job.state is JobState.COMPLETED and not job.attached]
    assert len(completed) >= len(durable) / 2


def check_bytes(
    orders: list[Order],
    journal: list[Entry],
    expected: dict[tuple[str, ...], dict[str, str]],
    jobs: dict[str, Job],
    results: Path,
) -> None:
    """All that is in the client's folder is whole and right, and it is all that was promised."""
    promised: set[str] = set()
    done = {entry.order for entry in journal if entry.done in {"fetched", "called"}}
    failed = {entry.order: entry.reason for entry in journal if entry.done == "failed"}
    assert done | failed.keys() == {order.name for order in orders}
    assert set(failed.values()) <= {"WORKER_DIED"}
    for order in orders:
        if order.name in done:
            for stem, path in order.targets(results).items():
                assert digest(path) == expected[order.recipe][stem], path
                promised.add(path.name)
    assert {path.name for path in results.iterdir()} == promised


def check_job_files(daemon: Daemon, jobs: dict[str, Job]) -> None:
    """Nothing but the outputs of durable jobs that are completed, and the inputs of those that failed."""
    wanted: set[str] = set()
    for job in jobs.values():
        if job.state is JobState.FAILED and not job.attached:
            wanted |= {job.job_id, f"{job.job_id}/input"}
        if job.state is JobState.COMPLETED and not job.attached:
            assert job.summary
            attempt = f"{job.job_id}/attempt-{job.attempts}"
            wanted |= {job.job_id, attempt}
            wanted |= {f"{attempt}/{output.stem}.{output.extension}" for output in job.summary.outputs}
    eventually(lambda: set(daemon.files()) == wanted)
