"""From a found recording to a durable job, and from a finished job to what is next.

A job's idempotency key is made of the ledger, the entry and how many jobs it has had: who submits again after a kill
gets the job that is there. The daemon's list of this folder's jobs is compared with the ledger each time, and what
the ledger does not want is deleted, so that nothing is left over whenever somebody was killed.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from unmix.words import Job, Priority

from unmix_plugins.errors import NotFound
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.config.folder import Collision
from unmix_plugins.watch.daemon import Daemon
from unmix_plugins.watch.disk.moves import is_there
from unmix_plugins.watch.disk.original import Original, digest
from unmix_plugins.watch.ledger.entry import Entry, Result, State
from unmix_plugins.watch.ledger.store import Ledger
from unmix_plugins.watch.steps.destination import foreseen
from unmix_plugins.watch.steps.intake import Intake
from unmix_plugins.watch.watched import Watched

_MANY = 1_000_000


def client_name(ledger: Ledger, number: int) -> str:
    """By what name the daemon knows the jobs of a folder, and takes turns between folders."""
    return f"unmix-watch-{ledger.token}-{number}"


def withdraw(client: Daemon, ledger: Ledger, number: int) -> None:
    """Take all jobs of a folder back that is not watched any more; if it ever is again, they are made anew."""
    for entry in ledger.in_states(number, [State.SUBMITTED], float("inf"), _MANY):
        ledger.save(replace(entry, state=State.FOUND, job_id="", tries=entry.tries + 1))
    for job in list(client.jobs.list(client=client_name(ledger, number))):
        with suppress(NotFound):
            client.jobs.delete(job.job_id)


@dataclass(frozen=True, slots=True)
class Collected:
    """What the daemon says of a folder's jobs."""

    finished: tuple[tuple[Entry, Job], ...]
    unfinished: int


class Submission:
    """Of one watched folder. `client` is always one whose name is `client_name`."""

    def __init__(self, watched: Watched, intake: Intake, *, on_forgotten: Callable[[Path], object]) -> None:
        """`on_forgotten` gets the path of a file that the ledger does not have any more, and that may come again."""
        self._watched = watched
        self._folder = watched.folder
        self._ledger = watched.ledger
        self._intake = intake
        self._on_forgotten = on_forgotten
        self.client_name = client_name(watched.ledger, watched.number)

    def submit(self, client: Daemon, entry: Entry) -> Entry | None:
        """Have the daemon take a found entry; returns it as submitted, or as delivered where nothing is to be written.

        None when there is nothing to submit: the file has changed or gone, in which case it will be seen again, or it
        is known already. Raises what the daemon's client raises, and OSError or Cancelled while the file is read.
        """
        with self._watched.original(entry) as original:
            if original is None:
                return self._forgotten(entry)
            if not entry.sha256:
                sha256 = digest(original.file, self._watched.is_over)
                recognised = self._intake.recognise(replace(entry, sha256=sha256))
                if recognised is None:
                    return None
                entry = recognised
            if self._is_skipped(entry):
                return self._ledger.save(
                    replace(entry, state=State.DELIVERED, result=Result(is_skipped=True))
                )
            job = self._sent(client, entry, original)
            if not (self._watched.is_unchanged(entry) and original.facts.is_same_version(entry.facts)):
                return self._forgotten(entry)
            return self._ledger.save(
                replace(entry, state=State.SUBMITTED, job_id=job.job_id, due=0.0, reason="", message="")
            )

    def _sent(self, client: Daemon, entry: Entry, original: Original) -> Job:
        """The job of the file that is open, and of no other that may have its name by now."""
        options = replace(
            self._folder.options, file_name=shown(entry.path.as_posix()), priority=Priority.FOLDER
        )
        key = f"{self._watched.mark(entry)}-{entry.tries}"
        task = self._folder.task_of(entry.path)
        return client.jobs.submit(original.file, task, options, idempotency_key=key)

    def collect(self, client: Daemon) -> Collected:
        """What has become of the folder's jobs; entries whose job is gone are found again."""
        jobs = {job.job_id: job for job in client.jobs.list(client=self.client_name)}
        finished: list[tuple[Entry, Job]] = []
        unfinished = 0
        for entry in self._with_jobs(State.SUBMITTED):
            job = jobs.get(entry.job_id)
            if job is None:
                self._lost(entry)
            elif job.state.is_final:
                finished.append((entry, job))
            else:
                unfinished += 1
        wanted = {entry.job_id for entry in self._with_jobs(State.SUBMITTED, State.DELIVERING)}
        for job_id in jobs.keys() - wanted:
            self.delete(client, job_id)
        return Collected(tuple(finished), unfinished)

    def delete(self, client: Daemon, job_id: str) -> None:
        """Have the daemon forget a job."""
        if job_id:
            with suppress(NotFound):
                client.jobs.delete(job_id)

    def _with_jobs(self, *states: State) -> list[Entry]:
        return self._ledger.in_states(self._watched.number, states, float("inf"), _MANY)

    def _lost(self, entry: Entry) -> None:
        """The daemon does not know the job any more: somebody deleted it, or it was kept for its time."""
        self._ledger.save(replace(entry, state=State.FOUND, job_id="", tries=entry.tries + 1))

    def _forgotten(self, entry: Entry) -> None:
        """The file is another one now, or gone; the observer tells of it when it is there and has settled."""
        self._ledger.forget(entry)
        self._on_forgotten(self._watched.source_of(entry))

    def _is_skipped(self, entry: Entry) -> bool:
        """True when it is known before the work that its output would not be written."""
        if self._folder.on_collision is not Collision.SKIP:
            return False
        path = foreseen(self._folder, entry.path, self._folder.task_of(entry.path))
        if path is None:
            return False
        try:
            with self._watched.mounts.reopen(self._folder.target) as target:
                return is_there(target, self._folder.target / path)
        except OSError:  # which is told when something is to be written there
            return False
