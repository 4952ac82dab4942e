"""A job that runs: REAPER comes back to it for one slice after the other, and every action sees that it is there."""

import os
import time
import uuid
from typing import Any, Dict

from reaper_python import *

from .collecting import collect, render_effects
from .finishing import place, report
from .job import WAIT, Cancelled, Job, Slices
from .messages import Trouble, confess, show, tell
from .processing import end_client, process
from .settings import SECTION

RUNNING, CANCEL = "running", "cancel"
"""Of REAPER's ExtState: the job that runs, and the one that shall end."""
SLICE = 0.012
"""Seconds of work in one go; deferred code runs about 30 times a second."""
STALE = 10.0
"""Seconds without a sign of life after which an action is taken for dead."""


class Running:
    """A job, of which REAPER calls `tick` until the generator `work` has come to its end.

    REAPER executes deferred texts in `__main__`, and only that knows how to defer. So the job is in a dictionary there:
    actions that follow may be of another version, and import these modules anew.
    """

    def __init__(self, action: str, main: Dict[str, Any]) -> None:
        """Raises Trouble."""
        self.job = Job(action)
        self.token = uuid.uuid4().hex
        self.defer = main["RPR_defer"]
        self.jobs = main.setdefault("unmix_jobs", {})
        self.is_closing = False
        """It cannot be cancelled any more."""
        self.is_over = False
        self.work = self.whole()
        self.jobs[self.token] = self
        main["RPR_atexit"](f'"{self.token}" in unmix_jobs and unmix_jobs["{self.token}"].leave()')

    def tick(self) -> None:
        """Do a slice of the work and ask for the next."""
        try:
            if not self.is_over and self.advance():
                self.defer(f'unmix_jobs["{self.token}"].tick()')
            else:
                self.clear()
                if self.job.message:
                    tell(self.job.message)
        except BaseException as error:
            self.leave()
            confess(error)

    def advance(self) -> bool:
        """Work until time is up or there is nothing to do now; False when all is done."""
        RPR_SetExtState(SECTION, RUNNING, f"{os.getpid()} {self.token} {time.monotonic()}", 0)
        until = time.monotonic() + SLICE
        try:
            if not self.is_closing and RPR_GetExtState(SECTION, CANCEL) == self.token:
                step = self.work.throw(Cancelled())
            else:
                step = next(self.work)
            while step is not WAIT and time.monotonic() < until:
                step = next(self.work)
        except StopIteration:
            return False
        return True

    def leave(self) -> None:
        """The script ends: it is done, it failed, or REAPER ends it."""
        try:
            self.jobs.pop(self.token, None)
            self.clear()
        except BaseException:
            pass  # there is nobody to tell any more

    def clear(self) -> None:
        """Leave nothing behind but the results."""
        if self.is_over:
            return
        self.is_over = True
        self.job.clear()
        RPR_DeleteExtState(SECTION, RUNNING, 0)
        RPR_DeleteExtState(SECTION, CANCEL, 0)

    def whole(self) -> Slices:
        job = self.job
        try:
            yield from collect(job)
            yield from render_effects(job)
            if job.subjects:
                yield from process(job)
                yield from place(job)
            report(job)
        except (Cancelled, Trouble) as error:
            self.is_closing = True
            yield from end_client(job)
            job.message = str(error)
            show("" if job.message else "cancelled, and nothing was changed")


def cancel() -> None:
    token = running_job()
    if token:
        RPR_SetExtState(SECTION, CANCEL, token, 0)
    show("cancelling" if token else "nothing to cancel")


def running_job() -> str:
    """Return the token of the job that runs, or nothing; one without a sign of life for a while has crashed."""
    words = RPR_GetExtState(SECTION, RUNNING).split()
    try:
        process, token, seen = words
        return token if int(process) == os.getpid() and time.monotonic() - float(seen) < STALE else ""
    except ValueError:
        return ""
