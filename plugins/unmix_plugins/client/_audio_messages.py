"""`audio.proto` and the domain: pure functions, both ways."""

import math

from google.protobuf.duration_pb2 import Duration
from unmix.v1 import audio_pb2

from unmix_plugins.audio import (
    Accepted,
    Consistency,
    DenoiseStem,
    DenoiseTask,
    Event,
    Options,
    OutputPiece,
    OutputStarted,
    OutputSummary,
    Priority,
    Progress,
    Section,
    SeparateTask,
    Summary,
)
from unmix_plugins.errors import InvalidRequest

_STEMS = {
    DenoiseStem.CLEAN: audio_pb2.DENOISE_STEM_CLEAN,
    DenoiseStem.NOISE: audio_pb2.DENOISE_STEM_NOISE,
}
_CONSISTENCIES = {
    Consistency.MIXTURE: audio_pb2.CONSISTENCY_MIXTURE,
    Consistency.NONE: audio_pb2.CONSISTENCY_NONE,
}
_MOST_SHIFTS = (1 << 31) - 1
"""What the message can hold; how many make sense is the daemon's to say."""
_MOST_FRAMES = (1 << 63) - 1
_PRIORITIES = {
    None: audio_pb2.PRIORITY_UNSPECIFIED,
    Priority.BATCH: audio_pb2.PRIORITY_BATCH,
    Priority.FOLDER: audio_pb2.PRIORITY_FOLDER,
    Priority.INTERACTIVE: audio_pb2.PRIORITY_INTERACTIVE,
}


def denoise_task_to_proto(task: DenoiseTask) -> audio_pb2.DenoiseTask:
    """The message for a task."""
    return audio_pb2.DenoiseTask(
        model=_as_text(task.model),
        attenuation_limit_db=task.attenuation_limit_db,
        stems=[_STEMS[stem] for stem in task.stems],
    )


def separate_task_to_proto(task: SeparateTask) -> audio_pb2.SeparateTask:
    """The message for a task. Raises InvalidRequest for shifts that no message can hold."""
    if abs(task.shifts) > _MOST_SHIFTS:
        raise InvalidRequest(f"{task.shifts} shifts are too many: each costs a pass, and 1 to 10 are usual.")
    return audio_pb2.SeparateTask(
        model=_as_text(task.model),
        stems=[_as_text(stem) for stem in task.stems],
        consistency=_CONSISTENCIES[task.consistency],
        shifts=task.shifts,
        overlap=task.overlap,
    )


def options_to_proto(options: Options, file_name: str, size_bytes: int | None) -> audio_pb2.JobOptions:
    """The message for options, with the source's name where they give none, and its size if known."""
    return audio_pb2.JobOptions(
        file_name=_as_text(options.file_name or file_name),
        size_bytes=size_bytes,
        format=options.format,
        depth=options.depth,
        device=options.device,
        keep_alive=None if options.keep_alive is None else duration_to_proto(options.keep_alive),
        priority=_PRIORITIES[options.priority],
        labels=options.labels,
        section=None if options.section is None else _section_to_proto(options.section),
    )


def duration_to_proto(seconds: float) -> Duration:
    """The message for seconds. Raises InvalidRequest for what no duration can hold."""
    if not math.isfinite(seconds) or abs(seconds) > 315_576_000_000:  # google.protobuf.Duration's range
        raise InvalidRequest(f"{seconds} s is no length of time: give a number of seconds.")
    whole = int(seconds)
    return Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))


def _section_to_proto(section: Section) -> audio_pb2.Section:
    if max(abs(section.first_frame), abs(section.frames)) > _MOST_FRAMES:
        raise InvalidRequest(
            f"The section begins at frame {section.first_frame} and has {section.frames} frames: no recording"
            " is that long."
        )
    return audio_pb2.Section(first_frame=section.first_frame, frames=section.frames)


def event_from_proto(event: audio_pb2.AudioEvent) -> Event | None:
    """The event, or None for a kind that only a newer daemon knows."""
    match event.WhichOneof("event"):
        case "accepted":
            return Accepted(event.accepted.job_id, event.accepted.queue_position)
        case "progress":
            return progress_from_proto(event.progress)
        case "output":
            output = event.output
            return OutputStarted(
                output.stem, output.format, output.extension, output.sample_rate, output.channels
            )
        case "data":
            return OutputPiece(event.data.stem, event.data.offset, event.data.data)
        case "summary":
            return summary_from_proto(event.summary)
        case _:
            return None


def progress_from_proto(progress: audio_pb2.Progress) -> Progress:
    """How far the work is."""
    remaining = progress.remaining_seconds if progress.HasField("remaining_seconds") else None
    return Progress(progress.stage, progress.fraction, remaining)


def summary_from_proto(summary: audio_pb2.Summary) -> Summary:
    """What was done."""
    return Summary(
        job_id=summary.job_id,
        model=summary.model,
        model_reason=summary.model_reason,
        device=summary.device,
        device_reason=summary.device_reason,
        frames=summary.frames,
        sample_rate=summary.sample_rate,
        channels=summary.channels,
        queued_seconds=summary.queued_seconds,
        load_seconds=summary.load_seconds,
        processing_seconds=summary.processing_seconds,
        outputs=tuple(_output_from_proto(output) for output in summary.outputs),
        notes=tuple(summary.notes),
        quality=summary.quality,
        precision=summary.precision,
    )


def _output_from_proto(output: audio_pb2.OutputSummary) -> OutputSummary:
    return OutputSummary(
        stem=output.stem,
        size_bytes=output.size_bytes,
        sha256=output.sha256,
        format=output.format,
        extension=output.extension,
        level_dbfs=output.level_dbfs,
        peak_dbfs=output.peak_dbfs,
    )


def _as_text(name: str) -> str:
    """A name that the user gave, as UTF-8 can hold it: bytes that are no text become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
