"""What the daemon answers when something is wrong.

    UnmixError                      base: message for the user, gRPC status, stable reason
    ├── InvalidRequest              INVALID_ARGUMENT    a field is wrong; names it
    ├── Unauthenticated             UNAUTHENTICATED     no token, or a wrong one
    ├── NotFound                    NOT_FOUND           no such job or output
    ├── NotReady                    FAILED_PRECONDITION the job is not in a state for this
    ├── NotImplementedYet           UNIMPLEMENTED       says what is missing
    ├── Busy                        RESOURCE_EXHAUSTED  the queue is full; says when to try again
    ├── DiskFull                    RESOURCE_EXHAUSTED  no room for the upload or the result
    ├── ShuttingDown                UNAVAILABLE         the daemon is stopping; says when to try again
    ├── Cancelled                   CANCELLED           the client wanted it
    ├── WorkerDied                  INTERNAL            a worker process ended in the middle
    └── JobFailed                   any                 what a finished job says of itself

`AudioError`s of unmix_models come from workers as their `reason`; `STATUS_OF_REASON` gives their status.
"""

from typing import ClassVar

import grpc

STATUS_OF_REASON = {
    "INVALID_AUDIO": grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_SECTION": grpc.StatusCode.INVALID_ARGUMENT,
    "UNSUPPORTED_FORMAT": grpc.StatusCode.INVALID_ARGUMENT,
    "UNKNOWN_MODEL": grpc.StatusCode.NOT_FOUND,
    "MODEL_MISSING": grpc.StatusCode.FAILED_PRECONDITION,
    "INVALID_WEIGHTS": grpc.StatusCode.DATA_LOSS,
    "DEVICE_UNAVAILABLE": grpc.StatusCode.FAILED_PRECONDITION,
    "OUT_OF_MEMORY": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "STORAGE_FULL": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "STORAGE_DENIED": grpc.StatusCode.FAILED_PRECONDITION,
    "DOWNLOAD_FAILED": grpc.StatusCode.UNAVAILABLE,
    "CANCELLED": grpc.StatusCode.CANCELLED,
    "WORKER_DIED": grpc.StatusCode.INTERNAL,
    "WORKER_ERROR": grpc.StatusCode.INTERNAL,
    "SHUTTING_DOWN": grpc.StatusCode.UNAVAILABLE,
}


class UnmixError(Exception):
    """Base of all that a client is told; `str()` is one sentence that says what to do next."""

    status: grpc.StatusCode = grpc.StatusCode.INTERNAL
    reason: str = "INTERNAL"
    retry_seconds: ClassVar[float | None] = None


class InvalidRequest(UnmixError):
    """A field of the request is wrong."""

    status = grpc.StatusCode.INVALID_ARGUMENT
    reason = "INVALID_REQUEST"

    def __init__(self, field: str, message: str) -> None:
        """`field` is the path in the request, such as `options.format`."""
        super().__init__(message)
        self.field = field


class Unauthenticated(UnmixError):
    """The call carries no token, or a wrong one."""

    status = grpc.StatusCode.UNAUTHENTICATED
    reason = "UNAUTHENTICATED"


class NotFound(UnmixError):
    """No job, model or output has this name."""

    status = grpc.StatusCode.NOT_FOUND
    reason = "NOT_FOUND"


class NotReady(UnmixError):
    """The job is not in a state that allows this."""

    status = grpc.StatusCode.FAILED_PRECONDITION
    reason = "NOT_READY"


class NotImplementedYet(UnmixError):
    """The contract has it, this version does not."""

    status = grpc.StatusCode.UNIMPLEMENTED
    reason = "NOT_IMPLEMENTED"


class Busy(UnmixError):
    """The queue is full."""

    status = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "QUEUE_FULL"
    retry_seconds = 5.0


class DiskFull(UnmixError):
    """The disk of the state folder has no room for this."""

    status = grpc.StatusCode.RESOURCE_EXHAUSTED
    reason = "STORAGE_FULL"


class ShuttingDown(UnmixError):
    """The daemon is stopping."""

    status = grpc.StatusCode.UNAVAILABLE
    reason = "SHUTTING_DOWN"
    retry_seconds = 2.0


class Cancelled(UnmixError):
    """The job was cancelled."""

    status = grpc.StatusCode.CANCELLED
    reason = "CANCELLED"


class WorkerDied(UnmixError):
    """A worker process ended while it had the job."""

    reason = "WORKER_DIED"


class JobFailed(UnmixError):
    """A job's own error, told to whoever asks for its result."""

    def __init__(self, reason: str, message: str) -> None:
        """`reason` as in STATUS_OF_REASON; an unknown one is INTERNAL."""
        super().__init__(message)
        self.reason = reason
        self.status = status_of(reason)


def status_of(reason: str) -> grpc.StatusCode:
    """The gRPC status of a stable reason."""
    return STATUS_OF_REASON.get(reason, grpc.StatusCode.INTERNAL)
