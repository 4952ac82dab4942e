"""A client that may be killed at any moment and, started again, goes on where it was.

    python -m soak.kill_client FOLDER

FOLDER holds `plan.json` with the orders. What is done is noted in `journal.jsonl`, one line each; results go
to `results`. One thread submits all durable orders, with the order's name as idempotency key, and fetches
them; another calls the attached ones meanwhile, over and over, until there is a file `enough`.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import TypeVar

from unmix.words import DenoiseStem, DenoiseTask
from unmix_plugins.client import Client
from unmix_plugins.errors import UnmixError

ON_THE_WAY = {"DAEMON_UNREACHABLE", "SHUTTING_DOWN"}
"""Reasons for which the same is tried again: the daemon was killed, or is being started."""
_PAUSE = 0.05

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Order:
    """One recording to be denoised."""

    name: str
    source: str
    """Path."""
    model: str
    stems: tuple[str, ...]
    attached: bool

    @property
    def recipe(self) -> tuple[str, ...]:
        """Orders with the same recipe have the same result."""
        return (self.source, self.model, *self.stems)

    @property
    def task(self) -> DenoiseTask:
        return DenoiseTask(model=self.model, stems=tuple(map(DenoiseStem, self.stems)))

    def targets(self, folder: Path) -> dict[str, Path]:
        """Where the stems go."""
        suffix = Path(self.source).suffix
        return {stem: folder / f"{self.name}.{stem}{suffix}" for stem in self.stems}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal."""

    order: str
    done: str
    """`accepted`, `fetched`, `called` or `failed`."""
    job_id: str = ""
    reason: str = ""
    message: str = ""


class Journal:
    """What earlier lives of this client have done. Lines survive kill -9, and the last may be torn."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Entry]:
        if not self._path.exists():
            return []
        whole, _, _ = self._path.read_text("utf-8").rpartition("\n")
        return [Entry(**json.loads(line)) for line in whole.splitlines()]

    def add(self, entry: Entry) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry)) + "\n")


class Customer:
    """Gives orders, again and again where the daemon was killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._results = folder / "results"
        self._journal = Journal(folder / "journal.jsonl")
        self._client: Client | None = None

    def submit_and_fetch(self, orders: Sequence[Order]) -> None:
        """The durable ones, each once."""
        entries = self._journal.read()
        accepted = {entry.order: entry.job_id for entry in entries if entry.done == "accepted"}
        over = {entry.order for entry in entries if entry.done != "accepted"}
        for order in orders:
            if order.name not in accepted:
                accepted[order.name] = self._submit(order)
        for order in orders:
            if order.name not in over:
                self._fetch(order, accepted[order.name])

    def call_until_enough(self, orders: Sequence[Order]) -> None:
        """The attached ones, each at least once in this life."""
        for number, order in enumerate(cycle(orders)):
            if number >= len(orders) and (self._folder / "enough").exists():
                return
            self._call(order)

    def _submit(self, order: Order) -> str:
        def submit(client: Client) -> str:
            return client.jobs.submit(Path(order.source), order.task, idempotency_key=order.name).job_id

        job_id = self._until_done(submit)
        self._journal.add(Entry(order.name, "accepted", job_id))
        return job_id

    def _fetch(self, order: Order, job_id: str) -> None:
        def fetch(client: Client) -> None:
            for _ in client.jobs.watch(job_id):
                pass
            client.jobs.save(job_id, order.targets(self._results), overwrite=True)

        self._try(order, "fetched", fetch, job_id)

    def _call(self, order: Order) -> None:
        targets = order.targets(self._results)

        def call(client: Client) -> None:
            client.denoise(Path(order.source), targets, order.task, overwrite=True)

        self._try(order, "called", call)

    def _try(self, order: Order, done: str, work: Callable[[Client], object], job_id: str = "") -> None:
        try:
            self._until_done(work)
        except UnmixError as error:
            self._journal.add(Entry(order.name, "failed", job_id, error.reason, str(error)))
        else:
            self._journal.add(Entry(order.name, done, job_id))

    def _until_done(self, work: Callable[[Client], Result]) -> Result:
        while True:
            try:
                return work(self._connected())
            except UnmixError as error:
                if error.reason not in ON_THE_WAY:
                    raise
                time.sleep(_PAUSE)

    def _connected(self) -> Client:
        if self._client is None:
            self._client = Client.connect(self._folder / "state", client_name="soak", start=False)
        return self._client


def main(folder: Path) -> None:
    orders = [Order(**fields) for fields in json.loads((folder / "plan.json").read_text("utf-8"))]
    with ThreadPoolExecutor(2) as pool:
        durable = [order for order in orders if not order.attached]
        attached = [order for order in orders if order.attached]
        work = [
            pool.submit(Customer(folder).submit_and_fetch, durable),
            pool.submit(Customer(folder).call_until_enough, attached),
        ]
        for each in work:
            each.result()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
