"""Work whose life is one call."""

from collections.abc import Callable, Iterable, Iterator

from unmix.v1 import audio_pb2, audio_pb2_grpc
from unmix.words import Event, Options, Summary, Task
from unmix.words.events import event_from_proto

from unmix_plugins.client._link import Link
from unmix_plugins.client._spec import fill
from unmix_plugins.files.outputs import Outputs, receive
from unmix_plugins.files.source import Source


def process(
    link: Link,
    source: Source,
    outputs: Outputs,
    *,
    task: Task,
    options: Options,
    on_event: Callable[[Event], object],
) -> Summary:
    """Do a task in one call; see `Client.process`."""
    spec = audio_pb2.ProcessSpec()
    fill(spec, task, options, source)
    first = audio_pb2.ProcessRequest(spec=spec)
    requests = source.requests(first, lambda data: audio_pb2.ProcessRequest(data=data))
    with link.answers(
        lambda channel: audio_pb2_grpc.AudioServiceStub(channel).Process(requests), [source]
    ) as responses:
        return receive(_events(responses), outputs, on_event)


def _events(responses: Iterable[audio_pb2.ProcessResponse]) -> Iterator[Event]:
    for response in responses:
        event = event_from_proto(response.event)
        if event is not None:
            yield event
