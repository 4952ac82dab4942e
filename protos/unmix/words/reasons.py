"""Every reason that the daemon gives for a failure: its gRPC code, whom it concerns, and whether it may pass.

The words are stable (google.rpc.ErrorInfo.reason): programs rely on them. Whoever works on many recordings reads
the concern: what is wrong with one recording says nothing of the next; a missing model is the same for all.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from google.rpc import code_pb2


class Concern(StrEnum):
    """What a failure is about."""

    RECORDING = "recording"
    """This file: another one may succeed."""
    REQUEST = "request"
    """How it was asked for: every file that is asked for in the same way fails."""
    MODEL = "model"
    """The model is missing or broken."""
    DEVICE = "device"
    """The device is not there, or cannot run the model."""
    DAEMON = "daemon"
    """The daemon is away, busy or in trouble."""
    DISK = "disk"
    """A disk is full or may not be written."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What a reason means."""

    code: int
    """A google.rpc.Code."""
    concern: Concern
    may_pass: bool = False
    """The same request may succeed later, though nobody changes anything about it."""


REASONS: Mapping[str, Reason] = {
    "INVALID_AUDIO": Reason(code_pb2.INVALID_ARGUMENT, Concern.RECORDING),
    "INVALID_SECTION": Reason(code_pb2.INVALID_ARGUMENT, Concern.RECORDING),
    "UNSUPPORTED_FORMAT": Reason(code_pb2.INVALID_ARGUMENT, Concern.RECORDING),
    "TOO_LONG": Reason(code_pb2.INVALID_ARGUMENT, Concern.RECORDING),
    "RESULT_TOO_LARGE": Reason(code_pb2.OUT_OF_RANGE, Concern.RECORDING),
    "OUT_OF_MEMORY": Reason(code_pb2.RESOURCE_EXHAUSTED, Concern.RECORDING, may_pass=True),
    "WORKER_DIED": Reason(code_pb2.INTERNAL, Concern.RECORDING, may_pass=True),
    "WORKER_ERROR": Reason(code_pb2.INTERNAL, Concern.RECORDING, may_pass=True),
    "UNREADABLE_JOB": Reason(code_pb2.DATA_LOSS, Concern.RECORDING),
    "UPLOAD_STALLED": Reason(code_pb2.ABORTED, Concern.RECORDING, may_pass=True),
    "CANCELLED": Reason(code_pb2.CANCELLED, Concern.RECORDING),
    "INVALID_REQUEST": Reason(code_pb2.INVALID_ARGUMENT, Concern.REQUEST),
    "NOT_FOUND": Reason(code_pb2.NOT_FOUND, Concern.REQUEST),
    "NOT_READY": Reason(code_pb2.FAILED_PRECONDITION, Concern.REQUEST, may_pass=True),
    "NOT_IMPLEMENTED": Reason(code_pb2.UNIMPLEMENTED, Concern.REQUEST),
    "UNKNOWN_MODEL": Reason(code_pb2.NOT_FOUND, Concern.MODEL),
    "MODEL_MISSING": Reason(code_pb2.FAILED_PRECONDITION, Concern.MODEL),
    "INVALID_WEIGHTS": Reason(code_pb2.DATA_LOSS, Concern.MODEL),
    "DEVICE_UNAVAILABLE": Reason(code_pb2.FAILED_PRECONDITION, Concern.DEVICE),
    "UNAUTHENTICATED": Reason(code_pb2.UNAUTHENTICATED, Concern.DAEMON),
    "QUEUE_FULL": Reason(code_pb2.RESOURCE_EXHAUSTED, Concern.DAEMON, may_pass=True),
    "SHUTTING_DOWN": Reason(code_pb2.UNAVAILABLE, Concern.DAEMON, may_pass=True),
    "DOWNLOAD_FAILED": Reason(code_pb2.UNAVAILABLE, Concern.DAEMON, may_pass=True),
    "INTERNAL": Reason(code_pb2.INTERNAL, Concern.DAEMON, may_pass=True),
    "OUT_OF_RESOURCES": Reason(code_pb2.RESOURCE_EXHAUSTED, Concern.DAEMON, may_pass=True),
    "STORAGE_FULL": Reason(code_pb2.RESOURCE_EXHAUSTED, Concern.DISK, may_pass=True),
    "STORAGE_DENIED": Reason(code_pb2.FAILED_PRECONDITION, Concern.DISK, may_pass=True),
}

_OF_THE_RECORDING = frozenset({"data", "options.size_bytes", "options.section"})
"""Fields of a request that the file decides, and not the settings."""


def code_of(reason: str) -> int:
    """The google.rpc.Code of a reason; INTERNAL for one that this version does not know."""
    return REASONS[reason].code if reason in REASONS else code_pb2.INTERNAL


def concern_of(reason: str, fields: Collection[str] = ()) -> Concern | None:
    """Whom a reason concerns; `fields` are those that a refused request names. None for an unknown reason."""
    known = REASONS.get(reason)
    if known and known.concern is Concern.REQUEST and _OF_THE_RECORDING & set(fields):
        return Concern.RECORDING
    return known.concern if known else None
