"""What can go wrong between a client and the daemon.

    UnmixError                  base: `str()` is for the user and says what to do next
    ├── DaemonUnreachable       nothing answers, or it went away
    │   └── DaemonSilent        it is there, and does not answer
    ├── DaemonNotStarted        it was started and ended at once
    ├── DaemonFault             it met a fault of its own
    ├── AccessRefused           the token is missing or wrong, or it is not sure who would get it
    ├── InvalidRequest          the recording or an option cannot be processed
    ├── NotFound                no such job, model or output
    ├── AlreadyExists           that is there already
    ├── NotPossibleNow          something else has to happen first, such as pulling a model
    ├── Overloaded              the queue, a disk or a memory is full
    ├── Interrupted             another call came in between
    ├── Cancelled               somebody cancelled the work
    ├── TimedOut                no answer in time
    ├── NotSupported            this daemon cannot do that
    ├── BrokenResult            what arrived is not what was sent
    ├── SourceError             the input file cannot be read, or changed meanwhile
    └── OutputError             the output file cannot be written
        ├── OutputExists        it is there already and may not be replaced
        └── OutputClash         it would replace another output of the same run, or an input

`reason` is the stable machine-readable name that the daemon gave (google.rpc.ErrorInfo.reason), or the
class's own. `concern` says what the failure is about, for whoever works on more than one recording. `facts` are what
the daemon named; each face words its own cure from them (`worded`, and `unmix.words.cures`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc import code_pb2, error_details_pb2, status_pb2  # pyright: ignore[reportMissingTypeStubs]  # has its own
from grpc_status import rpc_status
from unmix.words import Concern, Cures, Facts, FieldError, JobError, cured
from unmix.words.reasons import code_of, concern_of

_LONGEST_DETAIL = 200
_NO_METHOD = "Method not found!"


class UnmixError(Exception):
    """Base of everything that this package raises on purpose."""

    reason: str = "ERROR"
    _concern: ClassVar[Concern] = Concern.DAEMON
    """Where the reason is none that the contract knows."""
    advice: ClassVar[str] = "The work failed: `unmix doctor` looks for the cause."

    def __init__(
        self,
        message: str = "",
        *,
        reason: str = "",
        retry_after: float | None = None,
        fields: Sequence[str] = (),
        facts: Facts | None = None,
    ) -> None:
        """Keep `message`, or the class's advice where there is none; `retry_after` is in seconds."""
        super().__init__(message or self.advice)
        self.reason = reason or self.reason
        self.retry_after = retry_after
        self.fields = tuple(fields)
        self.facts = facts or {}

    def worded(self, cures: Cures) -> str:
        """What to show where these are the cures; `str()` is for everywhere."""
        return cured(str(self), self.reason, self.facts, cures)

    @property
    def concern(self) -> Concern:
        """What the failure is about: this recording, or what is the same for every other one."""
        return concern_of(self.reason, self.fields) or self._concern


class DaemonUnreachable(UnmixError):
    """Nothing answers at the daemon's address, or it went away in the middle."""

    reason = "DAEMON_UNREACHABLE"
    advice = "The daemon went away: try again, and `unmix doctor` if that does not help."


class DaemonSilent(DaemonUnreachable):
    """A process holds the daemon's folder and does not answer: it was stopped, or starts or ends for very long."""

    reason = "DAEMON_SILENT"


class DaemonNotStarted(UnmixError):
    """The daemon was started and did not come up."""

    reason = "DAEMON_NOT_STARTED"
    advice = "The daemon did not start: `unmix doctor` looks for the cause."


class DaemonFault(UnmixError):
    """The daemon met a fault of its own; its log has the details."""

    reason = "DAEMON_FAULT"
    advice = "The daemon met an unexpected error: its log has the details, `unmix doctor` shows where."


class AccessRefused(UnmixError):
    """The daemon does not take this token, or nothing proves that it is the daemon who would get it."""

    reason = "ACCESS_REFUSED"
    advice = (
        "The daemon refused the token, which is another one at each start: use the account that started it, and unset"
        " UNMIX_TOKEN or set it as it is now."
    )


class InvalidRequest(UnmixError):
    """The recording or an option cannot be processed."""

    reason = "INVALID_REQUEST"
    _concern = Concern.REQUEST
    advice = "The daemon cannot process this request: check the file and the options."


class NotFound(UnmixError):
    """No such job, model or output."""

    reason = "NOT_FOUND"
    _concern = Concern.REQUEST
    advice = "That is not known here: `unmix jobs list` and `unmix models list` show what is."


class AlreadyExists(UnmixError):
    """What was to be made is there already."""

    reason = "ALREADY_EXISTS"
    advice = "That exists already: use it, or delete it first."


class NotPossibleNow(UnmixError):
    """Something else has to happen first."""

    reason = "NOT_POSSIBLE_NOW"
    _concern = Concern.REQUEST
    advice = "That is not possible now: `unmix status` shows the daemon's state."


class Overloaded(UnmixError):
    """The queue, a disk or a memory is full."""

    reason = "OVERLOADED"
    advice = "The daemon has no room for this now: try again later, and `unmix status` shows what it does."


class Interrupted(UnmixError):
    """Another call came in between."""

    reason = "INTERRUPTED"
    advice = "Something else came in between: try again."


class Cancelled(UnmixError):
    """Somebody cancelled the work."""

    reason = "CANCELLED"
    _concern = Concern.RECORDING
    advice = "The work was cancelled: try again if that was not meant."


class TimedOut(UnmixError):
    """No answer came in time."""

    reason = "TIMED_OUT"
    advice = "The daemon did not answer in time: try again, and `unmix doctor` if that does not help."


class NotSupported(UnmixError):
    """This daemon cannot do that."""

    reason = "NOT_SUPPORTED"
    _concern = Concern.REQUEST
    advice = "This daemon cannot do that: after an update of unmix, `unmix stop` and `unmix start` renew it."


class BrokenResult(UnmixError):
    """What arrived is not what was sent; no file was written."""

    reason = "BROKEN_RESULT"
    _concern = Concern.RECORDING
    advice = "The result arrived damaged and was thrown away: try again."


class SourceError(UnmixError):
    """The input cannot be read, or changed while it was sent."""

    reason = "SOURCE_ERROR"
    _concern = Concern.RECORDING
    advice = "The input cannot be read: check the file."


class OutputError(UnmixError):
    """The output cannot be written."""

    reason = "OUTPUT_ERROR"
    _concern = Concern.DISK
    advice = "The output cannot be written: check the folder."


class OutputExists(OutputError):
    """The output is there already and may not be replaced."""

    reason = "OUTPUT_EXISTS"
    advice = "The output exists already: choose another folder, or allow it to be replaced."


class OutputClash(OutputError):
    """The output would replace another output of the same run, or an input."""

    reason = "OUTPUT_CLASH"
    advice = "Two files of this run have one name: run them one by one, into different folders."


_BY_CODE: dict[int, type[UnmixError]] = {
    code_pb2.CANCELLED: Cancelled,
    code_pb2.UNKNOWN: DaemonFault,
    code_pb2.INVALID_ARGUMENT: InvalidRequest,
    code_pb2.DEADLINE_EXCEEDED: TimedOut,
    code_pb2.NOT_FOUND: NotFound,
    code_pb2.ALREADY_EXISTS: AlreadyExists,
    code_pb2.PERMISSION_DENIED: AccessRefused,
    code_pb2.RESOURCE_EXHAUSTED: Overloaded,
    code_pb2.FAILED_PRECONDITION: NotPossibleNow,
    code_pb2.ABORTED: Interrupted,
    code_pb2.OUT_OF_RANGE: InvalidRequest,
    code_pb2.UNIMPLEMENTED: NotSupported,
    code_pb2.INTERNAL: DaemonFault,
    code_pb2.UNAVAILABLE: DaemonUnreachable,
    code_pb2.DATA_LOSS: BrokenResult,
    code_pb2.UNAUTHENTICATED: AccessRefused,
}
"""By google.rpc.Code, whose numbers are gRPC's."""


def from_rpc(error: grpc.RpcError) -> UnmixError:
    """The exception for a call that failed.

    A message that comes with an ErrorInfo was written by the daemon for the user and stays as it is;
    any other is gRPC's own and only follows the class's advice.
    """
    kind = _BY_CODE.get(cast("tuple[int, str]", error.code().value)[0], DaemonFault)
    said = error.details() or ""
    if said == _NO_METHOD:  # gRPC's own, of a daemon from before a method was added
        said = ""
    details = _details(error)
    message = said if details.info and said else _with_detail(kind.advice, said)
    violations = details.bad.field_violations
    unsaid = [f"{v.field}: {v.description}" for v in violations if v.description not in message]
    if unsaid:
        message = f"{message.rstrip('.')} ({'; '.join(unsaid)})."
    retry_after = details.retry.retry_delay.ToTimedelta().total_seconds() if details.retry else None
    if retry_after is not None:
        message = f"{message.rstrip('.')} (in about {max(1, round(retry_after))} s)."
    return kind(
        message,
        reason=details.info.reason if details.info else "",
        retry_after=retry_after,
        fields=[v.field for v in violations],
        facts=dict(details.info.metadata) if details.info else None,
    )


def from_job_failure(error: JobError) -> UnmixError:
    """The exception for a job that failed."""
    code = code_of(error.reason) if error.code is None else error.code
    return _BY_CODE.get(code, DaemonFault)(error.message, reason=error.reason, facts=error.facts)


def from_field(error: FieldError) -> InvalidRequest:
    """The exception for a field that cannot be so, whoever finds out."""
    return InvalidRequest(str(error), fields=(error.field,))


@dataclass(frozen=True, slots=True)
class _Details:
    info: error_details_pb2.ErrorInfo | None
    retry: error_details_pb2.RetryInfo | None
    bad: error_details_pb2.BadRequest


def _details(error: grpc.RpcError) -> _Details:
    try:
        # A failed call of a stub is a grpc.Call as well, which the stubs' types do not say.
        found = rpc_status.from_call(cast("grpc.Call", error))  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # untyped
        status = cast("status_pb2.Status | None", found)
        packed = {detail.TypeName(): detail.value for detail in status.details} if status else {}
        info = packed.get("google.rpc.ErrorInfo")
        retry = packed.get("google.rpc.RetryInfo")
        return _Details(
            None if info is None else error_details_pb2.ErrorInfo.FromString(info),
            None if retry is None else error_details_pb2.RetryInfo.FromString(retry),
            error_details_pb2.BadRequest.FromString(packed.get("google.rpc.BadRequest", b"")),
        )
    except (DecodeError, ValueError):  # not from our daemon
        return _Details(None, None, error_details_pb2.BadRequest())


def _with_detail(advice: str, said: str) -> str:
    line = " ".join(said.split())
    return f"{advice} (It said: {line[:_LONGEST_DETAIL]})" if line else advice
