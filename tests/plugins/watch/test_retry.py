"""Which failure is waited for, tried again or final, and how it is told."""

import errno
import os
from pathlib import Path

import pytest
from unmix_plugins.errors import (
    AccessRefused,
    BrokenResult,
    Cancelled,
    DaemonFault,
    DaemonNotStarted,
    DaemonUnreachable,
    Interrupted,
    InvalidRequest,
    NotFound,
    NotPossibleNow,
    NotSupported,
    Overloaded,
    TimedOut,
    UnmixError,
)
from unmix_plugins.watch.retry import Verdict, cause_of, of_call, of_job, pause_after, pause_of_wait, refusal

DAEMON, TASK, AGAIN, NEVER = (
    Verdict.WAIT_FOR_DAEMON,
    Verdict.WAIT_FOR_TASK,
    Verdict.TRY_AGAIN,
    Verdict.GIVE_UP,
)


CALLS = [
    (DaemonUnreachable(), DAEMON),
    (DaemonUnreachable(reason="SHUTTING_DOWN"), DAEMON),
    (DaemonNotStarted(), DAEMON),
    (AccessRefused(), DAEMON),
    (TimedOut(), DAEMON),
    (Interrupted(), DAEMON),
    (Cancelled(), DAEMON),
    (DaemonFault(), DAEMON),
    (Overloaded(reason="QUEUE_FULL"), DAEMON),
    (Overloaded(reason="STORAGE_FULL"), DAEMON),
    (NotPossibleNow(reason="MODEL_MISSING"), TASK),
    (NotFound(reason="UNKNOWN_MODEL"), TASK),
    (BrokenResult(reason="INVALID_WEIGHTS"), TASK),
    (NotSupported(), TASK),
    (InvalidRequest(fields=["task.stems"]), TASK),
    (InvalidRequest(fields=["data"]), NEVER),
    (InvalidRequest(fields=["options.size_bytes"]), AGAIN),
    (InvalidRequest(), NEVER),
]
JOBS = [
    (InvalidRequest(reason="INVALID_AUDIO"), NEVER),
    (InvalidRequest(reason="UNSUPPORTED_FORMAT"), NEVER),
    (Cancelled(), NEVER),
    (DaemonFault(reason="WORKER_DIED"), AGAIN),
    (DaemonFault(reason="INTERNAL"), AGAIN),
    (Overloaded(reason="OUT_OF_MEMORY"), AGAIN),
    (Overloaded(reason="STORAGE_FULL"), DAEMON),
    (NotPossibleNow(reason="STORAGE_DENIED"), DAEMON),
    (DaemonUnreachable(reason="SHUTTING_DOWN"), DAEMON),
    (NotPossibleNow(reason="DEVICE_UNAVAILABLE"), TASK),
    (NotPossibleNow(reason="MODEL_MISSING"), TASK),
    (NotFound(reason="UNKNOWN_MODEL"), TASK),
]


@pytest.mark.parametrize(("error", "verdict"), CALLS, ids=lambda value: str(getattr(value, "reason", value)))
def test_a_call_that_failed(error: UnmixError, verdict: Verdict) -> None:
    assert of_call(error) is verdict


@pytest.mark.parametrize(("error", "verdict"), JOBS, ids=lambda value: str(getattr(value, "reason", value)))
def test_a_job_that_failed(error: UnmixError, verdict: Verdict) -> None:
    assert of_job(error) is verdict


def test_pauses_grow_and_end() -> None:
    assert [pause_after(attempts) for attempts in (1, 2, 3, 99)] == [2.0, 8.0, 32.0, 600.0]
    assert [pause_of_wait(looks) for looks in (0, 1, 2, 99, 10**9)] == [0.5, 1.0, 2.0, 60.0, 60.0]
    assert pause_of_wait(0, 5.0) == 5.0


def test_a_refusal_names_the_folder_and_the_right_that_is_missing() -> None:
    def said(number: int, name: str | None = None) -> str:
        return refusal(OSError(number, os.strerror(number), name), Path("/out"))

    assert said(errno.EACCES) == (
        "/out cannot be written (Permission denied): give this user the right to write there."
    )
    assert said(errno.EACCES, "/out/sub/.unmix-1-2.part").startswith("/out/sub cannot be written")
    assert said(errno.EROFS).startswith("/out cannot be written (Read-only file system): give")
    assert said(errno.ENOSPC, "/out/.unmix-1-2.part/clean.wav").startswith("The disk of /out is full")
    assert said(errno.EIO) == "/out cannot be written (Input/output error): check the folder and its disk."


def test_what_the_system_said_is_found_below_what_was_made_of_it() -> None:
    system = OSError(errno.ENOSPC, "full")
    error = BrokenResult()
    error.__cause__ = system
    assert cause_of(error) is system
    assert cause_of(system) is system
    assert cause_of(BrokenResult()) is None
