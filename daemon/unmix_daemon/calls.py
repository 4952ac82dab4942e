"""What every door asks of the daemon, with all that is checked on the way. Doors translate, and nothing else.

A door is a wire that clients speak: the gRPC services, later others. It names the client, and brings the bytes.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace

from unmix.words import (
    Accepted,
    Event,
    FieldError,
    Job,
    JobEvent,
    JobState,
    Options,
    OutputPiece,
    Priority,
    Task,
)
from unmix.words.text import MOST_SHOWN, check_text, shown

from unmix_daemon.errors import JobFailed, NoSuchOutput, NotReady
from unmix_daemon.model_manager import ModelManager
from unmix_daemon.queue.delivery import deliver, read_pieces
from unmix_daemon.queue.scheduler import Scheduler
from unmix_daemon.state.folders import Folders
from unmix_daemon.state.store import Store

_PAGE = 50
_PAGE_LIMIT = 1000
_TOKEN_LENGTH = 18
"""Digits that SQLite can compare with a row's number."""


class Calls:
    """The use cases. Every method raises FieldError for what cannot be asked, and ServiceError."""

    def __init__(self, scheduler: Scheduler, manager: ModelManager, store: Store, folders: Folders) -> None:
        """One for all doors."""
        self._scheduler = scheduler
        self._manager = manager
        self._store = store
        self._folders = folders

    async def call(
        self, client: str, task: Task, options: Options, pieces: AsyncIterator[bytes]
    ) -> AsyncGenerator[Event]:
        """Do a task whose life is this call: what happens, until the summary, which comes last.

        When the generator is closed the work ends within a segment, and its files are deleted.
        """
        job = await self._new_job(client, task, options, Priority.INTERACTIVE, attached=True)
        try:
            await self._scheduler.submit(job, pieces)
            live = self._scheduler.live(job.job_id)
            if live is None:  # ended already: its device does not exist, or the daemon is stopping
                error = (await self._scheduler.get(job.job_id)).error
                raise JobFailed.of(error) if error else JobFailed("CANCELLED", "Cancelled.")
            yield Accepted(job.job_id, self._scheduler.position(job.job_id))
            async for delivery in deliver(live):
                yield delivery
            if live.job.summary:
                yield live.job.summary
        finally:
            # The caller may be gone, and this coroutine cancelled with it: the work must end all the same.
            await asyncio.shield(asyncio.create_task(self._scheduler.release(job.job_id)))

    async def submit(
        self,
        client: str,
        task: Task,
        options: Options,
        pieces: AsyncIterator[bytes],
        *,
        idempotency_key: str = "",
    ) -> tuple[Job, bool]:
        """Queue a durable job; with a key that this client has used already: that job, and True."""
        check_text(idempotency_key, "idempotency_key", MOST_SHOWN)
        job = await self._new_job(client, task, options, Priority.BATCH, idempotency_key=idempotency_key)
        return await self._scheduler.submit(job, pieces)

    async def get(self, job_id: str) -> Job:
        """A job as it stands."""
        return await self._scheduler.get(job_id)

    def watch(self, job_id: str, after: int) -> AsyncIterator[JobEvent]:
        """What happens to a job after a sequence number, until it has ended."""
        return self._scheduler.watch(job_id, after)

    async def page(
        self, states: Sequence[JobState], client: str, size: int, token: str
    ) -> tuple[Sequence[Job], str]:
        """Jobs, newest first, and the token of the next page, empty on the last.

        No `states`: all; no `client`: everybody's; `size` 0: as many as are usual. A page is shorter where its jobs
        have much to tell.
        """
        if JobState.UNKNOWN in states:
            raise FieldError("states", "There is no such job state; see JobState in jobs.proto.")
        size = min(size, _PAGE_LIMIT) if size > 0 else _PAGE
        page = await self._store.page(states, _known_as(client), size, _page_start(token))
        return page.jobs, str(page.next) if page.next else ""

    async def cancel(self, job_id: str) -> Job:
        """Stop a job; its device is free when this returns. A finished one stays as it is."""
        return await self._scheduler.cancel(job_id)

    async def retry(self, job_id: str) -> Job:
        """Queue a failed job again."""
        return await self._scheduler.retry(job_id)

    async def delete(self, job_id: str) -> None:
        """Forget a job and its files, cancelling it first."""
        await self._scheduler.delete(job_id)

    async def output(self, job_id: str, name: str, offset: int) -> AsyncIterator[OutputPiece]:
        """The bytes of a completed job's output from `offset` on."""
        job = await self._scheduler.get(job_id)
        if job.state is not JobState.COMPLETED or job.summary is None:
            raise NotReady(f"Job {job_id} is {job.state}; outputs can be read once it is completed.")
        output = job.summary.output(name)
        if output is None:
            names = ", ".join(output.name for output in job.summary.outputs)
            raise NoSuchOutput(f"Job {job_id} has no output '{shown(name)}'; it has: {names}.")
        path = self._folders.of(job_id).outputs(job.attempts) / f"{output.name}.{output.extension}"
        if not path.exists():
            raise NoSuchOutput(
                f"The outputs of job {job_id} went with the call that made them; run it again."
            )
        if not 0 <= offset <= output.size_bytes:
            raise FieldError("offset", f"The output has {output.size_bytes} bytes; {offset} is not within.")
        try:
            async for piece in read_pieces(path, name, offset, output.size_bytes):
                yield piece
        except FileNotFoundError as error:
            raise NoSuchOutput(f"Job {job_id} was deleted while it was read; run it again.") from error

    async def _new_job(
        self,
        client: str,
        task: Task,
        options: Options,
        usual: Priority,
        *,
        attached: bool = False,
        idempotency_key: str = "",
    ) -> Job:
        """A job as it is before it is stored; refuses what can be foreseen, before its file is uploaded."""
        task.check()
        options.check()
        await self._manager.check(task, options.device)
        return Job(
            job_id=uuid.uuid4().hex,
            client=_known_as(client),
            task=task,
            kind=task.kind,
            options=replace(options, priority=options.priority or usual),
            attached=attached,
            created=time.time(),
            idempotency_key=idempotency_key,
        )


def _known_as(client: str) -> str:
    """A client is known by the beginning of its name."""
    return client[:MOST_SHOWN]


def _page_start(token: str) -> int | None:
    if not token:
        return None
    if not (token.isascii() and token.isdecimal() and len(token) <= _TOKEN_LENGTH):
        raise FieldError("page_token", "The page token is not one that ListJobs gave; start without it.")
    return int(token)
