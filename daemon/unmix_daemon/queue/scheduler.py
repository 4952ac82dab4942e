"""Takes jobs in, decides what runs where and when, and sees every job to its end."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace

from unmix.words import Job, JobError, JobEvent, JobState
from unmix_models.devices import place
from unmix_models.errors import DeviceUnavailable

from unmix_daemon.cancellation import Background, unbroken
from unmix_daemon.config import Config
from unmix_daemon.errors import Busy, JobFailed, NoSuchJob, ShuttingDown, WorkerDied, WorkerLost
from unmix_daemon.executors.base import Executor
from unmix_daemon.queue.arrivals import Arrivals
from unmix_daemon.queue.delivery import events, stored
from unmix_daemon.queue.live_job import LiveJob
from unmix_daemon.queue.occupancy import Attempt, Occupancy
from unmix_daemon.queue.recorder import Recorder
from unmix_daemon.queue.sweeper import Sweeper
from unmix_daemon.queue.turns import Turns
from unmix_daemon.reports import Done
from unmix_daemon.state.folders import Folders
from unmix_daemon.state.store import Store

_log = logging.getLogger(__name__)
_INTERNAL = JobError("INTERNAL", "The daemon met an error; its log has the details.")
_LOOK_AGAIN = 1.0
"""Seconds."""
_LOST = JobError("SHUTTING_DOWN", "The daemon stopped while this call was running; send the file again.")


class Scheduler:
    """One for both frontends. A job that `submit` returned is finished, whatever is killed, or says why not."""

    def __init__(
        self,
        config: Config,
        store: Store,
        folders: Folders,
        executor: Executor,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Starts nothing; see `start`."""
        self._config = config
        self._store = store
        self._folders = folders
        self._executor = executor
        self._sweeper = Sweeper(store, folders, config.retention, clock)
        self._live: dict[str, LiveJob] = {}
        self._pending: dict[str, Job] = {}
        self._occupancy = Occupancy()
        self._turns = Turns()
        self._arrivals = Arrivals()
        self._closing = False
        self._kick = asyncio.Event()
        self._idle = asyncio.Event()
        """Set whenever a run or a job has ended; see `close`."""
        self._background = Background()

    async def start(self) -> None:
        """Take up what an earlier process left, and begin to work."""
        for job in await self._store.recover(_LOST):
            self._enqueue(job)
        await self._folders.keep_only(await self._store.with_files())
        self._background.spawn(self._dispatch(), "dispatch")
        self._background.spawn(self._sweeper.run(), "sweep")

    async def close(self) -> None:
        """Finish what runs and what callers wait for, within the drain time.

        After it, and for jobs that had not begun: durable ones wait for the next daemon, attached ones fail.
        """
        self._closing = True
        self._pending = {key: job for key, job in self._pending.items() if job.attached}
        with suppress(TimeoutError):
            await asyncio.wait_for(self._drained(), self._config.drain)
        for job in list(self._pending.values()):
            await self._fail(job.job_id, _LOST)
        self._pending.clear()
        tasks = [*self._occupancy, *self._background]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _drained(self) -> None:
        while self._pending or len(self._occupancy):
            self._idle.clear()
            await self._idle.wait()

    @property
    def pending(self) -> int:
        """Jobs that wait."""
        return len(self._pending)

    @property
    def receiving(self) -> int:
        """Jobs whose files are on their way; they are not among those that wait."""
        return len(self._arrivals)

    @property
    def processing(self) -> int:
        """Jobs that run."""
        return len(self._occupancy)

    def position(self, job_id: str) -> int:
        """How many jobs run or will run before this one."""
        waiting = [job.job_id for job in self._turns.order(self._pending.values())]
        return len(self._occupancy) + waiting.index(job_id) if job_id in waiting else 0

    def live(self, job_id: str) -> LiveJob | None:
        """An unfinished job."""
        return self._live.get(job_id)

    async def submit(self, job: Job, pieces: AsyncIterator[bytes]) -> tuple[Job, bool]:
        """Take a job and its file; it is queued, and durable unless attached, when this returns.

        With an idempotency key that is known already: that job, and True. Raises Busy, ShuttingDown,
        FieldError, DiskFull; nothing stays behind then.
        """
        if job.idempotency_key and (known := await self._store.known(job.client, job.idempotency_key)):
            return known, True
        self._refuse_when_closing()
        if self.pending >= self._config.queue_limit:
            raise Busy(f"The queue is full ({self._config.queue_limit} jobs wait); try again in a moment.")
        with self._arrivals.one_more(job.client):
            await self._folders.receive(
                job.job_id,
                pieces,
                job.options.size_bytes,
                self._config.max_upload_bytes,
                durable=not job.attached,
            )
            return await unbroken(self._accept(job))

    async def get(self, job_id: str) -> Job:
        """The job with its latest progress. Raises NoSuchJob."""
        job = await stored(job_id, self._store)
        live = self._live.get(job_id)
        fresh = live is not None and job.state is JobState.PROCESSING and live.progress.stage
        return replace(job, progress=live.progress) if live and fresh else job

    def watch(self, job_id: str, after: int) -> AsyncIterator[JobEvent]:
        """Events after a sequence number as they come, until the job has ended. Raises NoSuchJob."""
        return events(job_id, after, self._store, self._live.get)

    async def cancel(self, job_id: str) -> Job:
        """Stop a job; returns when its device is free. A finished job stays as it is. Raises NoSuchJob."""
        return await unbroken(self._cancel(job_id))

    async def delete(self, job_id: str) -> None:
        """Forget a job and its files, cancelling it first. Raises NoSuchJob."""
        await unbroken(self._delete(job_id))

    async def release(self, job_id: str) -> None:
        """The call of an attached job is over: cancel what still runs, delete the files, keep the record."""
        with suppress(NoSuchJob):  # it was deleted
            await self.cancel(job_id)
        await self._folders.remove(job_id)
        self._sweeper.in_use.discard(job_id)

    def _refuse_when_closing(self) -> None:
        if self._closing:
            raise ShuttingDown("The daemon is shutting down; try again when it runs again.")

    async def _accept(self, job: Job) -> tuple[Job, bool]:
        """From an upload on disk to a queued job, or to nothing."""
        try:
            self._refuse_when_closing()
            kept, existing = await self._store.add(job)
        except BaseException:
            await self._folders.remove(job.job_id)
            raise
        if existing:
            await self._folders.remove(job.job_id)
        else:
            if job.attached:
                self._sweeper.in_use.add(job.job_id)
            self._enqueue(kept)
        return kept, existing

    async def _cancel(self, job_id: str) -> Job:
        job = await self._store.cancel(job_id)
        if job is None:
            return await self.get(job_id)
        self._pending.pop(job_id, None)
        await self._stop(job_id)
        await self._folders.remove(job_id)
        self._end(job)
        return job

    async def _delete(self, job_id: str) -> None:
        await self._cancel(job_id)
        await self._folders.remove(job_id)
        await self._store.delete(job_id)

    def _enqueue(self, job: Job) -> None:
        self._pending[job.job_id] = job
        self._live.setdefault(job.job_id, LiveJob(job))
        self._kick.set()

    async def _dispatch(self) -> None:
        while True:
            await self._kick.wait()
            self._kick.clear()
            for job in self._turns.order(self._pending.values()):
                try:
                    await self._consider(job)
                except Exception:  # noqa: BLE001  # a border: one job must not stop the others
                    _log.exception("job %s cannot be started", job.job_id)
                    self._pending.pop(job.job_id, None)
                    self._background.spawn(self._fail(job.job_id, _INTERNAL), "fail")

    async def _consider(self, job: Job) -> None:
        """Start the job if its device is not taken by what is as urgent."""
        try:
            placement = place(job.options.device, await self._executor.devices())
        except WorkerLost:  # who would know is away for a moment
            asyncio.get_running_loop().call_later(_LOOK_AGAIN, self._kick.set)
            return
        except (DeviceUnavailable, WorkerDied) as error:
            if self._pending.pop(job.job_id, None):
                await self._fail(job.job_id, JobError(error.reason, str(error), facts=error.facts))
            return
        capacity = self._executor.capacity(placement.device)
        if job.job_id not in self._pending or not self._occupancy.has_room(job, placement.device, capacity):
            return
        del self._pending[job.job_id]
        self._turns.take(job)
        task = asyncio.create_task(
            self._work(job, placement.device, placement.reason), name=f"job {job.job_id}"
        )
        self._occupancy.begin(job.job_id, Attempt(placement.device, job.options.priority, task))
        # Not `finally` in the task: one that is cancelled before its first step never enters its body.
        task.add_done_callback(lambda task: self._attempt_ended(job.job_id, task))

    def _attempt_ended(self, job_id: str, task: asyncio.Task[None]) -> None:
        self._occupancy.end(job_id, task)
        self._kick.set()
        self._idle.set()

    async def _work(self, job: Job, device: str, reason: str) -> None:
        """One attempt, whatever comes of it."""
        try:
            started = await self._store.start(job.job_id)
            if started is None:
                return
            if started.error:  # its row cannot be read
                await self._fail(job.job_id, started.error)
                return
            live = self._live[job.job_id]
            live.begin(started)
            folder = self._folders.of(job.job_id)
            await self._folders.remove_attempts(job.job_id)
            outputs = folder.outputs(started.attempts)
            recorder = Recorder(self._store, live, outputs, self._background.spawn)
            try:
                done = await self._executor.run(
                    started,
                    device,
                    reason,
                    folder.input,
                    outputs,
                    recorder.report,
                )
                await recorder.settle(done.summary, durable=not job.attached)
            except JobFailed as error:
                await self._fail(job.job_id, JobError(error.reason, str(error), facts=error.facts))
            except (WorkerDied, WorkerLost) as error:
                await self._retry(started, error)
            else:
                await self._complete(live, started, done)
        except asyncio.CancelledError:
            if self._closing:
                await self._put_back(job)
            raise
        except Exception:  # noqa: BLE001  # a border: one job must not end the others
            _log.exception("job %s", job.job_id)
            await self._fail(job.job_id, _INTERNAL)

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
                self._end(completed)

    async def _fail(self, job_id: str, error: JobError) -> None:
        failed = await self._store.fail(job_id, error)
        if failed:  # else it has ended otherwise, and the files belong to that end
            await self._folders.remove(job_id)
            self._end(failed)

    async def _retry(self, job: Job, death: WorkerDied | WorkerLost) -> None:
        """A worker ended with this job: again, unless the job has brought down too many.

        One that is not known to be the cause waits a little, and then runs alone.
        """
        crashed = isinstance(death, WorkerDied)
        if crashed and job.crashes + 1 >= self._config.max_crashes:
            message = f"{death} It happened {job.crashes + 1} times with this file; see the log, and please report it."
            await self._fail(job.job_id, JobError("WORKER_DIED", message))
            return
        again = await self._store.requeue(job.job_id, crashed=crashed)
        if again is None:
            return
        self._live[job.job_id].record(again)
        if crashed:
            self._occupancy.suspect(job.job_id)
        else:
            seconds = self._occupancy.rest(job)
            asyncio.get_running_loop().call_later(seconds, self._rested, job.job_id)
        if job.attached or not self._closing:  # else it waits for the next daemon
            self._enqueue(again)

    def _rested(self, job_id: str) -> None:
        self._occupancy.rested(job_id)
        self._kick.set()

    async def _put_back(self, job: Job) -> None:
        """The daemon stops: a durable job waits for the next one, an attached one has lost its caller."""
        if job.attached:
            await self._fail(job.job_id, _LOST)
        elif await self._store.requeue(job.job_id, crashed=False):  # else it has ended in the last moment
            await self._folders.remove_attempts(job.job_id)

    def _end(self, job: Job) -> None:
        live = self._live.pop(job.job_id, None)
        self._occupancy.forget(job.job_id)
        if live:
            live.record(job)
        self._idle.set()

    async def _stop(self, job_id: str) -> None:
        task = self._occupancy.get(job_id)
        if task:
            task.cancel()
            await asyncio.wait([task])
