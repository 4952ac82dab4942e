"""What becomes of jobs that have a device: one attempt after another, until they have ended."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

from unmix.words import Job, JobError, Progress

from unmix_daemon.cancellation import Background
from unmix_daemon.config import Config
from unmix_daemon.errors import JobFailed, Short, WorkerDied, WorkerLost
from unmix_daemon.executors.base import Executor
from unmix_daemon.passing import Hindrance, hindrance
from unmix_daemon.queue.backlog import Backlog
from unmix_daemon.queue.live_job import LiveJob
from unmix_daemon.queue.obstacles import Obstacles
from unmix_daemon.queue.occupancy import Attempt, Occupancy
from unmix_daemon.queue.recorder import Recorder
from unmix_daemon.reports import Done
from unmix_daemon.state.folders import Folders
from unmix_daemon.state.store import Store

_log = logging.getLogger(__name__)
_INTERNAL = JobError("INTERNAL", "The daemon met an error; its log has the details.")
LOST = JobError("SHUTTING_DOWN", "The daemon stopped while this call was running; send the file again.")


class Attempts:
    """Runs jobs, and sees each to its end."""

    def __init__(
        self, config: Config, store: Store, folders: Folders, executor: Executor, backlog: Backlog
    ) -> None:
        """Nothing runs."""
        self._config = config
        self._store = store
        self._folders = folders
        self._executor = executor
        self._backlog = backlog
        self._background = Background()
        self.occupancy = Occupancy()
        self.obstacles = Obstacles(folders.room, backlog.kick.set)

    def begin(self, job: Job, device: str, reason: str) -> None:
        """Make one attempt, in the background."""
        task = asyncio.create_task(self._work(job, device, reason), name=f"job {job.job_id}")
        self.occupancy.begin(job.job_id, Attempt(device, job.options.priority, task))
        # Not `finally` in the task: one that is cancelled before its first step never enters its body.
        task.add_done_callback(lambda task: self._attempt_ended(job.job_id, task))

    async def stop(self, job_id: str) -> None:
        """End the job's attempt, if there is one; its device is free when this returns."""
        task = self.occupancy.get(job_id)
        if task:
            task.cancel()
            await asyncio.wait([task])

    async def close(self) -> None:
        """End all attempts."""
        tasks = [*self.occupancy, *self._background]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def fail(self, job_id: str, error: JobError) -> None:
        """A job ends with an error of its own. A durable one's input stays, to be tried again."""
        failed = await self._store.fail(job_id, error)
        if failed:  # else it has ended otherwise, and the files belong to that end
            try:
                await (self._folders.remove if failed.attached else self._folders.remove_attempts)(job_id)
            finally:
                self.end(failed)

    def break_off(self, job_id: str, error: Exception) -> None:
        """A job could not be begun, for a reason that nobody has foreseen."""
        _log.error("job %s cannot be started", job_id, exc_info=error)
        self._background.spawn(self.fail(job_id, _INTERNAL), "fail")

    def end(self, job: Job) -> None:
        """A job has ended, and that is recorded."""
        self.occupancy.forget(job.job_id)
        self.obstacles.forget(job.job_id)
        self._backlog.end(job)

    def wait_for(self, job_id: str, met: Hindrance) -> None:
        """What a job has met passes: say so, and try again later."""
        self.obstacles.met(job_id, met)
        if live := self._backlog.live.get(job_id):
            live.tell(Progress(met.stage))

    def _attempt_ended(self, job_id: str, task: asyncio.Task[None]) -> None:
        self.occupancy.end(job_id, task)
        self._backlog.kick.set()
        self._backlog.idle.set()

    async def _work(self, job: Job, device: str, reason: str) -> None:
        """One attempt, whatever comes of it."""
        try:
            started = await self._store.start(job.job_id)
            if started is None:
                return
            if started.error:  # its row cannot be read
                await self.fail(job.job_id, started.error)
                return
            live = self._backlog.live[job.job_id]
            live.begin(started)
            await self._attempt(live, started, device, reason)
        except asyncio.CancelledError:
            if self._backlog.is_closing:
                await self._put_back(job)
            raise
        except Exception as error:  # noqa: BLE001  # a border: one job must not end the others
            if met := hindrance(error):
                await self._put_off(job, met)
                return
            _log.exception("job %s", job.job_id)
            await self.fail(job.job_id, _INTERNAL)

    async def _attempt(self, live: LiveJob, job: Job, device: str, reason: str) -> None:
        folder = self._folders.of(job.job_id)
        await self._folders.remove_attempts(job.job_id)
        outputs = folder.outputs(job.attempts)
        recorder = Recorder(self._store, live, outputs, self._background.spawn)
        try:
            done = await self._executor.run(job, device, reason, folder.input, outputs, recorder.report)
            await recorder.settle(done.summary, durable=not job.attached)
        except JobFailed as error:
            if hindrance(error):
                raise
            self.obstacles.passed(job.job_id)
            await self.fail(job.job_id, JobError(error.reason, str(error), facts=error.facts))
        except (WorkerDied, WorkerLost) as error:
            await self._retry(job, error)
        else:
            self.obstacles.passed(job.job_id)
            await self._complete(live, job, done)

    async def _complete(self, live: LiveJob, job: Job, done: Done) -> None:
        live.rewritten.update(done.rewritten)
        queued = max(0.0, (job.started or 0.0) - job.created)
        completed = await self._store.complete(
            job.job_id, replace(done.summary, job_id=job.job_id, queued_seconds=queued)
        )
        if completed:
            try:
                await self._folders.remove_input(job.job_id)
            finally:
                self.end(completed)

    async def _retry(self, job: Job, death: WorkerDied | WorkerLost) -> None:
        """A worker ended with this job: again, unless the job has brought down too many.

        One that is not known to be the cause waits a little, and then runs alone.
        """
        crashed = isinstance(death, WorkerDied)
        if crashed and job.crashes + 1 >= self._config.max_crashes:
            message = f"{death} It happened {job.crashes + 1} times with this file; see the log, and please report it."
            await self.fail(job.job_id, JobError("WORKER_DIED", message))
            return
        again = await self._store.requeue(job.job_id, crashed=crashed)
        if again is None:
            return
        self._backlog.live[job.job_id].record(again)
        if crashed:
            self.occupancy.suspect(job.job_id)
        else:
            seconds = self.occupancy.rest(job)
            asyncio.get_running_loop().call_later(seconds, self._rested, job.job_id)
        self._backlog.add(again)

    def _rested(self, job_id: str) -> None:
        self.occupancy.rested(job_id)
        self._backlog.kick.set()

    async def _put_off(self, job: Job, met: Hindrance) -> None:
        """The machine was short of something: again, as soon as it may be there, and without a charge."""
        _log.warning("job %s is put off: %s", job.job_id, met.why)
        again = await self._store.requeue(job.job_id, crashed=False, stage=met.stage)
        if again is None:
            return
        self._backlog.live[job.job_id].record(again)
        self.wait_for(job.job_id, met)
        await self._folders.remove_attempts(job.job_id)
        self._backlog.add(again)

    async def _put_back(self, job: Job) -> None:
        """The daemon stops: a durable job waits for the next one, an attached one has lost its caller."""
        with suppress(Short):  # what cannot be recorded is put back, or failed, when the next daemon starts
            if job.attached:
                await self.fail(job.job_id, LOST)
            elif await self._store.requeue(job.job_id, crashed=False):  # else it has ended in the last moment
                await self._folders.remove_attempts(job.job_id)
