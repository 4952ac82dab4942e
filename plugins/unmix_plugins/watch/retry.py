"""What becomes of a recording after something went wrong: wait, try again, or give it up for good.

A file is given up only for what it is itself. What is the matter with the daemon, a model, a disk or the settings is
waited for, because it would be the same for every other file.
"""

import errno
import os
from enum import Enum, auto
from pathlib import Path

from unmix.words import REASONS, Concern

from unmix_plugins.errors import Cancelled, DaemonFault, InvalidRequest, Overloaded, UnmixError
from unmix_plugins.files.folder import LinkFound
from unmix_plugins.files.shown import shown

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_OF_THE_FILE = frozenset({errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.EFBIG, errno.ELOOP})
"""What a file system answers to a name or a size that it cannot have: other files are no concern of it."""

_FIRST = 2.0
_FACTOR = 4.0
_LONGEST = 600.0
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 60.0


class Verdict(Enum):
    """What to do next."""

    WAIT_FOR_DAEMON = auto()
    """Nothing can be done with the daemon now; no failure of the file."""
    WAIT_FOR_TASK = auto()
    """This task cannot be done now, with no file: a model is missing, or the settings are wrong."""
    TRY_AGAIN = auto()
    """It may pass, but counts: after so many times the file is given up."""
    GIVE_UP = auto()


def of_call(error: UnmixError) -> Verdict:
    """What to do after a call has failed."""
    is_refused = isinstance(error, InvalidRequest)
    match error.concern:
        case Concern.MODEL | Concern.DEVICE:
            return Verdict.WAIT_FOR_TASK
        case Concern.REQUEST:  # where nothing is said of the settings, it is the file
            return Verdict.GIVE_UP if is_refused and not error.fields else Verdict.WAIT_FOR_TASK
        case Concern.RECORDING if _may_pass(error):
            return Verdict.TRY_AGAIN
        case Concern.RECORDING if is_refused:
            return Verdict.GIVE_UP
        case _:  # not reached, not answered, refused, in trouble
            return Verdict.WAIT_FOR_DAEMON


def of_job(error: UnmixError) -> Verdict:
    """What to do after a job has failed or was cancelled."""
    match error.concern:
        case Concern.MODEL | Concern.DEVICE:
            return Verdict.WAIT_FOR_TASK
        case Concern.REQUEST if not isinstance(error, InvalidRequest):
            return Verdict.WAIT_FOR_TASK
        case Concern.DISK | Concern.DAEMON if _is_in_the_way(error):
            return Verdict.WAIT_FOR_DAEMON
        case _ if isinstance(error, InvalidRequest | Cancelled):  # the latter: somebody does not want it
            return Verdict.GIVE_UP
        case _:  # a fault of the daemon's own may be the file's doing
            return Verdict.TRY_AGAIN


def is_of_the_file(error: OSError) -> bool:
    """True when an output cannot be written because of its own name or size."""
    return error.errno in _OF_THE_FILE


def cause_of(error: BaseException) -> OSError | None:
    """What the system said, where that is why `error` was raised."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__
    return cause


def refusal(error: OSError, folder: Path) -> str:
    """What the system has against writing in `folder`, as a sentence that says what to do."""
    said = error.strerror or type(error).__name__
    if error.errno in FULL:
        return f"The disk of {shown(folder)} is full: make room there, and unmix goes on."
    if isinstance(error, LinkFound):
        named = shown(str(error.filename))
        return (
            f"{named} is a link, and none is followed in there: put a folder in its place, and unmix goes on."
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        named = error.filename2 or error.filename
        where = Path(os.fsdecode(named)) if isinstance(named, str | bytes) else folder
        where = where.parent if where.name.startswith(".unmix-") else where
        return f"{shown(where)} cannot be written ({said}): give this user the right to write there."
    return f"{shown(folder)} cannot be written ({said}): check the folder and its disk."


def pause_after(attempts: int) -> float:
    """Seconds before a file is tried again that has failed `attempts` times."""
    return min(_LONGEST, _FIRST * _FACTOR ** max(0, attempts - 1))


def pause_of_wait(looks: int, asked: float | None = None) -> float:
    """Seconds before what is waited for is tried again; `asked` is what the other side has proposed."""
    return max(asked or 0.0, min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(looks, 20)))


def _is_in_the_way(error: UnmixError) -> bool:
    """True when the daemon could not do its work, and has said why."""
    return isinstance(error, Overloaded) or (error.reason in REASONS and not isinstance(error, DaemonFault))


def _may_pass(error: UnmixError) -> bool:
    """True when the same file may be taken later; one of another size than was said may have been growing."""
    known = REASONS.get(error.reason)
    return (known is not None and known.may_pass) or "options.size_bytes" in error.fields
