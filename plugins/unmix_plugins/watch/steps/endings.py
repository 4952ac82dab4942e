"""How it ends with a recording: its source put away, or its dead letter written, and who is told."""

import logging
from collections.abc import Callable, Hashable
from dataclasses import replace

from unmix_plugins.errors import UnmixError
from unmix_plugins.watch.cures import CURES
from unmix_plugins.watch.disk.mounts import TargetAway
from unmix_plugins.watch.ledger.entry import Entry, State
from unmix_plugins.watch.notify.hook import HookEvent
from unmix_plugins.watch.notify.hook_queue import HookQueue
from unmix_plugins.watch.notify.report import Finished, GivenUp, Postponed
from unmix_plugins.watch.retry import FULL, Verdict, pause_after, refusal
from unmix_plugins.watch.steps.dead_letter import DeadLetters
from unmix_plugins.watch.steps.delivery import Deliveries
from unmix_plugins.watch.steps.put_away import PutAway
from unmix_plugins.watch.waiting import LETTERS, MOVED, TARGET, Waiting
from unmix_plugins.watch.watched import Watched

_AT_ONCE = 50
"""Entries of one kind in one step."""
_log = logging.getLogger(__name__)


class Endings:
    """Of one watched folder."""

    def __init__(self, watched: Watched, waiting: Waiting, deliveries: Deliveries) -> None:
        self._watched = watched
        self._folder = watched.folder
        self._ledger = watched.ledger
        self._waiting = waiting
        self._deliveries = deliveries
        self._sources = PutAway(watched)
        self._letters = DeadLetters(watched)
        self._hooks = HookQueue() if watched.folder.on_done is not None else None
        self._being_told: set[int] = set()

    def start(self) -> None:
        """Begin to call hooks."""
        if self._hooks is not None:
            self._hooks.start()

    def stop(self) -> None:
        """Call those hooks that can be called at once."""
        if self._hooks is not None:
            self._hooks.stop()
            self._note_told(self._hooks)

    def step(self) -> bool:
        """Do what there is to do; True when that was anything."""
        did = self._each(State.DELIVERED, self._finish)
        did |= self._each(State.FAILED, self._write_letter)
        did |= self._each(State.RETRY, self._take_back)
        self._call_hook()
        return did

    def failed(self, entry: Entry, error: UnmixError, verdict: Verdict) -> None:
        """A job, or an attempt at one, has failed; what the entry has of a job is given up."""
        again = replace(
            entry, state=State.FOUND, job_id="", plan=None, tries=entry.tries + 1, reason=error.reason
        )
        attempts, said = entry.attempts + 1, error.worded(CURES)
        match verdict:
            case Verdict.WAIT_FOR_DAEMON | Verdict.WAIT_FOR_TASK:
                self._ledger.save(replace(again, message=said))
            case Verdict.TRY_AGAIN if attempts < self._watched.max_attempts:
                pause = pause_after(attempts)
                self._ledger.save(
                    replace(again, attempts=attempts, due=self._watched.clock() + pause, message=said)
                )
                self._watched.tell(
                    Postponed(self._folder.name, self._watched.source_of(entry), said, round(pause))
                )
            case _:
                tried = f" It was tried {attempts} times." if attempts > 1 else ""
                self._ledger.save(
                    replace(again, state=State.FAILED, attempts=attempts, due=0.0, message=f"{said}{tried}")
                )

    def _each(self, state: State, action: Callable[[Entry], bool]) -> bool:
        entries = self._ledger.in_states(self._watched.number, [state], self._watched.clock(), _AT_ONCE)
        did = False
        for entry in entries:
            if not action(entry):
                break
            did = True
        return did

    def _finish(self, entry: Entry) -> bool:
        """delivered → done. A source that cannot be put away stays, and is not done again."""
        if self._waiting.holds(MOVED) or self._waiting.holds(TARGET):
            return False
        try:
            self._deliveries.clean(entry)
        except OSError as error:
            self._wait(TARGET, error)
            return False
        try:
            if not entry.result.is_skipped:  # else the source is all that there is of it
                entry = self._sources.put_away(entry)
        except TargetAway as error:
            self._waiting.begin(MOVED, str(error), needs_user=True)
            return False
        except OSError as error:
            if error.errno in FULL:
                self._wait(MOVED, error)
                return False
            said = f"The source stays where it is: {refusal(error, self._folder.source)}"
            entry = replace(entry, away_to=None, result=replace(entry.result, note=said))
        self._waiting.over(MOVED)
        done = replace(entry, state=State.DONE, plan=None, due=0.0)
        if entry.ended:  # it was done before, and only its source has turned up again
            self._ledger.save(done)
            return True
        self._ledger.save(replace(done, ended=self._watched.clock(), is_untold=self._hooks is not None))
        self._watched.tell(
            Finished(
                self._folder.name,
                self._watched.source_of(entry),
                tuple(self._ledger.outputs(entry)),
                entry.result,
            )
        )
        return True

    def _write_letter(self, entry: Entry) -> bool:
        """failed → dead."""
        if self._waiting.holds(LETTERS):
            return False
        try:
            dead = self._letters.write(entry, is_untold=self._hooks is not None)
        except TargetAway as error:
            self._waiting.begin(LETTERS, str(error), needs_user=True)
            return False
        except OSError as error:
            self._wait(LETTERS, error)
            return False
        self._waiting.over(LETTERS)
        if dead is not None and dead.state is State.DEAD and dead.away_to is not None and not entry.ended:
            source = self._watched.source_of(entry)
            self._watched.tell(GivenUp(self._folder.name, source, entry.reason, entry.message, dead.away_to))
        return True

    def _take_back(self, entry: Entry) -> bool:
        """dead → found, because the user wants it."""
        if self._waiting.holds(LETTERS):
            return False
        try:
            self._letters.retry(entry)
        except OSError as error:
            self._wait(LETTERS, error)
            return False
        self._waiting.over(LETTERS)
        return True

    def _wait(self, subject: Hashable, error: OSError) -> None:
        folder = {
            TARGET: self._folder.target,
            MOVED: self._folder.moved_to,
            LETTERS: self._folder.failed,
        }.get(str(subject))
        self._waiting.begin(subject, refusal(error, folder or self._folder.target), needs_user=True)

    def _call_hook(self) -> None:
        """Have the hook called for what has ended, until it was, over restarts."""
        if self._hooks is None or self._folder.on_done is None:
            return
        self._note_told(self._hooks)
        for entry in self._ledger.untold(self._watched.number, _AT_ONCE + len(self._being_told)):
            if entry.entry_id not in self._being_told:
                if not self._hooks.put(self._folder.on_done, self._event(entry)):
                    return
                self._being_told.add(entry.entry_id)

    def _note_told(self, hooks: HookQueue) -> None:
        for outcome in hooks.take():
            entry_id = int(outcome.event.event_id.split("-")[1])
            self._being_told.discard(entry_id)
            if outcome.problem is not None:
                _log.warning("%s", outcome.problem)
            entry = self._ledger.get(entry_id)
            if entry is not None:
                self._ledger.save(replace(entry, is_untold=False))

    def _event(self, entry: Entry) -> HookEvent:
        outputs = tuple(self._ledger.outputs(entry))
        state = "failed" if entry.state is State.DEAD else "done" if outputs else "skipped"
        return HookEvent(
            event_id=f"{self._watched.mark(entry)}-{entry.tries}",
            folder=self._folder.name,
            state=state,
            source=self._watched.source_of(entry),
            outputs=outputs,
            reason=entry.reason if state == "failed" else "",
            message=entry.message if state == "failed" else "",
            job_id=entry.job_id,
            model=entry.result.model,
            device=entry.result.device,
            duration=entry.result.seconds,
            processing_seconds=entry.result.processing_seconds,
        )
