"""JobService: durable jobs."""

from collections.abc import AsyncIterator

from unmix.v1 import jobs_pb2, jobs_pb2_grpc
from unmix.words import JobState, Options

from unmix_daemon.calls import Calls
from unmix_daemon.services import uploads
from unmix_daemon.services.interceptors import Context


class JobService(jobs_pb2_grpc.JobServiceServicer):
    """See jobs.proto."""

    def __init__(self, calls: Calls) -> None:
        """Translates for these."""
        self._calls = calls

    async def SubmitJob(
        self, request_iterator: AsyncIterator[jobs_pb2.SubmitJobRequest], context: Context
    ) -> jobs_pb2.SubmitJobResponse:
        spec = (await uploads.first(request_iterator)).spec
        job, existing = await self._calls.submit(
            uploads.client_of(context),
            uploads.task_in(spec),
            Options.from_proto(spec.options),
            uploads.data(request_iterator),
            idempotency_key=spec.idempotency_key,
        )
        return jobs_pb2.SubmitJobResponse(job=job.to_proto(), existing=existing)

    async def GetJob(self, request: jobs_pb2.GetJobRequest, context: Context) -> jobs_pb2.GetJobResponse:
        return jobs_pb2.GetJobResponse(job=(await self._calls.get(request.job_id)).to_proto())

    async def WatchJob(
        self, request: jobs_pb2.WatchJobRequest, context: Context
    ) -> AsyncIterator[jobs_pb2.WatchJobResponse]:
        async for event in self._calls.watch(request.job_id, request.after_sequence):
            yield event.to_proto()

    async def ListJobs(
        self, request: jobs_pb2.ListJobsRequest, context: Context
    ) -> jobs_pb2.ListJobsResponse:
        states = [JobState.from_proto(state) for state in request.states]
        jobs, token = await self._calls.page(states, request.client, request.page_size, request.page_token)
        return jobs_pb2.ListJobsResponse(jobs=[job.to_proto() for job in jobs], next_page_token=token)

    async def CancelJob(
        self, request: jobs_pb2.CancelJobRequest, context: Context
    ) -> jobs_pb2.CancelJobResponse:
        return jobs_pb2.CancelJobResponse(job=(await self._calls.cancel(request.job_id)).to_proto())

    async def RetryJob(
        self, request: jobs_pb2.RetryJobRequest, context: Context
    ) -> jobs_pb2.RetryJobResponse:
        return jobs_pb2.RetryJobResponse(job=(await self._calls.retry(request.job_id)).to_proto())

    async def DeleteJob(
        self, request: jobs_pb2.DeleteJobRequest, context: Context
    ) -> jobs_pb2.DeleteJobResponse:
        await self._calls.delete(request.job_id)
        return jobs_pb2.DeleteJobResponse()

    async def ReadOutput(
        self, request: jobs_pb2.ReadOutputRequest, context: Context
    ) -> AsyncIterator[jobs_pb2.ReadOutputResponse]:
        async for piece in self._calls.output(request.job_id, request.stem, request.offset):
            yield jobs_pb2.ReadOutputResponse(offset=piece.offset, data=piece.data)
