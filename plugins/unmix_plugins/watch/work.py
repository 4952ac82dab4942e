"""The work on one watched folder, step by step: see, submit, collect, deliver, and bring to an end.

A step does a little of each and may be the last one at any point: all that counts is in the ledger. Only what is the
matter with a file itself ends in its dead letter; everything else is waited for.
"""

from collections.abc import Callable
from pathlib import Path

from unmix.words import Job, JobState

from unmix_plugins.errors import (
    AccessRefused,
    BrokenResult,
    Cancelled,
    DaemonFault,
    DaemonNotStarted,
    NotFound,
    NotPossibleNow,
    OutputClash,
    OutputError,
    Overloaded,
    SourceError,
    UnmixError,
    from_job_failure,
)
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.cures import CURES
from unmix_plugins.watch.daemon import Daemon
from unmix_plugins.watch.disk.mounts import TargetAway
from unmix_plugins.watch.ledger.entry import Entry, FileFacts, State
from unmix_plugins.watch.retry import Verdict, cause_of, is_of_the_file, of_call, of_job, refusal
from unmix_plugins.watch.seen.observer import Observer
from unmix_plugins.watch.slots import Slots
from unmix_plugins.watch.steps.delivery import Deliveries
from unmix_plugins.watch.steps.endings import Endings
from unmix_plugins.watch.steps.intake import Intake
from unmix_plugins.watch.steps.submission import Submission
from unmix_plugins.watch.waiting import DAEMON, QUEUE, SOURCE, TARGET, WORKERS, Waiting
from unmix_plugins.watch.watched import Watched

_IDLE = 0.5
"""Seconds between two steps while nothing happens."""
_SOON = 0.1
"""As above, while files are about to settle."""
_FIRST_POLL = 0.05
"""Seconds until the daemon's jobs are looked at again, right after something has happened."""
_LONGEST_POLL = 1.0
_BLOCKED_POLL = 10.0
"""As above, while results wait for the target and nothing is being computed."""
_SEARCH = 10.0
"""Seconds until all that was found is gone through again, after everything had to wait and was much."""
_MANY = 200
"""Entries that are gone through without a second thought."""
_MOST_BLOCKED = 20
"""Files that cannot be read and are told of one by one."""
_PATIENCE = 2
"""Looks after which a daemon or a file that was away for a moment is back."""


class Work:
    """Of one folder. All methods but `disconnect` are for one thread; the two flags may be read by any."""

    def __init__(
        self, watched: Watched, observer: Observer, slots: Slots, *, connect: Callable[[str], Daemon]
    ) -> None:
        """`connect` gives a client of that name. Nothing is done before `start`."""
        self.folder = watched.folder
        self._watched = watched
        self._number = watched.number
        self._ledger = watched.ledger
        self._clock = watched.clock
        self._observer = observer
        self._slots = slots
        self._connect = connect
        self._waiting = Waiting(watched)
        self._intake = Intake(watched)
        self._submission = Submission(watched, self._intake, on_forgotten=observer.forget)
        self._deliveries = Deliveries(watched)
        self._endings = Endings(watched, self._waiting, self._deliveries)
        self._client: Daemon | None = None
        self._blocked: set[Path] = set()
        self._settled: list[tuple[Path, FileFacts]] = []
        self._has_jobs = True  # of an earlier life, perhaps
        self._unfinished = 0
        self._next_search = 0.0
        self._next_poll = 0.0
        self._poll = _FIRST_POLL
        self.is_idle = False
        """True when nothing was left to do after the last step."""
        self.is_stuck = False
        """True when all that is left waits for somebody to do something."""

    def start(self) -> None:
        """Begin to look at the folder."""
        self._endings.start()
        self._observer.start()

    def stop(self) -> None:
        """End; the ledger has what is left."""
        self._observer.stop()
        self._deliveries.rest()
        self._endings.stop()
        self._waiting.stop()
        self._slots.set(self._number, 0)
        self._slots.rest(self._number)
        self.disconnect()

    @property
    def has_blocked(self) -> bool:
        """True when there are files that cannot be read."""
        return bool(self._blocked)

    def disconnect(self) -> None:
        """End what runs over the connection, from any thread."""
        if self._client is not None:
            self._client.close()

    def step(self) -> float:
        """Do what there is to do now; returns after how many seconds there may be more."""
        blocked = sum(not blocker.passes for blocker in self._observer.blocked.values())
        is_quiet = self._observer.scanned and self._observer.settling <= blocked
        self._see()
        did = self._with_daemon()
        did |= self._endings.step()
        self.is_idle = is_quiet and not self._has_jobs and not self._ledger.has_unfinished(self._number)
        self.is_stuck = is_quiet and not did and self._unfinished == 0 and self._waiting.needs_user
        if did:
            return 0.0
        longest = _IDLE if is_quiet else _SOON
        return min(longest, max(_FIRST_POLL, self._next_poll - self._clock())) if self._has_jobs else longest

    def _see(self) -> None:
        """Note what has settled, and whether the folder is there."""
        away = self._observer.away
        if away is None:
            self._waiting.over(SOURCE)
        else:
            self._waiting.begin(SOURCE, away, needs_user=True)
        self._note_blocked()
        self._settled += self._observer.take()
        if self._settled:
            self._next_search = 0.0
            with self._ledger.transaction():
                for path, facts in self._settled:
                    self._intake.see(path, facts)
            self._settled.clear()  # not before they are in the ledger: each is given once

    def _note_blocked(self) -> None:
        """Tell of files that cannot be read, of so many at the most."""
        sentences = {path: each.sentence for path, each in self._observer.blocked.items() if not each.passes}
        for path in self._blocked - sentences.keys():
            self._waiting.over(path)
        self._blocked &= sentences.keys()
        for path, sentence in sentences.items():
            if path not in self._blocked and len(self._blocked) < _MOST_BLOCKED:
                self._blocked.add(path)
                self._waiting.begin(path, sentence, needs_user=True)

    def _with_daemon(self) -> bool:
        """Collect, deliver, submit; True when that was anything."""
        entry = self._next_to_submit()
        if entry is None:
            self._slots.rest(self._number)
        if self._waiting.holds(DAEMON) or (entry is None and not self._has_jobs):
            return False
        try:
            client = self._connected()
            did = self._clock() >= self._next_poll and self._collect(client)
            did |= self._deliver(client)
            did |= entry is not None and self._submit(client, entry)
        except UnmixError as error:
            if not self._watched.is_over():
                said = error.worded(CURES)
                needs_user = isinstance(error, AccessRefused | DaemonNotStarted | Overloaded)
                self._waiting.begin(
                    DAEMON, said, needs_user=needs_user, asked=error.retry_after, patience=_PATIENCE
                )
            return False
        self._waiting.over(DAEMON)
        return did

    def _connected(self) -> Daemon:
        if self._client is None:
            self._client = self._connect(self._submission.client_name)
        return self._client

    def _collect(self, client: Daemon) -> bool:
        """See what has become of the jobs."""
        collected = self._submission.collect(client)
        self._unfinished = collected.unfinished
        self._slots.set(self._number, collected.unfinished)
        for entry, job in collected.finished:
            if job.state is JobState.COMPLETED and job.summary is not None:
                self._deliveries.begin(entry, job.summary)
                self._waiting.over(WORKERS)
                self._waiting.over(self.folder.task_of(entry.path))
            else:
                self._job_failed(entry, job)
                self._submission.delete(client, job.job_id)
        is_delivering = bool(self._ledger.in_states(self._number, [State.DELIVERING], float("inf"), 1))
        self._has_jobs = bool(collected.unfinished or collected.finished or is_delivering)
        longest = _LONGEST_POLL if collected.unfinished else _BLOCKED_POLL
        self._poll = _FIRST_POLL if collected.finished else min(longest, self._poll * 1.5)
        self._next_poll = self._clock() + self._poll
        return bool(collected.finished)

    def _job_failed(self, entry: Entry, job: Job) -> None:
        error = _error_of(job)
        verdict = of_job(error)
        if verdict is Verdict.TRY_AGAIN and job.attempts == 0:  # no worker has begun it
            verdict = Verdict.WAIT_FOR_DAEMON
        self._endings.failed(entry, error, verdict)
        if verdict is Verdict.WAIT_FOR_TASK:
            self._wait_for_task(entry, error)
        elif verdict is Verdict.WAIT_FOR_DAEMON:
            self._waiting.begin(WORKERS, error.worded(CURES), needs_user=True, patience=_PATIENCE)

    def _deliver(self, client: Daemon) -> bool:
        """Bring one result into the target."""
        if self._waiting.holds(TARGET) or self._watched.is_over():
            return False
        for entry in self._ledger.in_states(self._number, [State.DELIVERING], self._clock(), 1):
            try:
                self._deliveries.carry_on(client, entry)
            except (OSError, TargetAway, OutputError, BrokenResult, NotFound, NotPossibleNow) as error:
                if not self._delivery_failed(entry, error):
                    return False
            self._waiting.over(TARGET)
            self._submission.delete(client, entry.job_id)
            return True
        return False

    def _delivery_failed(self, entry: Entry, error: Exception) -> bool:
        """False when it is the matter of the target, and has to be waited for."""
        cause = cause_of(error)
        current = self._ledger.get(entry.entry_id) or entry
        if isinstance(error, BrokenResult | NotFound | NotPossibleNow):
            verdict, told = Verdict.TRY_AGAIN, error
        elif isinstance(error, OutputClash):
            verdict, told = Verdict.GIVE_UP, error
        elif cause is not None and is_of_the_file(cause):
            said = cause.strerror or type(cause).__name__
            told = OutputError(f"The target cannot hold an output of this name or size ({said}).")
            verdict = Verdict.GIVE_UP
        else:
            sentence = str(error) if cause is None else refusal(cause, self.folder.target)
            self._waiting.begin(TARGET, sentence, needs_user=True)
            return False
        try:
            self._deliveries.undo(current)
        except OSError as refused:
            self._waiting.begin(TARGET, refusal(refused, self.folder.target), needs_user=True)
            return False
        self._endings.failed(current, told, verdict)
        return True

    def _next_to_submit(self) -> Entry | None:
        """What has waited longest and may be submitted now."""
        if self._observer.away is not None or self._watched.is_over():
            return None
        if self._waiting.holds(QUEUE) or self._waiting.holds(WORKERS):
            return None
        with_jobs = self._ledger.in_states(
            self._number, [State.SUBMITTED, State.DELIVERING], float("inf"), self._slots.limit
        )
        if len(with_jobs) >= self._slots.limit:  # what is finished has to be delivered first
            return None
        if self._clock() < self._next_search:
            return None
        held = 0
        for entry in self._ledger.found(self._number, self._clock()):
            if not any(map(self._waiting.holds, (self.folder.task_of(entry.path), entry.path))):
                return entry
            held += 1
        if held > _MANY:
            self._next_search = self._clock() + _SEARCH
        return None

    def _submit(self, client: Daemon, entry: Entry) -> bool:
        """Give the daemon one more recording, if it may have one."""
        if not self._slots.take(self._number):
            return False
        self._has_jobs = True
        self._next_poll = min(self._next_poll, self._clock() + _FIRST_POLL)
        try:
            self._submission.submit(client, entry)
        except (SourceError, OSError) as error:
            said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            sentence = f"{shown(self._watched.source_of(entry))} cannot be taken ({said.rstrip('.')})."
            self._waiting.begin(entry.path, sentence, needs_user=True, patience=_PATIENCE)
        except Overloaded as error:
            is_disk = error.reason != "QUEUE_FULL"
            self._waiting.begin(
                QUEUE, error.worded(CURES), needs_user=is_disk, asked=error.retry_after, patience=_PATIENCE
            )
        except UnmixError as error:
            self._submission_failed(entry, error)
        else:
            self._waiting.over(entry.path)
            self._waiting.over(QUEUE)
        return True

    def _submission_failed(self, entry: Entry, error: UnmixError) -> None:
        match of_call(error):
            case Verdict.WAIT_FOR_DAEMON:
                raise error
            case Verdict.WAIT_FOR_TASK:
                self._wait_for_task(entry, error)
            case verdict:
                self._endings.failed(self._ledger.get(entry.entry_id) or entry, error, verdict)

    def _wait_for_task(self, entry: Entry, error: UnmixError) -> None:
        task = self.folder.task_of(entry.path)
        self._waiting.begin(task, error.worded(CURES), needs_user=True, asked=error.retry_after)


def _error_of(job: Job) -> UnmixError:
    if job.error is not None:
        return from_job_failure(job.error)
    if job.state is JobState.CANCELLED:
        return Cancelled("Somebody has cancelled its job.")
    return DaemonFault(f"Its job is {job.state}, without a result.")
