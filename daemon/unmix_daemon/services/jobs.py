"""JobService: durable jobs."""

from collections.abc import AsyncIterator
from pathlib import Path

from unmix.v1 import jobs_pb2, jobs_pb2_grpc

from ..delivery import read_pieces
from ..errors import InvalidRequest, NotFound, NotReady
from ..folders import Folders
from ..interceptors import Context
from ..jobs import Job, JobState, Priority
from ..model_manager import ModelManager
from ..scheduler import Scheduler
from ..store import Store
from . import convert, uploads

_PAGE = 50
_PAGE_LIMIT = 1000
_TOKEN_LENGTH = 18
"""Digits that SQLite can compare with a row's number."""


class JobService(jobs_pb2_grpc.JobServiceServicer):
    """See jobs.proto."""

    def __init__(self, scheduler: Scheduler, manager: ModelManager, store: Store, folders: Folders) -> None:
        """Translates for these."""
        self._scheduler = scheduler
        self._manager = manager
        self._store = store
        self._folders = folders

    async def SubmitJob(
        self, request_iterator: AsyncIterator[jobs_pb2.SubmitJobRequest], context: Context
    ) -> jobs_pb2.SubmitJobResponse:
        spec = (await uploads.first(request_iterator)).spec
        job = uploads.new_job(
            context,
            convert.task_from_spec(spec),
            convert.options(spec.options, Priority.BATCH),
            attached=False,
            idempotency_key=spec.idempotency_key,
        )
        self._manager.check(job.task)
        stored, existing = await self._scheduler.submit(job, uploads.data(request_iterator))
        return jobs_pb2.SubmitJobResponse(job=convert.job_to_proto(stored), existing=existing)

    async def GetJob(self, request: jobs_pb2.GetJobRequest, context: Context) -> jobs_pb2.GetJobResponse:
        return jobs_pb2.GetJobResponse(job=convert.job_to_proto(await self._scheduler.get(request.job_id)))

    async def WatchJob(
        self, request: jobs_pb2.WatchJobRequest, context: Context
    ) -> AsyncIterator[jobs_pb2.WatchJobResponse]:
        async for event in self._scheduler.watch(request.job_id, request.after_sequence):
            yield convert.event_to_proto(request.job_id, event)

    async def ListJobs(
        self, request: jobs_pb2.ListJobsRequest, context: Context
    ) -> jobs_pb2.ListJobsResponse:
        states = [convert.state_from_proto(state) for state in request.states]
        size = min(request.page_size, _PAGE_LIMIT) if request.page_size > 0 else _PAGE
        page = await self._store.page(states, request.client, size, _page_start(request.page_token))
        return jobs_pb2.ListJobsResponse(
            jobs=[convert.job_to_proto(job) for job in page.jobs],
            next_page_token=str(page.next) if page.next else "",
        )

    async def CancelJob(
        self, request: jobs_pb2.CancelJobRequest, context: Context
    ) -> jobs_pb2.CancelJobResponse:
        return jobs_pb2.CancelJobResponse(
            job=convert.job_to_proto(await self._scheduler.cancel(request.job_id))
        )

    async def DeleteJob(
        self, request: jobs_pb2.DeleteJobRequest, context: Context
    ) -> jobs_pb2.DeleteJobResponse:
        await self._scheduler.delete(request.job_id)
        return jobs_pb2.DeleteJobResponse()

    async def ReadOutput(
        self, request: jobs_pb2.ReadOutputRequest, context: Context
    ) -> AsyncIterator[jobs_pb2.ReadOutputResponse]:
        path, size = self._output(await self._scheduler.get(request.job_id), request.stem)
        if not 0 <= request.offset <= size:
            raise InvalidRequest("offset", f"The output has {size} bytes; {request.offset} is not within.")
        try:
            async for piece in read_pieces(path, request.stem, request.offset, size):
                yield jobs_pb2.ReadOutputResponse(offset=piece.offset, data=piece.data)
        except FileNotFoundError as error:
            raise NotFound(f"Job {request.job_id} was deleted while it was read; run it again.") from error

    def _output(self, job: Job, stem: str) -> tuple[Path, int]:
        if job.state is not JobState.COMPLETED or job.summary is None:
            raise NotReady(f"Job {job.job_id} is {job.state}; outputs can be read once it is completed.")
        output = job.summary.output(stem)
        if output is None:
            names = ", ".join(output.stem for output in job.summary.outputs)
            raise NotFound(f"Job {job.job_id} has no output '{stem}'; it has: {names}.")
        path = self._folders.of(job.job_id).outputs(job.attempts) / f"{output.stem}.{output.extension}"
        if not path.exists():
            raise NotFound(
                f"The outputs of job {job.job_id} went with the call that made them; run it again."
            )
        return path, output.size_bytes


def _page_start(token: str) -> int | None:
    if not token:
        return None
    if not (token.isascii() and token.isdecimal() and len(token) <= _TOKEN_LENGTH):
        raise InvalidRequest("page_token", "The page token is not one that ListJobs gave; start without it.")
    return int(token)
