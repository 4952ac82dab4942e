"""AudioService: one call, one job, streamed both ways."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from unmix.v1 import audio_pb2, audio_pb2_grpc

from ..delivery import deliver
from ..errors import JobFailed
from ..interceptors import Context
from ..jobs import Job, Priority
from ..model_manager import ModelManager
from ..scheduler import Scheduler
from . import convert, uploads


class AudioService(audio_pb2_grpc.AudioServiceServicer):
    """See audio.proto."""

    def __init__(self, scheduler: Scheduler, manager: ModelManager) -> None:
        """Translates for these."""
        self._scheduler = scheduler
        self._manager = manager

    async def Denoise(
        self, request_iterator: AsyncIterator[audio_pb2.DenoiseRequest], context: Context
    ) -> AsyncIterator[audio_pb2.DenoiseResponse]:
        spec = (await uploads.first(request_iterator)).spec
        options = convert.options(spec.options, Priority.INTERACTIVE)
        job = uploads.new_job(context, convert.denoise_task(spec.task), options, attached=True)
        events = self._process(job, uploads.data(request_iterator))
        try:
            async for event in events:
                yield audio_pb2.DenoiseResponse(event=event)
        finally:
            await events.aclose()

    async def Separate(
        self, request_iterator: AsyncIterator[audio_pb2.SeparateRequest], context: Context
    ) -> AsyncIterator[audio_pb2.SeparateResponse]:
        spec = (await uploads.first(request_iterator)).spec
        options = convert.options(spec.options, Priority.INTERACTIVE)
        job = uploads.new_job(context, convert.separate_task(spec.task), options, attached=True)
        events = self._process(job, uploads.data(request_iterator))
        try:
            async for event in events:
                yield audio_pb2.SeparateResponse(event=event)
        finally:
            await events.aclose()

    async def Isolate(
        self, request_iterator: AsyncIterator[audio_pb2.IsolateRequest], context: Context
    ) -> AsyncIterator[audio_pb2.IsolateResponse]:
        raise convert.missing_task("isolate")
        yield audio_pb2.IsolateResponse()

    async def _process(self, job: Job, pieces: AsyncIterator[bytes]) -> AsyncGenerator[audio_pb2.AudioEvent]:
        self._manager.check(job.task)
        try:
            await self._scheduler.submit(job, pieces)
            live = self._scheduler.live(job.job_id)
            if live is None:  # ended already: its device does not exist, or the daemon is stopping
                error = (await self._scheduler.get(job.job_id)).error
                raise (
                    JobFailed(error.reason, error.message) if error else JobFailed("CANCELLED", "Cancelled.")
                )
            position = self._scheduler.position(job.job_id)
            yield audio_pb2.AudioEvent(
                accepted=audio_pb2.Accepted(job_id=job.job_id, queue_position=position)
            )
            async for delivery in deliver(live):
                yield convert.delivery_to_event(delivery)
            if live.job.summary:
                yield audio_pb2.AudioEvent(summary=convert.summary_to_proto(job.job_id, live.job.summary))
        finally:
            # The caller may be gone, and this coroutine cancelled with it: the work must end all the same.
            await asyncio.shield(asyncio.create_task(self._scheduler.release(job.job_id)))
