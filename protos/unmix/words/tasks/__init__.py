"""What can be done with a recording. A task is a module here, and a place in the union `Task`.

Its fields, what they may be (`check`) and its message (`to_proto`, `from_proto`) are in its module. In the contract
its message is a field of each `oneof task`, called like its `kind`.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias, cast, get_args

from google.protobuf.message import Message

from unmix.v1 import audio_pb2, jobs_pb2
from unmix.words.tasks.denoise import DenoiseStem, DenoiseTask, Music
from unmix.words.tasks.separate import Consistency, SeparateTask

Task: TypeAlias = DenoiseTask | SeparateTask
"""The table of tasks."""

TASKS: Mapping[str, type[Task]] = {task().kind: task for task in get_args(Task)}
"""By kind, which only an object has: a slotted class holds a descriptor there."""

Spec: TypeAlias = audio_pb2.ProcessSpec | jobs_pb2.JobSpec | jobs_pb2.Job
"""The messages that hold a task."""


def task_to_proto(task: Task, spec: Spec) -> None:
    """Put a task into its place in `spec`."""
    place: Message = getattr(spec, task.kind)
    place.CopyFrom(task.to_proto())


def task_from_proto(spec: Spec) -> Task | None:
    """The task in `spec`; None where it names none, or one that this version does not know. Raises FieldError."""
    kind = kind_in(spec)
    known = TASKS.get(kind)
    return cast("Any", known).from_proto(getattr(spec, kind)) if known else None


def kind_in(spec: Spec) -> str:
    """The kind of the task that `spec` names, or nothing."""
    return cast("str | None", spec.WhichOneof("task")) or ""


__all__ = [
    "TASKS",
    "Consistency",
    "DenoiseStem",
    "DenoiseTask",
    "Music",
    "SeparateTask",
    "Spec",
    "Task",
    "kind_in",
    "task_from_proto",
    "task_to_proto",
]
