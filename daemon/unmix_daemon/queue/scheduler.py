"""Takes jobs in, decides what runs where and when, and sees every job to its end."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace

from unmix.words import Job, JobError, JobEvent, JobState
from unmix_models.devices import place
from unmix_models.errors import DeviceUnavailable

from unmix_daemon.cancellation import Background, unbroken
from unmix_daemon.config import Config
from unmix_daemon.errors import (
    Busy,
    InputGone,
    NoSuchJob,
    NotReady,
    Short,
    ShuttingDown,
    WorkerDied,
    WorkerLost,
)
from unmix_daemon.executors.base import Executor
from unmix_daemon.passing import hindrance
from unmix_daemon.queue.arrivals import Arrivals
from unmix_daemon.queue.attempts import LOST, Attempts
from unmix_daemon.queue.backlog import Backlog
from unmix_daemon.queue.delivery import events, stored
from unmix_daemon.queue.live_job import LiveJob
from unmix_daemon.queue.sweeper import Sweeper
from unmix_daemon.queue.turns import Turns
from unmix_daemon.state.folders import Folders
from unmix_daemon.state.store import Store

_LOOK_AGAIN = 1.0
"""Seconds."""


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
        self._turns = Turns()
        self._arrivals = Arrivals()
        self._background = Background()
        self._backlog = Backlog()
        self._attempts = Attempts(config, store, folders, executor, self._backlog)

    async def start(self) -> None:
        """Take up what an earlier process left, and begin to work."""
        for job in await self._store.recover(LOST):
            self._backlog.add(job)
        await self._folders.keep_only(await self._store.with_files())
        self._background.spawn(self._dispatch(), "dispatch")
        self._background.spawn(self._sweeper.run(), "sweep")

    async def close(self) -> None:
        """Finish what runs and what callers wait for, within the drain time.

        After it, and for jobs that had not begun: durable ones wait for the next daemon, attached ones fail.
        """
        self._backlog.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._drained(), self._config.drain)
        self._store.patience.end()
        for job in list(self._backlog.waiting.values()):
            with suppress(Short):  # the next daemon fails it
                await self._attempts.fail(job.job_id, LOST)
        self._backlog.waiting.clear()
        tasks = list(self._background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, self._attempts.close(), return_exceptions=True)

    async def _drained(self) -> None:
        while self._backlog.waiting or len(self._attempts.occupancy):
            self._backlog.idle.clear()
            await self._backlog.idle.wait()

    @property
    def pending(self) -> int:
        """Jobs that wait."""
        return len(self._backlog.waiting)

    @property
    def receiving(self) -> int:
        """Jobs whose files are on their way; they are not among those that wait."""
        return len(self._arrivals)

    @property
    def processing(self) -> int:
        """Jobs that run."""
        return len(self._attempts.occupancy)

    @property
    def waits_for(self) -> tuple[str, ...]:
        """What the machine is short of, so that jobs wait for it."""
        return self._attempts.obstacles.told()

    def position(self, job_id: str) -> int:
        """How many jobs run or will run before this one."""
        waiting = [job.job_id for job in self._turns.order(self._backlog.waiting.values())]
        return self.processing + waiting.index(job_id) if job_id in waiting else 0

    def live(self, job_id: str) -> LiveJob | None:
        """An unfinished job."""
        return self._backlog.live.get(job_id)

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
        live = self.live(job_id)
        fresh = live is not None and not job.state.is_final and live.progress.stage
        return replace(job, progress=live.progress) if live and fresh else job

    def watch(self, job_id: str, after: int) -> AsyncIterator[JobEvent]:
        """Events after a sequence number as they come, until the job has ended. Raises NoSuchJob."""
        return events(job_id, after, self._store, self.live)

    async def cancel(self, job_id: str) -> Job:
        """Stop a job; returns when its device is free. A finished job stays as it is. Raises NoSuchJob."""
        return await unbroken(self._cancel(job_id))

    async def retry(self, job_id: str) -> Job:
        """Queue a job again that has failed, with all the tries that a new one has.

        One that is just ending is queued once its end is over. Raises NoSuchJob, NotReady where it is not failed,
        InputGone where its file has been deleted, ShuttingDown.
        """
        return await unbroken(self._retry(await self._settled(job_id)))

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
        if self._backlog.is_closing:
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
            self._backlog.add(kept)
        return kept, existing

    async def _cancel(self, job_id: str) -> Job:
        job = await self._store.cancel(job_id)
        if job is None:
            return await self.get(job_id)
        self._backlog.waiting.pop(job_id, None)
        await self._attempts.stop(job_id)
        try:
            await self._folders.remove(job_id)
        finally:
            self._attempts.end(job)
        return job

    async def _settled(self, job_id: str) -> Job:
        """The job as recorded; of one that has ended, when its device is free and its files are tidied away."""
        while (job := await stored(job_id, self._store)).state.is_final and (live := self.live(job_id)):
            await live.recorded.wait(live.recorded.version)
        return job

    async def _retry(self, job: Job) -> Job:
        self._refuse_when_closing()
        job_id = job.job_id
        if job.state not in {JobState.FAILED, JobState.CANCELLED}:
            raise NotReady(f"Job {job_id} is {job.state}; only one that has failed can be tried again.")
        if job.task is None or not self._folders.has_input(job_id):
            raise InputGone(f"The file of job {job_id} is not there any more; send it again.")
        again = await self._store.retry(job_id)
        if again is None:  # somebody was quicker
            return await self.get(job_id)
        self._backlog.add(again)
        return again

    async def _delete(self, job_id: str) -> None:
        deleted = False
        while not deleted:  # somebody may take it up again meanwhile
            await self._cancel(job_id)
            await self._folders.remove(job_id)
            deleted = await self._store.delete(job_id)

    async def _dispatch(self) -> None:
        while True:
            await self._backlog.kick.wait()
            self._backlog.kick.clear()
            for job in self._turns.order(self._backlog.waiting.values()):
                try:
                    await self._consider(job)
                except Exception as error:  # noqa: BLE001  # a border: one job must not stop the others
                    if met := hindrance(error):
                        self._attempts.wait_for(job.job_id, met)
                    elif self._backlog.waiting.pop(job.job_id, None):
                        self._attempts.break_off(job.job_id, error)

    async def _consider(self, job: Job) -> None:
        """Start the job if its device is not taken by what is as urgent, and nothing stands in the way."""
        if self._attempts.obstacles.blocks(job.job_id):
            return
        try:
            placement = place(job.options.device, await self._executor.devices())
        except WorkerLost:  # who would know is away for a moment
            asyncio.get_running_loop().call_later(_LOOK_AGAIN, self._backlog.kick.set)
            return
        except (DeviceUnavailable, WorkerDied) as error:
            if self._backlog.waiting.pop(job.job_id, None):
                await self._attempts.fail(job.job_id, JobError(error.reason, str(error), facts=error.facts))
            return
        capacity = self._executor.capacity(placement.device)
        room = self._attempts.occupancy.has_room(job, placement.device, capacity)
        if job.job_id not in self._backlog.waiting or not room:
            return
        del self._backlog.waiting[job.job_id]
        self._turns.take(job)
        self._attempts.begin(job, placement.device, placement.reason)
