"""What the fake daemon does with each call, and what it was sent."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import grpc
from google.protobuf.message import Message
from unmix.v1 import audio_pb2, jobs_pb2, models_pb2

Events = Iterator[audio_pb2.AudioEvent]


@dataclass
class Upload:
    """What a Process call sent, as the spec of the one task that it names."""

    spec: Message
    data: bytes
    context: grpc.ServicerContext


@dataclass
class Script:
    """What the daemon does; tests replace parts of it."""

    denoise: Callable[[Upload], Events] | None = None
    """None: `answers`."""
    separate: Callable[[Upload], Events] | None = None
    """None: `answers`."""
    at_the_door: Callable[[str], None] = lambda _: None
    """Sees the method of a call before its token is looked at."""
    before_upload: Callable[[grpc.ServicerContext], None] = lambda _: None
    jobs: dict[str, jobs_pb2.Job] = field(default_factory=dict)
    job_events: list[jobs_pb2.WatchJobResponse] = field(default_factory=list)
    outputs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    break_streams_after: list[int] = field(default_factory=list)
    models: list[models_pb2.Model] = field(default_factory=list)
    left_out: list[models_pb2.LeftOutModel] = field(default_factory=list)
    pull: Callable[[str], Iterator[models_pb2.PullModelResponse]] = lambda _: iter(())
    imported: dict[str, bytes] = field(default_factory=dict)
    status: models_pb2.GetStatusResponse = field(default_factory=models_pb2.GetStatusResponse)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    requests: list[Message] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when a Process call has ended, whichever way."""
