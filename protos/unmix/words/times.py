"""Seconds, moments and the contract's messages for them."""

import math
from datetime import UTC, datetime

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from unmix.words.faults import FieldError

_LONGEST = 315_576_000_000
"""Seconds; the range of google.protobuf.Duration."""


def duration_to_proto(seconds: float | None, field: str = "options.keep_alive") -> Duration | None:
    """The message for seconds; None stays unset. Raises FieldError for what no duration can hold."""
    if seconds is None:
        return None
    if not math.isfinite(seconds) or abs(seconds) > _LONGEST:
        raise FieldError(field, f"{seconds} s is no length of time: give a number of seconds.")
    whole = int(seconds)
    return Duration(seconds=whole, nanos=round((seconds - whole) * 1e9))


def seconds_of(message: Duration) -> float:
    """The inverse; negative durations stay negative."""
    return message.seconds + message.nanos / 1e9


def timestamp_to_proto(moment: float | None) -> Timestamp | None:
    """The message for seconds since the epoch; None stays unset."""
    if moment is None:
        return None
    whole = math.floor(moment)
    return Timestamp(seconds=whole, nanos=min(999_999_999, int((moment - whole) * 1e9)))


def moment_of(message: Timestamp) -> float:
    """Seconds since the epoch."""
    return message.seconds + message.nanos / 1e9


def moment(seconds: float | None) -> datetime | None:
    """Seconds since the epoch as a moment, in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
