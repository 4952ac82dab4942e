"""The worker's loop: the most urgent run goes one segment forward, then the next look at the mail.

Runs are generators that hand control back at segment borders, so a job for a waiting person overtakes a
batch within one segment, and a cancelled one is dropped at the same place.
"""

import errno
import logging
import queue
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unmix.words.text import MOST_SENTENCE, as_text
from unmix_models.catalogue import find
from unmix_models.errors import AudioError, OutOfMemory, ResultTooLarge, StorageFull
from unmix_models.forward import Forward
from unmix_models.loading import check_device, load
from unmix_models.process.passing import Shortage, passing, present_shortage

from unmix_daemon.errors import OUT_OF_RESOURCES
from unmix_daemon.worker.messages import Cancel, Command, Failed, Load, Loaded, Residents, Run, Unload
from unmix_daemon.worker.pulse import Pulse
from unmix_daemon.worker.run import Steps, steps
from unmix_daemon.worker.workshop import Workshop

_log = logging.getLogger(__name__)
_LONGEST_WAIT = 3600.0
"""Seconds; a lock cannot wait for a keep-alive of centuries."""
_PIECE = 1 << 20
_WEIGHED = (OutOfMemory, ResultTooLarge, StorageFull)
_STEPS = 16
"""Steps that a run may take before the others get their turn; a segment needs about eight blocks."""


@dataclass(slots=True)
class _Active:
    run: Run
    steps: Steps
    waiting: Forward | None = None


class Loop:
    """Works on what comes in through `mail` until the process ends."""

    def __init__(
        self, mail: "queue.SimpleQueue[Command]", shop: Workshop, batch: int, pulse: Pulse | None = None
    ) -> None:
        """`mail` is filled by another thread; at most `batch` segments are computed together.

        Each step is counted by `pulse`.
        """
        self._batch = batch
        self._pulse = pulse or Pulse()
        self._mail = mail
        self._shop = shop
        self._active: list[_Active] = []

    def run(self) -> None:
        """Never returns."""
        while True:
            if not self._active:
                self._pulse.rest()
            self._read_mail()
            if self._active:
                self._turn()

    def _turn(self) -> None:
        """Every run of the highest priority goes on to its next forward pass; then those are computed."""
        highest = max(active.run.options.priority for active in self._active)
        urgent = [active for active in self._active if active.run.options.priority == highest]
        for active in urgent:
            left = 1 if len(urgent) == 1 else _STEPS
            while left and active.waiting is None and active in self._active:
                self._resume(active)
                left -= 1
        waiting = [active for active in urgent if active.waiting]
        if waiting:
            model = waiting[0].waiting and waiting[0].waiting.model
            together = [active for active in waiting if active.waiting and active.waiting.model is model]
            self._compute(together[: self._batch])

    def _compute(self, together: list[_Active]) -> None:
        """Run the forward passes in one batch; in batches of one when memory does not do."""
        forwards = [active.waiting for active in together if active.waiting]
        try:
            with self._pulse.step(*(active.run.ticket for active in together)):
                outputs = forwards[0].model.forward([forward.segment for forward in forwards])
        except OutOfMemory as error:
            if len(together) == 1:
                together[0].waiting = None
                self._resume(together[0], failure=error)
                return
            self._shop.residency.free_idle()
            for active in together:
                self._compute([active])
            return
        except Exception as error:  # noqa: BLE001  # a border: whoever asked for it must hear of it
            for active in together:
                active.waiting = None
                self._resume(active, failure=error)
            return
        for active, output in zip(together, outputs, strict=True):
            active.waiting = None
            self._resume(active, output)

    def _read_mail(self) -> None:
        """Take every waiting command; with nothing to work on wait for one, or for a model to expire."""
        while True:
            try:
                self._obey(self._mail.get(block=not self._active, timeout=self._patience()))
            except queue.Empty:
                self._shop.residency.expire()
                if self._active:
                    return

    def _patience(self) -> float | None:
        expiry = self._shop.residency.next_expiry()
        return None if expiry is None else min(max(0.0, expiry - time.time()), _LONGEST_WAIT)

    def _obey(self, command: Command) -> None:
        match command:
            case Run():
                self._active.append(_Active(command, steps(command, self._shop)))
            case Cancel():
                for active in [active for active in self._active if active.run.ticket == command.ticket]:
                    with self._pulse.step(command.ticket):
                        self._drop(active)
                    self._shop.send(Failed(command.ticket, "CANCELLED", "The job was cancelled."))
            case Load():
                self._answer(command.ticket, lambda: self._load(command))
            case Unload():
                self._answer(command.ticket, lambda: self._unload(command))
            case _:
                raise ValueError(f"unexpected command {command}")

    def _resume(self, active: _Active, output: Any = None, failure: Exception | None = None) -> None:
        try:
            with self._pulse.step(active.run.ticket):
                active.waiting = active.steps.throw(failure) if failure else active.steps.send(output)
        except StopIteration as end:
            self._active.remove(active)
            self._shop.send(end.value)
        except Exception as error:  # noqa: BLE001  # a border: one job's fault must not end the others
            self._active.remove(active)
            self._shop.send(_failure(active.run.ticket, error, Path(active.run.input)))

    def _drop(self, active: _Active) -> None:
        active.steps.close()
        self._active.remove(active)

    def _answer(self, ticket: str, work: Callable[[], float]) -> None:
        try:
            with self._pulse.step(ticket):
                seconds = work()
            self._shop.send(Loaded(ticket, seconds))
        except Exception as error:  # noqa: BLE001  # a border, as above
            self._shop.send(_failure(ticket, error))

    def _load(self, command: Load) -> float:
        shop = self._shop
        model = find(command.model, models=shop.weights.models())
        machine = replace(shop.machine, required=command.required)
        with shop.residency.use(
            model.name, lambda: load(model, shop.weights, machine), command.keep_alive
        ) as (loaded, seconds):
            check_device(loaded, machine)
            return seconds

    def _unload(self, command: Unload) -> float:
        self._shop.residency.unload(command.model)
        return 0.0


def residents_report(shop: Workshop) -> Residents:
    """What is loaded, as the front wants it."""
    return Residents(shop.residency.residents())


def _failure(ticket: str, error: Exception, source: Path | None = None) -> Failed:
    """What the front is told: first whether the machine was short of something, which is no fault of the job's.

    `source` is the recording, if there is one: what the disk does not give now is not invalid. Who has weighed the room
    on a disk or on a device has judged that already.
    """
    shortage = passing(error) or present_shortage() or (source and _unreadable(source))
    if isinstance(error, AudioError) and (isinstance(error, _WEIGHED) or not shortage):
        return Failed(ticket, error.reason, as_text(str(error), MOST_SENTENCE), error.facts)
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        message = "The result is larger than a file may be on the disk of the state folder: choose a section."
        return Failed(ticket, ResultTooLarge.reason, message)
    if shortage is Shortage.DISK:
        return Failed(ticket, StorageFull.reason, "The disk of the state folder is full.")
    if shortage:
        return Failed(ticket, OUT_OF_RESOURCES, f"{shortage[:1].upper()}{shortage[1:]}.")
    mark = uuid.uuid4().hex[:8]
    _log.error("run %s failed, mark %s", ticket, mark, exc_info=error)
    return Failed(
        ticket, "WORKER_ERROR", f"The worker met an unexpected error; the log has the details under {mark}."
    )


def _unreadable(path: Path) -> Shortage | None:
    try:
        with path.open("rb", buffering=0) as file:
            while file.read(_PIECE):
                pass
    except OSError as error:
        return passing(error)
    return None
