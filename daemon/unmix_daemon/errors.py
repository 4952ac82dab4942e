"""What the daemon answers when something is wrong.

    ServiceError                    base: message for the user, stable reason and facts; `words.reasons` has the
                                    gRPC status
    ├── Unauthenticated             no token, or a wrong one
    ├── NoSuchJob, NoSuchOutput     nothing has this name
    ├── InputGone                   the job's file is not there any more
    ├── NotReady                    the job is not in a state for this
    ├── NotImplementedYet           says what is missing
    ├── Busy                        the queue is full; says when to try again
    ├── Silent                      the client sent nothing for too long
    ├── DiskFull                    no room for the upload or the result
    ├── Short                       the machine is short of something for a while; says when to try again
    ├── ShuttingDown                the daemon is stopping; says when to try again
    ├── JobCancelled                somebody wanted it
    ├── WorkerDied                  a worker process ended in the middle, and this job may be why
    ├── WorkerLost                  the same, and this job is not why
    └── JobFailed                   what a finished job says of itself

A field that cannot be so is `unmix.words.FieldError`. `AudioError`s of unmix_models come from workers as their
`reason`.
"""

from typing import ClassVar, Self

from unmix.words import Facts, JobError
from unmix.words.reasons import code_of

_NONE: Facts = {}
OUT_OF_RESOURCES = "OUT_OF_RESOURCES"
"""The reason of what the machine is short of, but for room on its disk, which is STORAGE_FULL."""
NEEDED_BYTES = "needed_bytes"
"""The fact of STORAGE_FULL that says how much room the results need."""


class ServiceError(Exception):
    """Base of all that a client is told; `str()` is one sentence, in words for every face."""

    reason: str = "INTERNAL"
    retry_seconds: ClassVar[float | None] = None

    def __init__(self, message: str, facts: Facts = _NONE) -> None:
        """`facts` as in `words.cures`."""
        super().__init__(message)
        self.facts = facts

    @property
    def code(self) -> int:
        """The google.rpc.Code."""
        return code_of(self.reason)


class Unauthenticated(ServiceError):
    """The call carries no token, or a wrong one."""

    reason = "UNAUTHENTICATED"


class NoSuchJob(ServiceError):
    """No job has this name."""

    reason = "NOT_FOUND"


class NoSuchOutput(ServiceError):
    """The job has no output of this name, or not any more."""

    reason = "NOT_FOUND"


class InputGone(ServiceError):
    """What was uploaded for the job has been deleted."""

    reason = "NOT_FOUND"


class NotReady(ServiceError):
    """The job is not in a state that allows this."""

    reason = "NOT_READY"


class NotImplementedYet(ServiceError):
    """The contract has it, this version does not."""

    reason = "NOT_IMPLEMENTED"


class Busy(ServiceError):
    """The queue is full."""

    reason = "QUEUE_FULL"
    retry_seconds = 5.0


class Silent(ServiceError):
    """The client had the word, and sent nothing for too long."""

    reason = "UPLOAD_STALLED"


class DiskFull(ServiceError):
    """The disk of the state folder has no room for this."""

    reason = "STORAGE_FULL"


class Short(ServiceError):
    """The machine is short of memory, descriptors or room for a while; see `passing`."""

    reason = OUT_OF_RESOURCES
    retry_seconds = 5.0

    def __init__(self, reason: str, message: str, facts: Facts = _NONE) -> None:
        """`reason` is one that passes; `facts` may say `NEEDED_BYTES`."""
        super().__init__(message, facts)
        self.reason = reason


class ShuttingDown(ServiceError):
    """The daemon is stopping."""

    reason = "SHUTTING_DOWN"
    retry_seconds = 2.0


class JobCancelled(ServiceError):
    """The job was cancelled."""

    reason = "CANCELLED"


class WorkerDied(ServiceError):
    """A worker process ended while it had this job and no other; the job may have brought it down."""

    reason = "WORKER_DIED"


class WorkerLost(ServiceError):
    """A worker was lost for a reason that is not this job's: a machine went away, a neighbour brought it down."""

    reason = "WORKER_DIED"


class JobFailed(ServiceError):
    """A job's own error, told to whoever asks for its result."""

    def __init__(self, reason: str, message: str, facts: Facts = _NONE) -> None:
        """`reason` as in `words.reasons`; an unknown one is INTERNAL."""
        super().__init__(message, facts)
        self.reason = reason

    @classmethod
    def of(cls, error: JobError) -> Self:
        """What was recorded."""
        return cls(error.reason, error.message, error.facts)
