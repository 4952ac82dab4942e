"""One watched folder on the bench: stepped by hand, its clock turned by hand, its daemon a fake one."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from daemons import eventually
from fake_daemon import FakeDaemon, summary
from plugins.watch.folders import folder_config
from unmix.v1 import jobs_pb2
from unmix_plugins.client import Client
from unmix_plugins.watch.app import App
from unmix_plugins.watch.config.folder import FolderConfig, WatchConfig
from unmix_plugins.watch.disk.mounts import TargetMounts
from unmix_plugins.watch.ledger.entry import Entry, State
from unmix_plugins.watch.ledger.store import Ledger
from unmix_plugins.watch.notify.report import Finished, GivenUp, Report
from unmix_plugins.watch.seen.observer import Observer
from unmix_plugins.watch.slots import Slots
from unmix_plugins.watch.watched import Watched
from unmix_plugins.watch.work import Work


class Jobs(dict[str, jobs_pb2.Job]):
    """The fake daemon names jobs by how many there are; here deleted ones count, so that no name comes twice."""

    def __init__(self) -> None:
        super().__init__()
        self._ever = 0

    def __setitem__(self, job_id: str, job: jobs_pb2.Job) -> None:
        self._ever += 1
        super().__setitem__(job_id, job)

    def __len__(self) -> int:
        return self._ever


class Bench:
    """A `Work` with everything that it needs."""

    def __init__(self, folder: Path, daemon: FakeDaemon, *, look_ahead: int = 4, **settings: Any) -> None:
        self.source = folder / "in"
        self.target = folder / "out"
        self.source.mkdir(exist_ok=True)
        self.config = replace(folder_config(self.source, self.target), **settings)
        self.daemon = daemon
        daemon.script.jobs = Jobs()
        self.jobs = daemon.script.jobs
        self.reports: list[Report] = []
        self.ledger = Ledger(folder / "ledger.sqlite3")
        self.now = 1_700_000_000.0
        self.meanwhile: Callable[[], object] = lambda: None
        """What others do in the middle of a step: whenever it looks at the clock."""
        self.slots = Slots(look_ahead)
        self._start()

    def _start(self) -> None:
        self.observer = Observer(self.config, self.config.own_folders)
        watched = Watched(
            self.config,
            self.ledger.folder(self.config.name),
            self.ledger,
            TargetMounts(self.ledger, self.config.source, self.config.own_folders),
            self.reports.append,
            max_attempts=3,
            clock=self._look_at_the_clock,
        )
        self.work = Work(
            watched,
            self.observer,
            self.slots,
            connect=lambda name: Client.connect(self.daemon.state, client_name=name, start=False),
        )
        self.work.start()

    def _look_at_the_clock(self) -> float:
        self.meanwhile()
        return self.now

    def restart(self) -> None:
        """Another watcher takes over."""
        self.work.stop()
        self._start()

    def until(self, condition: Callable[[], Any]) -> Any:
        """Step until it is so; a tenth of a second passes with each step."""

        def stepped() -> Any:
            self.work.step()
            self.now += 0.1
            return condition()

        return eventually(stepped)

    def put(self, name: str, content: bytes = b"a recording") -> Path:
        """A file in the watched folder."""
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def submitted(self, number: int = 1) -> list[str]:
        """The ids of so many jobs, once the daemon has them and the ledger knows."""
        return self.until(lambda: len(self.entries(State.SUBMITTED)) == number and list(self.jobs))

    def complete(
        self, job_id: str, outputs: dict[str, bytes] | None = None, extension: str = "wav", **facts: Any
    ) -> None:
        """The daemon has the result."""
        outputs = outputs or {"clean": b"clean " + self.daemon.script.outputs[job_id, "upload"]}
        for stem, data in outputs.items():
            self.daemon.script.outputs[job_id, stem] = data
        self.jobs[job_id].summary.CopyFrom(summary(outputs, extension=extension, **facts))
        self.jobs[job_id].attempts = 1
        self.jobs[job_id].state = jobs_pb2.JOB_STATE_COMPLETED

    def fail(self, job_id: str, reason: str, code: int = 13, attempts: int = 1) -> None:
        """The job has failed."""
        self.jobs[job_id].error.CopyFrom(jobs_pb2.JobError(code=code, reason=reason, message="It is so."))
        self.jobs[job_id].attempts = attempts
        self.jobs[job_id].state = jobs_pb2.JOB_STATE_FAILED

    def done(self, name: str, **outputs: bytes) -> None:
        """A file, from its arrival to its end."""
        self.put(name, name.encode())
        [job_id] = self.submitted()
        self.complete(job_id, outputs or None)
        self.until(lambda: self.work.is_idle)

    def entries(self, *states: State) -> list[Entry]:
        return self.ledger.in_states(self.ledger.folder(self.config.name), states or list(State), 1e12, 1000)

    def entry(self) -> Entry:
        """The only one that there is."""
        [entry] = self.entries()
        return entry

    def files(self, folder: Path | None = None) -> dict[str, bytes]:
        """Everything in the target, or another folder."""
        root = folder or self.target
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() or path.name.startswith(".")
        }

    def told(self, kind: type[Report]) -> list[Any]:
        return [report for report in self.reports if isinstance(report, kind)]

    @property
    def done_count(self) -> int:
        return len(self.told(Finished))

    @property
    def failed_count(self) -> int:
        return len(self.told(GivenUp))


@contextmanager
def bench(folder: Path, daemon: FakeDaemon, **settings: Any) -> Iterator[Bench]:
    made = Bench(folder, daemon, **settings)
    try:
        yield made
    finally:
        made.work.stop()
        made.ledger.close()


@contextmanager
def watching(
    config: WatchConfig, connect: Callable[[str], Client], **settings: Any
) -> Iterator[tuple[App, list[Report]]]:
    """The whole watcher, in a thread; what it tells is collected."""
    reports: list[Report] = []
    app = App(config, tell=reports.append, connect=connect, **settings)
    thread = threading.Thread(target=app.run)
    thread.start()
    try:
        yield app, reports
    finally:
        app.stop()
        thread.join(30)
        assert not thread.is_alive()


def watch_config(folder: Path, *folders: FolderConfig, **settings: Any) -> WatchConfig:
    return WatchConfig(folders, state=folder / "ledger.sqlite3", **settings)


def specs(daemon: FakeDaemon) -> list[jobs_pb2.JobSpec]:
    return [request for request in daemon.script.requests if isinstance(request, jobs_pb2.JobSpec)]
