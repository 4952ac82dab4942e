"""What the daemon tells, as the JSON that users' scripts read: its keys stay, whatever becomes of our own names."""

from typing import Any

from unmix.words import AudioFacts, Job, JobError, JobEvent, Stretch, Summary
from unmix.words.times import moment

from unmix_plugins.cli.shown.terminal import to_json
from unmix_plugins.errors import from_job_failure


def summary_json(summary: Summary) -> dict[str, Any]:
    """What was done; what only sound has is null for what is none."""
    facts: dict[str, Any] = to_json(summary)
    audio = facts.pop("audio") or dict.fromkeys(AudioFacts.__slots__)
    return facts | audio | {"timeline": [_stretch(stretch) for stretch in summary.timeline]}


def job_json(job: Job) -> dict[str, Any]:
    """A job as it stands."""
    return {
        "job_id": job.job_id,
        "state": job.state,
        "task": job.kind,
        "model": job.task.model if job.task else "",
        "file_name": job.options.file_name,
        "client": job.client,
        "attempts": job.attempts,
        "progress": to_json(job.progress),
        "create_time": _time(job.created),
        "start_time": _time(job.started),
        "end_time": _time(job.ended),
        "error": _error(job.error),
        "summary": job.summary and summary_json(job.summary),
        "attached": job.attached,
    }


def event_json(event: JobEvent) -> dict[str, Any]:
    """Something that happened to a job."""
    return {
        "sequence": event.sequence,
        "time": _time(event.time),
        "state": event.state,
        "progress": to_json(event.progress),
        "error": _error(event.error),
        "summary": event.summary and summary_json(event.summary),
    }


def _stretch(stretch: Stretch) -> dict[str, Any]:
    """Times in seconds, to the millisecond; `model` is empty where nothing was changed."""
    return {
        "from": round(stretch.start, 3),
        "to": round(stretch.end, 3),
        "class": stretch.sound,
        "model": stretch.model,
    }


def _time(seconds: float | None) -> Any:
    return to_json(moment(seconds or None))  # 0: nobody said


def _error(error: JobError | None) -> Any:
    return to_json(error and from_job_failure(error))
