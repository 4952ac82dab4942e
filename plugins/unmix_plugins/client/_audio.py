"""Work whose life is one call."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from unmix.v1 import audio_pb2, audio_pb2_grpc

from unmix_plugins.audio import DenoiseTask, Event, Options, Summary
from unmix_plugins.client._audio_messages import denoise_task_to_proto, event_from_proto, options_to_proto
from unmix_plugins.client._link import Link
from unmix_plugins.outputs import Outputs, receive
from unmix_plugins.source import Source


class _Response(Protocol):
    @property
    def event(self) -> audio_pb2.AudioEvent: ...


def denoise(
    link: Link,
    source: Source,
    outputs: Outputs,
    *,
    task: DenoiseTask,
    options: Options,
    on_event: Callable[[Event], object],
) -> Summary:
    """Denoise in one call; see `Client.denoise`."""
    spec = audio_pb2.DenoiseSpec(
        task=denoise_task_to_proto(task), options=options_to_proto(options, source.name, source.size)
    )
    first = audio_pb2.DenoiseRequest(spec=spec)
    pieces = source.requests(first, lambda data: audio_pb2.DenoiseRequest(data=data))
    with link.answers(
        lambda channel: audio_pb2_grpc.AudioServiceStub(channel).Denoise(pieces), [source]
    ) as responses:
        return receive(_events(responses), outputs, on_event)


def _events(responses: Iterable[_Response]) -> Iterator[Event]:
    for response in responses:
        event = event_from_proto(response.event)
        if event is not None:
            yield event
