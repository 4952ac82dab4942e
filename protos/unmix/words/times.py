"""Seconds, moments and the contract's messages for them."""

import math
from datetime import UTC, datetime

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from unmix.words.faults import FieldError

_LONGEST = 315_576_000_000
"""Seconds; the range of google.protobuf.Duration."""
_LAST = 253_402_300_799.0
"""Seconds since the epoch; the end of the year 9999, which is that of google.protobuf.Timestamp and of datetime."""


def check_duration(seconds: float | None, field: str) -> None:
    """Raises FieldError for what no duration can hold."""
    if seconds is not None and not abs(seconds) <= _LONGEST:
        raise FieldError(field, f"{seconds} s is no length of time: give a number of seconds.")


def duration_to_proto(seconds: float | None) -> Duration | None:
    """The message for seconds, the nearest that it can hold; None and what is no number stay unset."""
    if seconds is None or math.isnan(seconds):
        return None
    bounded = seconds_told(seconds)
    whole = int(bounded)
    return Duration(seconds=whole, nanos=int((bounded - whole) * 1e9))


def seconds_of(message: Duration) -> float:
    """The inverse; negative durations stay negative, and what no duration may be is the nearest that one may."""
    return seconds_told(message.seconds + message.nanos / 1e9)


def seconds_told(seconds: float) -> float:
    """Seconds that another process tells: 0 where that is no number, and no more than a duration holds."""
    return 0.0 if math.isnan(seconds) else min(max(seconds, -_LONGEST), float(_LONGEST))


def timestamp_to_proto(moment: float | None) -> Timestamp | None:
    """The message for seconds since the epoch, the nearest that it can hold; None and no number stay unset."""
    if moment is None or math.isnan(moment):
        return None
    bounded = min(max(moment, 0.0), _LAST)
    whole = math.floor(bounded)
    return Timestamp(seconds=whole, nanos=min(999_999_999, int((bounded - whole) * 1e9)))


def moment_of(message: Timestamp) -> float:
    """Seconds since the epoch, no later than the end of the year 9999."""
    return min(max(message.seconds + message.nanos / 1e9, 0.0), _LAST)


def moment(seconds: float | None) -> datetime | None:
    """Seconds since the epoch as a moment, in UTC; the last that there is for what lies beyond it."""
    return None if seconds is None else datetime.fromtimestamp(min(max(seconds, 0.0), _LAST), UTC)
