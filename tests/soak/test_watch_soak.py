"""A watched folder under heavy traffic, while watcher, daemon and worker are killed with -9 over and over.

Every good file is exactly once in the target and equal to what a direct call gives, every bad one is a dead letter with
its reason, and nothing else is anywhere. The short form runs by default, the full one with --soak.
"""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from daemons import Daemon, eventually, processes_of
from soak import watch_recordings
from soak.watch_outcome import Expectation, Outcome, digest
from soak.watch_recordings import Recording
from soak.watch_traffic import Item, Traffic
from unmix.locations import read_endpoint
from unmix.words import DenoiseTask, SeparateTask, Task
from unmix_plugins.errors import UnmixError
from unmix_plugins.watch.ledger.store import Ledger

COMMAND = (sys.executable, "-c", "from unmix_plugins.cli import main; main()")
TASKS: dict[str, Task] = {
    "": DenoiseTask(model="rnnoise"),
    "wiener": DenoiseTask(model="wiener"),
    "stems": SeparateTask(model="dsp", stems=("vocals", "drums")),
}
CONFIG = """
state = "ledger.sqlite3"

[presets.wiener.denoise]
model = "wiener"

[presets.stems.separate]
model = "dsp"
stems = ["vocals", "drums"]

[[folder]]
name = "soak"
source = "in"
target = "out"
settle_seconds = {settle}
polling = {polling}
poll_interval = {settle}
presets_by_subfolder = ["wiener", "stems"]
source_policy = "{policy}"
moved_to = "done"

[folder.denoise]
model = "rnnoise"
"""
FLAT = 1.3
"""By how much memory may be higher towards the end than at first."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much."""

    files: int
    bad: int
    kills: int
    """Of each of watcher, daemon and worker."""
    seconds: float
    """In which files arrive and processes are killed."""
    growth: float
    """Seconds that a file grows at most."""
    settle: float
    patience: float
    """Seconds for what is left then."""


SHORT = Scale(files=21, bad=5, kills=1, seconds=3, growth=2, settle=0.3, patience=120)
FULL = Scale(files=1900, bad=100, kills=20, seconds=420, growth=60, settle=1.5, patience=1800)


def undisturbed(items: list[Item], folder: Path) -> dict[tuple[Recording, str], Expectation]:
    """What becomes of each recording with each task that it meets."""
    found: dict[tuple[Recording, str], Expectation] = {}
    folder.mkdir()
    with Daemon(folder / "state") as daemon, daemon.client() as client:
        for recording, preset in {(item.recording, item.preset) for item in items}:
            source = folder / f"source{recording.suffix}"
            source.write_bytes(recording.content)
            try:
                summary = client.process(
                    source, lambda started: folder / started.stem, TASKS[preset], overwrite=True
                )
            except UnmixError as error:
                found[recording, preset] = Expectation({}, error.reason)
            else:
                hashes = {output.stem: output.sha256 for output in summary.outputs}
                assert {stem: digest(folder / stem) for stem in hashes} == hashes
                found[recording, preset] = Expectation(hashes, "")
    return found


class Victims:
    """The watcher, started again as soon as it has been killed, and the daemon and worker that it brings about."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.memory: list[tuple[float, int]] = []
        """When, and bytes that the watcher held."""
        self._folder = folder
        self._environment = Daemon(self.state).environment
        self._over = threading.Event()
        self._watcher = self._start_watcher()
        self._began = time.monotonic()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def kill(self, which: str) -> None:
        """kill -9; the turn of daemon and worker comes when there is one."""
        match which:
            case "watcher":
                self._watcher.kill()
                self._watcher.wait()
                self._watcher = self._start_watcher()
            case "daemon":
                eventually(self._daemon, seconds=60).kill()
            case _:
                with suppress(psutil.NoSuchProcess):
                    eventually(self._worker, seconds=120).kill()

    def stop(self) -> int:
        """End the watcher as a service manager would; its exit status."""
        self._over.set()
        self._sampler.join()
        self._watcher.terminate()
        return self._watcher.wait(30)

    def end(self) -> None:
        """Leave no process, whatever has happened."""
        self._over.set()
        self._watcher.kill()
        self._watcher.wait()
        for process in processes_of(self.state):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    @property
    def log(self) -> str:
        """What all watchers have said."""
        return (self._folder / "watcher.log").read_text("utf-8", "replace")

    def _start_watcher(self) -> "subprocess.Popen[bytes]":
        command = [*COMMAND, "watch", "--config", str(self._folder / "watch.toml")]
        with (self._folder / "watcher.log").open("ab") as log:
            return subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def _daemon(self) -> psutil.Process | None:
        endpoint = read_endpoint(self.state)
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(endpoint.pid) if endpoint else None
            if process and "unmix_daemon" in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None

    def _worker(self) -> psutil.Process | None:
        daemon = self._daemon()
        with suppress(psutil.NoSuchProcess):
            for child in daemon.children() if daemon else []:
                if "unmix_daemon.worker" in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                    return child
        return None

    def _sample(self) -> None:
        while not self._over.wait(0.5):
            with suppress(psutil.NoSuchProcess):
                held = psutil.Process(self._watcher.pid).memory_info().rss
                self.memory.append((time.monotonic() - self._began, held))


@contextmanager
def victims(folder: Path) -> Iterator[Victims]:
    made = Victims(folder)
    try:
        yield made
    finally:
        made.end()


@pytest.mark.soak
@pytest.mark.parametrize(
    ("polling", "policy"), [("false", "keep"), ("true", "move")], ids=["native", "polling"]
)
def test_every_file_comes_out_once_however_it_arrives_and_whoever_is_killed(
    tmp_path: Path, is_full_soak: bool, soak_seed: int, polling: str, policy: str
) -> None:
    scale = FULL if is_full_soak else SHORT
    chance = random.Random(soak_seed)
    good = watch_recordings.good(tmp_path, chance)
    bad = watch_recordings.bad(good)
    source = tmp_path / "in"
    source.mkdir()
    traffic = Traffic(source, scale.settle, scale.growth, chance)
    traffic.add(good, scale.files, scale.seconds)
    traffic.add(bad, scale.bad, scale.seconds)
    expected = undisturbed(traffic.items, tmp_path / "undisturbed")
    config = CONFIG.format(settle=scale.settle, polling=polling, policy=policy)
    (tmp_path / "watch.toml").write_text(config)

    began = time.monotonic()
    with victims(tmp_path) as targets:
        killer = threading.Thread(target=kill_at_random, args=(random.Random(soak_seed), scale, targets))
        killer.start()
        traffic.run()
        killer.join()
        took = time.monotonic() - began
        eventually(lambda: is_settled(tmp_path, traffic.items), seconds=scale.patience)
        status = targets.stop()
        assert status == 0, targets.log
        outcome = Outcome(tmp_path, traffic.items, expected, policy)
        print(  # noqa: T201  # shown by -s, and where it fails
            f"{len(traffic.items)} files in {took:.0f} s, all done after {time.monotonic() - began:.0f} s;"
            f" {traffic.renames} renamed, {sum(item.was_too_slow for item in traffic.items)} paused too long;"
            f" killed {scale.kills} times each; watcher at most {memory(targets.memory)} MB, first and last third"
        )
        outcome.check_outputs()
        outcome.check_dead_letters()
        outcome.check_sources()
        outcome.check_that_nothing_else_is_there()
        check_daemon(targets)
        if is_full_soak:
            early, late = memory(targets.memory)
            assert late < FLAT * early
        assert "Traceback" not in targets.log


def kill_at_random(chance: random.Random, scale: Scale, targets: Victims) -> None:
    order = ["watcher", "daemon", "worker"] * scale.kills
    chance.shuffle(order)
    for which in order:
        time.sleep(chance.uniform(0, 2 * scale.seconds / len(order)))
        targets.kill(which)


def states(folder: Path) -> Counter[str]:
    """How many entries the ledger has in each state."""
    ledger = Ledger(folder / "ledger.sqlite3")
    try:
        counted: Counter[str] = Counter()
        for by_state in ledger.counts().values():
            counted.update({str(state): count for state, count in by_state.items()})
        return counted
    finally:
        ledger.close()


def is_settled(folder: Path, items: list[Item]) -> bool:
    """Everything is done or dead."""
    time.sleep(0.2)
    counted = states(folder)
    return sum(counted.values()) >= len(items) and counted.keys() <= {"done", "dead"}


def check_daemon(targets: Victims) -> None:
    """It has no job, and nothing in its folder, that anybody waits for."""
    daemon = Daemon(targets.state)
    with daemon.client() as client:
        assert list(client.jobs.list()) == []
    eventually(lambda: daemon.files() == [])


def memory(samples: list[tuple[float, int]]) -> tuple[int, int]:
    """The most that the watcher held in the first third, and in the last, in MB."""
    end = samples[-1][0]
    early = max(held for when, held in samples if when <= max(end / 3, samples[0][0]))
    late = max(held for when, held in samples if when >= 2 * end / 3)
    return round(early / 1e6), round(late / 1e6)
