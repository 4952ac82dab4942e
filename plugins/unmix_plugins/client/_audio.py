"""Work whose life is one call."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import grpc
from unmix.v1 import audio_pb2, audio_pb2_grpc

from unmix_plugins.audio import AudioTask, DenoiseTask, Event, Options, SeparateTask, Summary
from unmix_plugins.client._audio_messages import (
    denoise_task_to_proto,
    event_from_proto,
    options_to_proto,
    separate_task_to_proto,
)
from unmix_plugins.client._call import ManyAnswers
from unmix_plugins.client._link import Link
from unmix_plugins.outputs import Outputs, receive
from unmix_plugins.source import Source


class _Response(Protocol):
    @property
    def event(self) -> audio_pb2.AudioEvent: ...


def process(
    link: Link,
    source: Source,
    outputs: Outputs,
    *,
    task: AudioTask,
    options: Options,
    on_event: Callable[[Event], object],
) -> Summary:
    """Do a task in one call; see `Client.process`."""
    with link.answers(_call(task, source, options), [source]) as responses:
        return receive(_events(responses), outputs, on_event)


def _call(
    task: AudioTask, source: Source, options: Options
) -> Callable[[grpc.Channel], ManyAnswers[_Response]]:
    """What starts the call that is the task's own, with its spec and the bytes of `source`."""
    shared = options_to_proto(options, source.name, source.size)
    match task:
        case DenoiseTask():
            to_denoise = audio_pb2.DenoiseSpec(task=denoise_task_to_proto(task), options=shared)
            denoising = source.requests(
                audio_pb2.DenoiseRequest(spec=to_denoise), lambda data: audio_pb2.DenoiseRequest(data=data)
            )
            return lambda channel: audio_pb2_grpc.AudioServiceStub(channel).Denoise(denoising)
        case SeparateTask():
            to_separate = audio_pb2.SeparateSpec(task=separate_task_to_proto(task), options=shared)
            separating = source.requests(
                audio_pb2.SeparateRequest(spec=to_separate), lambda data: audio_pb2.SeparateRequest(data=data)
            )
            return lambda channel: audio_pb2_grpc.AudioServiceStub(channel).Separate(separating)


def _events(responses: Iterable[_Response]) -> Iterator[Event]:
    for response in responses:
        event = event_from_proto(response.event)
        if event is not None:
            yield event
