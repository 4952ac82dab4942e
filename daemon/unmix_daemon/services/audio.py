"""AudioService: one call, one job, streamed both ways."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from unmix.v1 import audio_pb2, audio_pb2_grpc
from unmix.words import DenoiseTask, Options, SeparateTask, Task
from unmix.words.events import event_to_proto

from unmix_daemon.calls import Calls
from unmix_daemon.services import uploads
from unmix_daemon.services.interceptors import Context


class AudioService(audio_pb2_grpc.AudioServiceServicer):
    """See audio.proto."""

    def __init__(self, calls: Calls) -> None:
        """Translates for these."""
        self._calls = calls

    async def Process(
        self, request_iterator: AsyncIterator[audio_pb2.ProcessRequest], context: Context
    ) -> AsyncIterator[audio_pb2.ProcessResponse]:
        spec = (await uploads.first(request_iterator)).spec
        pieces = uploads.data(request_iterator)
        async with aclosing(self._events(context, uploads.task_in(spec), spec.options, pieces)) as events:
            async for event in events:
                yield audio_pb2.ProcessResponse(event=event)

    async def Denoise(
        self, request_iterator: AsyncIterator[audio_pb2.DenoiseRequest], context: Context
    ) -> AsyncIterator[audio_pb2.DenoiseResponse]:
        spec = (await uploads.first(request_iterator)).spec
        task, pieces = DenoiseTask.from_proto(spec.task), uploads.data(request_iterator)
        async with aclosing(self._events(context, task, spec.options, pieces)) as events:
            async for event in events:
                yield audio_pb2.DenoiseResponse(event=event)

    async def Separate(
        self, request_iterator: AsyncIterator[audio_pb2.SeparateRequest], context: Context
    ) -> AsyncIterator[audio_pb2.SeparateResponse]:
        spec = (await uploads.first(request_iterator)).spec
        task, pieces = SeparateTask.from_proto(spec.task), uploads.data(request_iterator)
        async with aclosing(self._events(context, task, spec.options, pieces)) as events:
            async for event in events:
                yield audio_pb2.SeparateResponse(event=event)

    async def Isolate(
        self, request_iterator: AsyncIterator[audio_pb2.IsolateRequest], context: Context
    ) -> AsyncIterator[audio_pb2.IsolateResponse]:
        raise uploads.not_yet("isolate")
        yield audio_pb2.IsolateResponse()

    async def _events(
        self, context: Context, task: Task, options: audio_pb2.JobOptions, pieces: AsyncIterator[bytes]
    ) -> AsyncGenerator[audio_pb2.AudioEvent]:
        client = uploads.client_of(context)
        async with aclosing(self._calls.call(client, task, Options.from_proto(options), pieces)) as events:
            async for event in events:
                yield event_to_proto(event)
