"""The common beginning of every upload: who calls, the spec, then the bytes."""

from collections.abc import AsyncIterator
from typing import Any, Protocol, TypeVar

from unmix.words import FieldError, Task
from unmix.words.tasks import Spec, kind_in, task_from_proto

from unmix_daemon.errors import NotImplementedYet
from unmix_daemon.services.interceptors import Context


class _Upload(Protocol):
    """A request with the oneof `payload` of a spec and data."""

    @property
    def data(self) -> bytes: ...
    def WhichOneof(self, oneof_group: Any, /) -> Any: ...  # protobuf's name


U = TypeVar("U", bound=_Upload)


def client_of(context: Context) -> str:
    """The caller's name for itself, or its address."""
    for key, value in context.invocation_metadata() or ():
        if key == "unmix-client" and isinstance(value, str):
            return value
    return context.peer()


async def first(requests: AsyncIterator[U]) -> U:
    """The message with the spec. Raises FieldError when something else comes first."""
    async for request in requests:
        if request.WhichOneof("payload") == "spec":
            return request
        break
    raise FieldError("spec", "The stream must begin with a spec; send it before any data.")


async def data(requests: AsyncIterator[U]) -> AsyncIterator[bytes]:
    """The bytes that follow. Raises FieldError for anything else."""
    async for request in requests:
        if request.WhichOneof("payload") != "data":
            raise FieldError("data", "Only data may follow the spec; send one file in one call.")
        yield request.data


def task_in(spec: Spec) -> Task:
    """The task that a spec names. Raises FieldError, NotImplementedYet."""
    task = task_from_proto(spec)
    if task is None and (kind := kind_in(spec)):
        raise not_yet(kind)
    if task is None:
        raise FieldError("task", "The spec names no task; set one, such as denoise.")
    return task


def not_yet(kind: str) -> NotImplementedYet:
    """What a task that this version lacks is answered with."""
    return NotImplementedYet(f"This version of unmix cannot {kind} yet: no {kind} model is in its catalogue.")
