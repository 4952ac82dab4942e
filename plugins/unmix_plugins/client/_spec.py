"""What a call begins with: the task and its options, checked before anything is sent."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from unmix.v1 import audio_pb2, jobs_pb2
from unmix.words import FieldError, Options, Task
from unmix.words.tasks import task_to_proto

from unmix_plugins.errors import from_field
from unmix_plugins.files.source import Source


def fill(
    spec: audio_pb2.ProcessSpec | jobs_pb2.JobSpec, task: Task, options: Options, source: Source
) -> None:
    """Put `task` and `options` into `spec`, with the source's size, and its name where they give none.

    Raises InvalidRequest for what the contract says cannot be.
    """
    told = replace(options, file_name=options.file_name or source.name, size_bytes=source.size)
    with checked():
        task.check()
        told.check()
        task_to_proto(task, spec)
        spec.options.CopyFrom(told.to_proto())


@contextmanager
def checked() -> Generator[None]:
    """Within this, a field that cannot be so raises InvalidRequest."""
    try:
        yield
    except FieldError as error:
        raise from_field(error) from error
