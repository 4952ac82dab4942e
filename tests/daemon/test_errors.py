"""What clients are told when something is wrong: one table."""

from typing import TypeVar

import grpc
import pytest
from google.rpc import code_pb2
from unmix.words import REASONS
from unmix.words.reasons import code_of
from unmix_daemon import errors
from unmix_daemon.errors import JobFailed, ServiceError
from unmix_models.errors import AudioError

E = TypeVar("E", bound=Exception)


def kinds_of(base: type[E]) -> list[type[E]]:
    return [kind for below in base.__subclasses__() for kind in (below, *kinds_of(below))]


CODES = {
    "Unauthenticated": code_pb2.UNAUTHENTICATED,
    "NoSuchJob": code_pb2.NOT_FOUND,
    "NoSuchOutput": code_pb2.NOT_FOUND,
    "InputGone": code_pb2.NOT_FOUND,
    "NotReady": code_pb2.FAILED_PRECONDITION,
    "NotImplementedYet": code_pb2.UNIMPLEMENTED,
    "Busy": code_pb2.RESOURCE_EXHAUSTED,
    "Silent": code_pb2.ABORTED,
    "DiskFull": code_pb2.RESOURCE_EXHAUSTED,
    "Short": code_pb2.RESOURCE_EXHAUSTED,
    "ShuttingDown": code_pb2.UNAVAILABLE,
    "JobCancelled": code_pb2.CANCELLED,
    "WorkerDied": code_pb2.INTERNAL,
    "WorkerLost": code_pb2.INTERNAL,
}


@pytest.mark.parametrize("kind", kinds_of(AudioError), ids=lambda kind: kind.__name__)
def test_every_reason_of_the_models_is_in_the_table(kind: type[AudioError]) -> None:
    assert kind.reason in REASONS
    assert kind.reason != AudioError.reason
    assert code_of(kind.reason) != code_pb2.INTERNAL


def test_no_two_errors_of_the_models_share_a_reason() -> None:
    reasons = [kind.reason for kind in kinds_of(AudioError)]
    assert len(set(reasons)) == len(reasons)


def test_every_error_of_the_daemon_has_the_code_of_its_meaning() -> None:
    fixed = {kind.__name__: code_of(kind.reason) for kind in kinds_of(ServiceError) if kind is not JobFailed}
    assert fixed == CODES


def test_every_reason_of_the_daemon_is_in_the_table() -> None:
    assert {kind.reason for kind in (ServiceError, *kinds_of(ServiceError))} <= REASONS.keys()


def test_whoever_is_told_to_try_again_is_told_when() -> None:
    assert {kind.__name__ for kind in kinds_of(ServiceError) if kind.retry_seconds} == {
        "Busy",
        "Short",
        "ShuttingDown",
    }


def test_whatever_is_worth_another_try_by_itself_may_pass() -> None:
    assert all(REASONS[kind.reason].may_pass for kind in kinds_of(ServiceError) if kind.retry_seconds)


def test_a_failed_job_is_told_with_its_own_reason() -> None:
    error = JobFailed("MODEL_MISSING", "Get it.")
    assert (error.code, error.reason, str(error)) == (
        code_pb2.FAILED_PRECONDITION,
        "MODEL_MISSING",
        "Get it.",
    )


def test_a_reason_that_nobody_knows_is_internal() -> None:
    assert code_of("SOMETHING_ELSE") == code_pb2.INTERNAL
    assert JobFailed("SOMETHING_ELSE", "").code == code_pb2.INTERNAL


def test_every_code_is_one_of_grpc() -> None:
    numbers = {status.value[0] for status in grpc.StatusCode}
    assert {reason.code for reason in REASONS.values()} <= numbers


def test_the_tree_in_the_documentation_is_the_tree() -> None:
    assert errors.__doc__
    assert all(kind.__name__ in errors.__doc__ for kind in (ServiceError, *kinds_of(ServiceError)))
