"""Contract ↔ domain, both ways, as pure functions. Generated types do not leave this package."""

import math
import re

from google.protobuf import duration_pb2, timestamp_pb2
from unmix.v1 import audio_pb2, jobs_pb2

from ..delivery import Bytes, Delivery
from ..errors import InvalidRequest, NotImplementedYet, status_of
from ..jobs import (
    DenoiseTask,
    Job,
    JobError,
    JobEvent,
    JobState,
    Options,
    Priority,
    Progress,
    Section,
    SeparateTask,
    Summary,
    Task,
)
from ..worker.messages import Grew

_STEMS = {audio_pb2.DENOISE_STEM_CLEAN: "clean", audio_pb2.DENOISE_STEM_NOISE: "noise"}
_STEM_VALUES = {name: value for value, name in _STEMS.items()}
_STATES = {
    JobState.PENDING: jobs_pb2.JOB_STATE_PENDING,
    JobState.PROCESSING: jobs_pb2.JOB_STATE_PROCESSING,
    JobState.COMPLETED: jobs_pb2.JOB_STATE_COMPLETED,
    JobState.FAILED: jobs_pb2.JOB_STATE_FAILED,
    JobState.CANCELLED: jobs_pb2.JOB_STATE_CANCELLED,
}
_STATE_NAMES = {value: name for name, value in _STATES.items()}
_PRIORITIES = {
    Priority.BATCH: audio_pb2.PRIORITY_BATCH,
    Priority.FOLDER: audio_pb2.PRIORITY_FOLDER,
    Priority.INTERACTIVE: audio_pb2.PRIORITY_INTERACTIVE,
}
_MAX_LABELS = 16
_MAX_LABEL_BYTES = 1024
_MAX_DECIBELS = 100
_OVERLAP = 0.25
_MAX_SHIFTS = 20
_MAX_STEMS = 32
_STEM = re.compile(r"-?[a-zA-Z0-9_]{1,40}")
_CONSISTENCIES = {
    audio_pb2.CONSISTENCY_UNSPECIFIED: "mixture",
    audio_pb2.CONSISTENCY_MIXTURE: "mixture",
    audio_pb2.CONSISTENCY_NONE: "none",
}
_CONSISTENCY_VALUES = {"mixture": audio_pb2.CONSISTENCY_MIXTURE, "none": audio_pb2.CONSISTENCY_NONE}


def task_from_spec(spec: jobs_pb2.JobSpec) -> Task:
    """The task of a durable job. Raises InvalidRequest, NotImplementedYet."""
    kind = spec.WhichOneof("task")
    if kind == "denoise":
        return denoise_task(spec.denoise)
    if kind == "separate":
        return separate_task(spec.separate)
    if kind is None:
        raise InvalidRequest("task", "The spec names no task; set denoise.")
    raise missing_task(kind)


def missing_task(kind: str) -> NotImplementedYet:
    """What a task that this version lacks is answered with."""
    return NotImplementedYet(f"This version of unmix cannot {kind} yet: no {kind} model is in its catalogue.")


def denoise_task(task: audio_pb2.DenoiseTask) -> DenoiseTask:
    """Raises InvalidRequest."""
    limit = task.attenuation_limit_db if task.HasField("attenuation_limit_db") else None
    if limit is not None and not 0 <= limit <= _MAX_DECIBELS:
        raise InvalidRequest(
            "task.attenuation_limit_db", f"The strength is {limit:g} dB; choose 0 to {_MAX_DECIBELS} dB."
        )
    unknown = [value for value in task.stems if value not in _STEMS]
    if unknown:
        raise InvalidRequest("task.stems", f"There is no stem {unknown[0]}; choose clean, noise or both.")
    stems = tuple(dict.fromkeys(_STEMS[value] for value in task.stems)) or ("clean",)
    return DenoiseTask(model=task.model or "auto", attenuation_limit_db=limit, stems=stems)


def separate_task(task: audio_pb2.SeparateTask) -> SeparateTask:
    """Raises InvalidRequest."""
    overlap = task.overlap if task.HasField("overlap") else _OVERLAP
    if not 0 <= overlap < 1:
        raise InvalidRequest("task.overlap", f"The overlap is {overlap:g}; choose 0 to below 1.")
    if not 0 <= task.shifts <= _MAX_SHIFTS:
        raise InvalidRequest("task.shifts", f"There are {task.shifts} shifts; choose 0 to {_MAX_SHIFTS}.")
    odd = [stem for stem in task.stems if not _STEM.fullmatch(stem)]
    if odd or len(task.stems) > _MAX_STEMS:
        name = odd[0] if odd else f"{len(task.stems)} names"
        raise InvalidRequest("task.stems", f"'{name}' is no stem; use names such as vocals, or -vocals.")
    if task.consistency not in _CONSISTENCIES:
        raise InvalidRequest("task.consistency", f"There is no consistency {task.consistency}; leave it out.")
    return SeparateTask(
        model=task.model or "auto",
        stems=tuple(dict.fromkeys(task.stems)),
        consistency=_CONSISTENCIES[task.consistency],
        shifts=task.shifts,
        overlap=overlap,
    )


def options(message: audio_pb2.JobOptions, default: Priority) -> Options:
    """`default` is the priority when none is named. Raises InvalidRequest."""
    size = sum(len(key.encode()) + len(value.encode()) for key, value in message.labels.items())
    if len(message.labels) > _MAX_LABELS or size > _MAX_LABEL_BYTES:
        raise InvalidRequest(
            "options.labels",
            f"Labels are at most {_MAX_LABELS} entries and {_MAX_LABEL_BYTES} bytes; send less.",
        )
    return Options(
        file_name=message.file_name,
        size_bytes=message.size_bytes if message.HasField("size_bytes") else None,
        format=message.format,
        depth=message.depth,
        device=message.device or "auto",
        keep_alive=seconds(message.keep_alive) if message.HasField("keep_alive") else None,
        priority=Priority(message.priority) if message.priority in set(Priority) else default,
        labels=dict(message.labels),
        section=_section(message.section) if message.HasField("section") else None,
    )


def _section(message: audio_pb2.Section) -> Section:
    if message.first_frame < 0 or message.frames < 0:
        raise InvalidRequest(
            "options.section",
            f"The section begins at frame {message.first_frame} and has {message.frames} frames; neither number"
            " may be negative.",
        )
    return Section(message.first_frame, message.frames)


def seconds(message: duration_pb2.Duration) -> float:
    """A Duration in seconds; negative ones stay negative."""
    return message.seconds + message.nanos / 1e9


def duration(value: float) -> duration_pb2.Duration:
    """The inverse of `seconds`."""
    whole = math.floor(value) if value >= 0 else math.ceil(value)
    return duration_pb2.Duration(seconds=whole, nanos=round((value - whole) * 1e9))


def timestamp(value: float | None) -> timestamp_pb2.Timestamp | None:
    """Seconds since the epoch; None stays unset."""
    if value is None:
        return None
    whole = math.floor(value)
    return timestamp_pb2.Timestamp(seconds=whole, nanos=min(999_999_999, int((value - whole) * 1e9)))


def delivery_to_event(delivery: Delivery) -> audio_pb2.AudioEvent:
    """What a caller is sent while a job runs."""
    match delivery:
        case Progress():
            return audio_pb2.AudioEvent(progress=progress_to_proto(delivery))
        case Bytes():
            return audio_pb2.AudioEvent(
                data=audio_pb2.OutputData(stem=delivery.stem, offset=delivery.offset, data=delivery.data)
            )
        case Grew():
            return audio_pb2.AudioEvent(
                output=audio_pb2.OutputStarted(
                    stem=delivery.stem,
                    format=delivery.format,
                    extension=delivery.extension,
                    sample_rate=delivery.sample_rate,
                    channels=delivery.channels,
                )
            )


def progress_to_proto(progress: Progress) -> audio_pb2.Progress:
    """Domain → contract."""
    return audio_pb2.Progress(
        stage=progress.stage, fraction=progress.fraction, remaining_seconds=progress.remaining_seconds
    )


def summary_to_proto(job_id: str, summary: Summary) -> audio_pb2.Summary:
    """Domain → contract."""
    return audio_pb2.Summary(
        job_id=job_id,
        model=summary.model,
        model_reason=summary.model_reason,
        device=summary.device,
        device_reason=summary.device_reason,
        precision=summary.precision,
        quality=summary.quality,
        frames=summary.frames,
        sample_rate=summary.sample_rate,
        channels=summary.channels,
        queued_seconds=summary.queued_seconds,
        load_seconds=summary.load_seconds,
        processing_seconds=summary.processing_seconds,
        notes=summary.notes,
        outputs=[
            audio_pb2.OutputSummary(
                stem=output.stem,
                size_bytes=output.size_bytes,
                sha256=output.sha256,
                format=output.format,
                extension=output.extension,
                level_dbfs=output.level_dbfs,
                peak_dbfs=output.peak_dbfs,
            )
            for output in summary.outputs
        ],
    )


def state_from_proto(value: "jobs_pb2.JobState.ValueType") -> JobState:
    """Raises InvalidRequest for an unknown state."""
    if value not in _STATE_NAMES:
        raise InvalidRequest("states", f"There is no job state {value}; see JobState in jobs.proto.")
    return _STATE_NAMES[value]


def job_to_proto(job: Job) -> jobs_pb2.Job:
    """Domain → contract."""
    return jobs_pb2.Job(
        job_id=job.job_id,
        state=_STATES[job.state],
        denoise=_denoise_to_proto(job.task) if isinstance(job.task, DenoiseTask) else None,
        separate=_separate_to_proto(job.task) if isinstance(job.task, SeparateTask) else None,
        options=_options_to_proto(job.options),
        client=job.client,
        attempts=job.attempts,
        progress=progress_to_proto(job.progress),
        create_time=timestamp(job.created),
        start_time=timestamp(job.started),
        end_time=timestamp(job.ended),
        error=_error_to_proto(job.error),
        summary=summary_to_proto(job.job_id, job.summary) if job.summary else None,
        attached=job.attached,
    )


def event_to_proto(job_id: str, event: JobEvent) -> jobs_pb2.WatchJobResponse:
    """Domain → contract."""
    return jobs_pb2.WatchJobResponse(
        sequence=event.sequence,
        time=timestamp(event.time),
        state=_STATES[event.state],
        progress=progress_to_proto(event.progress),
        error=_error_to_proto(event.error),
        summary=summary_to_proto(job_id, event.summary) if event.summary else None,
    )


def _denoise_to_proto(task: DenoiseTask) -> audio_pb2.DenoiseTask:
    return audio_pb2.DenoiseTask(
        model=task.model,
        attenuation_limit_db=task.attenuation_limit_db,
        stems=[_STEM_VALUES[stem] for stem in task.stems],
    )


def _separate_to_proto(task: SeparateTask) -> audio_pb2.SeparateTask:
    return audio_pb2.SeparateTask(
        model=task.model,
        stems=task.stems,
        consistency=_CONSISTENCY_VALUES[task.consistency],
        shifts=task.shifts,
        overlap=task.overlap,
    )


def _options_to_proto(value: Options) -> audio_pb2.JobOptions:
    return audio_pb2.JobOptions(
        file_name=value.file_name,
        size_bytes=value.size_bytes,
        format=value.format,
        depth=value.depth,
        device=value.device,
        keep_alive=None if value.keep_alive is None else duration(value.keep_alive),
        priority=_PRIORITIES[value.priority],
        labels=value.labels,
        section=None
        if value.section is None
        else audio_pb2.Section(first_frame=value.section.first_frame, frames=value.section.frames),
    )


def _error_to_proto(error: JobError | None) -> jobs_pb2.JobError | None:
    if error is None:
        return None
    code: int = status_of(error.reason).value[0]
    return jobs_pb2.JobError(code=code, reason=error.reason, message=error.message)
