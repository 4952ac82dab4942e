"""A job: what to do with one uploaded file, and how far that is."""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Self

from unmix.v1 import jobs_pb2
from unmix.words.cures import Facts
from unmix.words.events import Progress
from unmix.words.faults import FieldError
from unmix.words.options import Options
from unmix.words.reasons import code_of
from unmix.words.summary import Summary
from unmix.words.tasks import Task, kind_in, task_from_proto, task_to_proto
from unmix.words.text import MOST_NAME, MOST_SENTENCE, MOST_SHOWN, as_text
from unmix.words.times import moment_of, timestamp_to_proto

_MOST_FACTS = 16


class JobState(StrEnum):
    """pending → processing → completed, failed or cancelled; a dead worker takes it back to pending."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """A state that only a newer daemon knows."""

    @property
    def is_final(self) -> bool:
        """True for the three ends."""
        return self in {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED}

    def to_proto(self) -> jobs_pb2.JobState.ValueType:
        """Its number."""
        return _STATES.get(self, jobs_pb2.JOB_STATE_UNSPECIFIED)

    @classmethod
    def from_proto(cls, value: jobs_pb2.JobState.ValueType) -> Self:
        """The state of a number; UNKNOWN for one that this version does not know."""
        return cls(_STATES_OF_PROTO.get(value, JobState.UNKNOWN))


_STATES = {
    JobState.PENDING: jobs_pb2.JOB_STATE_PENDING,
    JobState.PROCESSING: jobs_pb2.JOB_STATE_PROCESSING,
    JobState.COMPLETED: jobs_pb2.JOB_STATE_COMPLETED,
    JobState.FAILED: jobs_pb2.JOB_STATE_FAILED,
    JobState.CANCELLED: jobs_pb2.JOB_STATE_CANCELLED,
}
_STATES_OF_PROTO = {value: state for state, value in _STATES.items()}


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed."""

    reason: str
    """See `words.reasons`."""
    message: str
    """One sentence for the user."""
    code: int | None = None
    """A google.rpc.Code; None: that of the reason."""
    facts: Facts = field(default_factory=dict[str, str])
    """See `words.cures`."""

    def to_proto(self) -> jobs_pb2.JobError:
        """Its message."""
        code = code_of(self.reason) if self.code is None else self.code
        return jobs_pb2.JobError(
            code=code,
            reason=as_text(self.reason, MOST_NAME),
            message=as_text(self.message, MOST_SENTENCE),
            facts={
                as_text(name, MOST_NAME): as_text(fact, MOST_SENTENCE)
                for name, fact in islice(self.facts.items(), _MOST_FACTS)
            },
        )

    @classmethod
    def from_proto(cls, message: jobs_pb2.JobError) -> Self:
        """What a message describes."""
        return cls(message.reason, message.message, message.code, dict(message.facts))


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands. Times are seconds since the epoch."""

    job_id: str
    client: str
    task: Task | None
    """None: a task that this version does not know."""
    options: Options
    attached: bool
    """True when it belongs to a call and ends with it."""
    created: float
    idempotency_key: str = ""
    state: JobState = JobState.PENDING
    attempts: int = 0
    """How often a worker has begun it; more than 1 means that a worker or the daemon ended meanwhile."""
    crashes: int = 0
    """How often a worker's death was its fault, as far as can be told."""
    started: float | None = None
    ended: float | None = None
    progress: Progress = field(default_factory=Progress)
    error: JobError | None = None
    """Why it failed."""
    summary: Summary | None = None
    """What it made, once it is completed."""
    kind: str = ""
    """The task's; also of a task that this version does not know."""

    def to_proto(self) -> jobs_pb2.Job:
        """Its message; what is longer than the contract takes now, in a row of before that, is cut."""
        message = jobs_pb2.Job(
            job_id=self.job_id,
            state=self.state.to_proto(),
            options=self.options.to_proto(),
            client=as_text(self.client, MOST_SHOWN),
            attempts=self.attempts,
            progress=self.progress.to_proto(),
            create_time=timestamp_to_proto(self.created),
            start_time=timestamp_to_proto(self.started),
            end_time=timestamp_to_proto(self.ended),
            error=self.error and self.error.to_proto(),
            summary=self.summary and self.summary.to_proto(),
            attached=self.attached,
        )
        if self.task:
            task_to_proto(self.task, message)
        return message

    @classmethod
    def from_proto(cls, message: jobs_pb2.Job) -> Self:
        """What a message describes."""
        try:
            task = task_from_proto(message)
        except FieldError:  # a newer daemon's
            task = None
        return cls(
            job_id=message.job_id,
            client=message.client,
            task=task,
            options=Options.from_proto(message.options),
            attached=message.attached,
            created=moment_of(message.create_time),
            state=JobState.from_proto(message.state),
            attempts=message.attempts,
            started=moment_of(message.start_time) if message.HasField("start_time") else None,
            ended=moment_of(message.end_time) if message.HasField("end_time") else None,
            progress=Progress.from_proto(message.progress),
            error=JobError.from_proto(message.error) if message.HasField("error") else None,
            summary=Summary.from_proto(message.summary) if message.HasField("summary") else None,
            kind=kind_in(message),
        )


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One step in a job's life."""

    sequence: int
    """Grows with each event of the job."""
    time: float
    """Seconds since the epoch."""
    state: JobState
    progress: Progress
    error: JobError | None
    summary: Summary | None

    def to_proto(self) -> jobs_pb2.WatchJobResponse:
        """Its message."""
        return jobs_pb2.WatchJobResponse(
            sequence=self.sequence,
            time=timestamp_to_proto(self.time),
            state=self.state.to_proto(),
            progress=self.progress.to_proto(),
            error=self.error and self.error.to_proto(),
            summary=self.summary and self.summary.to_proto(),
        )

    @classmethod
    def from_proto(cls, message: jobs_pb2.WatchJobResponse) -> Self:
        """What a message describes."""
        return cls(
            sequence=message.sequence,
            time=moment_of(message.time),
            state=JobState.from_proto(message.state),
            progress=Progress.from_proto(message.progress),
            error=JobError.from_proto(message.error) if message.HasField("error") else None,
            summary=Summary.from_proto(message.summary) if message.HasField("summary") else None,
        )
