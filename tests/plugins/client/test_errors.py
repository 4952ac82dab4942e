from pathlib import Path

import grpc
import pytest
from fake_daemon import FakeDaemon, Upload, fail
from unmix.words import Concern, JobError
from unmix_plugins import errors
from unmix_plugins.client import Client

EXPECTED = {
    grpc.StatusCode.CANCELLED: errors.Cancelled,
    grpc.StatusCode.UNKNOWN: errors.DaemonFault,
    grpc.StatusCode.INVALID_ARGUMENT: errors.InvalidRequest,
    grpc.StatusCode.DEADLINE_EXCEEDED: errors.TimedOut,
    grpc.StatusCode.NOT_FOUND: errors.NotFound,
    grpc.StatusCode.ALREADY_EXISTS: errors.AlreadyExists,
    grpc.StatusCode.PERMISSION_DENIED: errors.AccessRefused,
    grpc.StatusCode.RESOURCE_EXHAUSTED: errors.Overloaded,
    grpc.StatusCode.FAILED_PRECONDITION: errors.NotPossibleNow,
    grpc.StatusCode.ABORTED: errors.Interrupted,
    grpc.StatusCode.OUT_OF_RANGE: errors.InvalidRequest,
    grpc.StatusCode.UNIMPLEMENTED: errors.NotSupported,
    grpc.StatusCode.INTERNAL: errors.DaemonFault,
    grpc.StatusCode.UNAVAILABLE: errors.DaemonUnreachable,
    grpc.StatusCode.DATA_LOSS: errors.BrokenResult,
    grpc.StatusCode.UNAUTHENTICATED: errors.AccessRefused,
}


def failure(daemon: FakeDaemon, client: Client, source: Path, **how: object) -> errors.UnmixError:
    """What a client raises when the daemon ends a call so."""

    def script(upload: Upload) -> None:
        fail(upload.context, **how)

    daemon.script.denoise = script
    with pytest.raises(errors.UnmixError) as raised:
        client.denoise(source, {"clean": source.with_name("out.wav")})
    assert [path.name for path in source.parent.iterdir()] == [source.name]
    return raised.value


def test_every_status_but_ok_has_an_exception() -> None:
    assert set(EXPECTED) == set(grpc.StatusCode) - {grpc.StatusCode.OK}


@pytest.mark.parametrize("code", EXPECTED, ids=lambda code: code.name)
def test_a_status_becomes_its_exception_with_the_daemons_sentence(
    code: grpc.StatusCode, daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    error = failure(
        daemon, client, talk, code=code, message="The reel is torn: splice it.", reason="REEL_TORN"
    )
    assert type(error) is EXPECTED[code]
    assert str(error) == "The reel is torn: splice it."
    assert error.reason == "REEL_TORN"


@pytest.mark.parametrize("code", EXPECTED, ids=lambda code: code.name)
def test_a_status_without_a_sentence_of_ours_still_says_what_to_do(
    code: grpc.StatusCode, daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    error = failure(daemon, client, talk, code=code, message="some\n  gRPC words")
    assert type(error) is EXPECTED[code]
    assert str(error) == f"{EXPECTED[code].advice} (It said: some gRPC words)"
    assert error.reason == EXPECTED[code].reason


def test_a_retry_delay_is_told_and_kept(daemon: FakeDaemon, client: Client, talk: Path) -> None:
    error = failure(
        daemon,
        client,
        talk,
        code=grpc.StatusCode.RESOURCE_EXHAUSTED,
        message="The queue is full; try again.",
        reason="QUEUE_FULL",
        retry_seconds=5,
    )
    assert str(error) == "The queue is full; try again (in about 5 s)."
    assert error.retry_after == 5


def test_a_field_at_fault_is_named(daemon: FakeDaemon, client: Client, talk: Path) -> None:
    error = failure(
        daemon,
        client,
        talk,
        code=grpc.StatusCode.INVALID_ARGUMENT,
        message="The strength is impossible.",
        reason="INVALID_REQUEST",
        field_path="task.attenuation_limit_db",
    )
    assert str(error) == "The strength is impossible (task.attenuation_limit_db: out of range)."
    assert error.fields == ("task.attenuation_limit_db",)


def test_a_jobs_error_has_the_class_of_its_code() -> None:
    error = errors.from_job_failure(JobError("INVALID_AUDIO", "This is no audio: send another file.", 3))
    assert type(error) is errors.InvalidRequest
    assert (error.reason, str(error)) == ("INVALID_AUDIO", "This is no audio: send another file.")
    assert type(errors.from_job_failure(JobError("", "", 99))) is errors.DaemonFault


def test_a_jobs_error_without_a_code_has_that_of_its_reason() -> None:
    assert type(errors.from_job_failure(JobError("MODEL_MISSING", "Pull it."))) is errors.NotPossibleNow


def test_a_daemon_that_is_older_than_the_call_is_told_with_the_cure(
    daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    error = failure(daemon, client, talk, code=grpc.StatusCode.UNIMPLEMENTED, message="Method not found!")
    assert type(error) is errors.NotSupported
    assert "`unmix stop` and `unmix start` renew it" in str(error)
    assert error.concern is Concern.REQUEST


@pytest.mark.parametrize("kind", EXPECTED.values(), ids=lambda kind: kind.__name__)
def test_every_advice_is_one_sentence_that_goes_on_after_a_colon_or_comma(
    kind: type[errors.UnmixError],
) -> None:
    advice = str(kind())
    assert advice.endswith(".")
    assert advice.count(". ") == 0
    assert ":" in advice
