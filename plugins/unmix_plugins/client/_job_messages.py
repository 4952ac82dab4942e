"""`jobs.proto` and the domain: pure functions, both ways."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from unmix.v1 import jobs_pb2

from unmix_plugins.client._audio_messages import progress_from_proto, summary_from_proto
from unmix_plugins.errors import UnmixError, from_job_failure
from unmix_plugins.jobs import Job, JobEvent, JobState

_STATES = {
    jobs_pb2.JOB_STATE_PENDING: JobState.PENDING,
    jobs_pb2.JOB_STATE_PROCESSING: JobState.PROCESSING,
    jobs_pb2.JOB_STATE_COMPLETED: JobState.COMPLETED,
    jobs_pb2.JOB_STATE_FAILED: JobState.FAILED,
    jobs_pb2.JOB_STATE_CANCELLED: JobState.CANCELLED,
}
_STATE_NUMBERS = {state: number for number, state in _STATES.items()}


def state_to_proto(state: JobState) -> jobs_pb2.JobState.ValueType:
    """The number of a state."""
    return _STATE_NUMBERS.get(state, jobs_pb2.JOB_STATE_UNSPECIFIED)


def job_from_proto(job: jobs_pb2.Job) -> Job:
    """A job as it stands."""
    task = job.WhichOneof("task")
    return Job(
        job_id=job.job_id,
        state=_STATES.get(job.state, JobState.UNKNOWN),
        task=task or "",
        model=getattr(job, task).model if task else "",
        file_name=job.options.file_name,
        client=job.client,
        attempts=job.attempts,
        progress=progress_from_proto(job.progress) if job.HasField("progress") else None,
        create_time=time_from_proto(job.create_time) if job.HasField("create_time") else None,
        start_time=time_from_proto(job.start_time) if job.HasField("start_time") else None,
        end_time=time_from_proto(job.end_time) if job.HasField("end_time") else None,
        error=_error_from_proto(job.error) if job.HasField("error") else None,
        summary=summary_from_proto(job.summary) if job.HasField("summary") else None,
        attached=job.attached,
    )


def job_event_from_proto(event: jobs_pb2.WatchJobResponse) -> JobEvent:
    """Something that happened to a job."""
    return JobEvent(
        sequence=event.sequence,
        time=time_from_proto(event.time) if event.HasField("time") else None,
        state=_STATES.get(event.state, JobState.UNKNOWN),
        progress=progress_from_proto(event.progress) if event.HasField("progress") else None,
        error=_error_from_proto(event.error) if event.HasField("error") else None,
        summary=summary_from_proto(event.summary) if event.HasField("summary") else None,
    )


def time_from_proto(timestamp: Timestamp) -> datetime:
    """A moment, in UTC."""
    return timestamp.ToDatetime(UTC)


def _error_from_proto(error: jobs_pb2.JobError) -> UnmixError:
    return from_job_failure(error.code, error.reason, error.message)
