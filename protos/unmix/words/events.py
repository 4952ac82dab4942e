"""What happens to a recording while somebody waits for it."""

from dataclasses import dataclass
from typing import Self, TypeAlias

from unmix.v1 import audio_pb2
from unmix.words.summary import Summary
from unmix.words.text import MOST_SENTENCE, as_text
from unmix.words.times import seconds_told


@dataclass(frozen=True, slots=True)
class Accepted:
    """The upload is complete and the job is queued."""

    job_id: str
    queue_position: int
    """Jobs that run or will run before this one."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is."""

    stage: str = ""
    """`loading`, `analysing`, `denoising`, `separating`, …, or the sentence that says what is waited for."""
    fraction: float = 0.0
    """0 to 1, over the whole job."""
    remaining_seconds: float | None = None
    """At the present speed; None while unknown."""

    def to_proto(self) -> audio_pb2.Progress:
        """Its message."""
        return audio_pb2.Progress(
            stage=as_text(self.stage, MOST_SENTENCE),
            fraction=self.fraction,
            remaining_seconds=self.remaining_seconds,
        )

    @classmethod
    def from_proto(cls, message: audio_pb2.Progress) -> Self:
        """What a message describes."""
        remaining = seconds_told(message.remaining_seconds) if message.HasField("remaining_seconds") else None
        fraction = message.fraction if 0 <= message.fraction <= 1 else 0.0  # also where it is no number
        return cls(message.stage, fraction, remaining)


@dataclass(frozen=True, slots=True)
class OutputStarted:
    """An output file begins. One that begins again does so because a worker died on it."""

    name: str
    """By which its bytes are known; see `OutputSummary.name`."""
    stem: str
    format: str
    extension: str
    """Without the dot."""
    sample_rate: int = 0
    """Hz; 0 for what is no sound, as the next."""
    channels: int = 0


@dataclass(frozen=True, slots=True)
class OutputPiece:
    """Bytes of an output file; headers are sent again when the length is known."""

    name: str
    """The output's."""
    offset: int
    data: bytes


Event: TypeAlias = Accepted | Progress | OutputStarted | OutputPiece | Summary
"""One step of a running job; the summary is the last."""


def event_to_proto(event: Event) -> audio_pb2.AudioEvent:
    """Its message."""
    match event:
        case Accepted():
            accepted = audio_pb2.Accepted(job_id=event.job_id, queue_position=event.queue_position)
            return audio_pb2.AudioEvent(accepted=accepted)
        case Progress():
            return audio_pb2.AudioEvent(progress=event.to_proto())
        case OutputStarted():
            return audio_pb2.AudioEvent(
                output=audio_pb2.OutputStarted(
                    name=event.name,
                    stem=event.stem,
                    format=event.format,
                    extension=event.extension,
                    sample_rate=event.sample_rate,
                    channels=event.channels,
                )
            )
        case OutputPiece():
            piece = audio_pb2.OutputData(stem=event.name, offset=event.offset, data=event.data)
            return audio_pb2.AudioEvent(data=piece)
        case Summary():
            return audio_pb2.AudioEvent(summary=event.to_proto())


def event_from_proto(message: audio_pb2.AudioEvent) -> Event | None:
    """The event, or None for a kind that only a newer daemon knows."""
    match message.WhichOneof("event"):
        case "accepted":
            return Accepted(message.accepted.job_id, message.accepted.queue_position)
        case "progress":
            return Progress.from_proto(message.progress)
        case "output":
            output = message.output
            return OutputStarted(
                name=output.name or output.stem,
                stem=output.stem,
                format=output.format,
                extension=output.extension,
                sample_rate=output.sample_rate,
                channels=output.channels,
            )
        case "data":
            return OutputPiece(message.data.stem, message.data.offset, message.data.data)
        case "summary":
            return Summary.from_proto(message.summary)
        case _:
            return None
