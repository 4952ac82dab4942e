"""The common beginning of every upload: who calls, the spec, then the bytes."""

import time
import uuid
from collections.abc import AsyncIterator
from typing import Any, Protocol, TypeVar

from ..errors import InvalidRequest
from ..interceptors import Context
from ..jobs import Job, Options, Task

_CLIENT_LENGTH = 200


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
            return value[:_CLIENT_LENGTH]
    return context.peer()[:_CLIENT_LENGTH]


async def first(requests: AsyncIterator[U]) -> U:
    """The message with the spec. Raises InvalidRequest when something else comes first."""
    async for request in requests:
        if request.WhichOneof("payload") == "spec":
            return request
        break
    raise InvalidRequest("spec", "The stream must begin with a spec; send it before any data.")


async def data(requests: AsyncIterator[U]) -> AsyncIterator[bytes]:
    """The bytes that follow. Raises InvalidRequest for anything else."""
    async for request in requests:
        if request.WhichOneof("payload") != "data":
            raise InvalidRequest("data", "Only data may follow the spec; send one file in one call.")
        yield request.data


def new_job(
    context: Context, task: Task, options: Options, *, attached: bool, idempotency_key: str = ""
) -> Job:
    """A job as it is before it is stored."""
    return Job(
        job_id=uuid.uuid4().hex,
        client=client_of(context),
        task=task,
        options=options,
        attached=attached,
        created=time.time(),
        idempotency_key=idempotency_key,
    )
