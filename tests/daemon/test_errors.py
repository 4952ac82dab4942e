"""What clients are told when something is wrong: one table."""

from typing import TypeVar

import grpc
import pytest
from unmix_daemon import errors
from unmix_daemon.errors import STATUS_OF_REASON, InvalidRequest, JobFailed, UnmixError, status_of
from unmix_models.errors import AudioError

E = TypeVar("E", bound=Exception)


def kinds_of(base: type[E]) -> list[type[E]]:
    return [kind for below in base.__subclasses__() for kind in (below, *kinds_of(below))]


STATUSES = {
    "InvalidRequest": grpc.StatusCode.INVALID_ARGUMENT,
    "Unauthenticated": grpc.StatusCode.UNAUTHENTICATED,
    "NotFound": grpc.StatusCode.NOT_FOUND,
    "NotReady": grpc.StatusCode.FAILED_PRECONDITION,
    "NotImplementedYet": grpc.StatusCode.UNIMPLEMENTED,
    "Busy": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "DiskFull": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "ShuttingDown": grpc.StatusCode.UNAVAILABLE,
    "Cancelled": grpc.StatusCode.CANCELLED,
    "WorkerDied": grpc.StatusCode.INTERNAL,
}


@pytest.mark.parametrize("kind", kinds_of(AudioError), ids=lambda kind: kind.__name__)
def test_every_reason_of_the_models_has_a_status(kind: type[AudioError]) -> None:
    assert kind.reason in STATUS_OF_REASON
    assert kind.reason != AudioError.reason
    assert STATUS_OF_REASON[kind.reason] is not grpc.StatusCode.INTERNAL


def test_no_two_errors_of_the_models_share_a_reason() -> None:
    reasons = [kind.reason for kind in kinds_of(AudioError)]
    assert len(set(reasons)) == len(reasons)


def test_every_error_of_the_daemon_has_the_status_of_its_meaning() -> None:
    fixed = {kind.__name__: kind.status for kind in kinds_of(UnmixError) if kind is not JobFailed}
    assert fixed == STATUSES


def test_no_two_errors_of_the_daemon_share_a_reason() -> None:
    reasons = [kind.reason for kind in (UnmixError, *kinds_of(UnmixError)) if kind is not JobFailed]
    assert len(set(reasons)) == len(reasons)


def test_a_reason_has_one_status_whether_a_call_or_a_job_fails_with_it() -> None:
    for kind in kinds_of(UnmixError):
        if kind.reason in STATUS_OF_REASON:
            assert status_of(kind.reason) is kind.status


def test_whoever_is_told_to_try_again_is_told_when() -> None:
    assert {kind.__name__ for kind in kinds_of(UnmixError) if kind.retry_seconds} == {"Busy", "ShuttingDown"}


def test_a_failed_job_is_told_with_its_own_reason() -> None:
    error = JobFailed("MODEL_MISSING", "Get it.")
    assert (error.status, error.reason, str(error)) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "MODEL_MISSING",
        "Get it.",
    )


def test_a_reason_that_nobody_knows_is_internal() -> None:
    assert status_of("SOMETHING_ELSE") is grpc.StatusCode.INTERNAL
    assert JobFailed("SOMETHING_ELSE", "").status is grpc.StatusCode.INTERNAL


def test_a_wrong_field_is_named() -> None:
    assert InvalidRequest("options.format", "No.").field == "options.format"


def test_the_tree_in_the_documentation_is_the_tree() -> None:
    assert errors.__doc__
    for kind in kinds_of(UnmixError):
        line = next(line for line in errors.__doc__.splitlines() if f"─ {kind.__name__} " in line)
        assert kind is JobFailed or kind.status.name in line
