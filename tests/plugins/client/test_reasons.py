"""What each face does after a failure, for every reason that the daemon gives: nothing is decided by a face alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import grpc
import pytest
from fake_daemon import FakeDaemon, Upload, accepted, answers, fail
from typer.testing import CliRunner
from unmix.v1 import audio_pb2
from unmix.words import REASONS, Concern, JobError
from unmix_plugins import errors
from unmix_plugins.cli._main import app
from unmix_plugins.cli._recordings import _ends_run
from unmix_plugins.reaper.run.app import _is_of_one_item
from unmix_plugins.watch.retry import Verdict, of_call, of_job

DAEMON, TASK = Verdict.WAIT_FOR_DAEMON, Verdict.WAIT_FOR_TASK
AGAIN, NO = Verdict.TRY_AGAIN, Verdict.GIVE_UP


class Row(NamedTuple):
    """What is done after a reason."""

    ends_run: bool
    """The command leaves the other files."""
    is_of_one_item: bool
    """REAPER's action goes on with the other items."""
    call: Verdict
    """The watcher's, when a job could not be submitted."""
    job: Verdict
    """The watcher's, when the job failed."""


ROWS = {
    "INVALID_AUDIO": Row(False, True, NO, NO),
    "INVALID_SECTION": Row(False, True, NO, NO),
    "UNSUPPORTED_FORMAT": Row(False, True, NO, NO),
    "TOO_LONG": Row(False, True, NO, NO),
    "RESULT_TOO_LARGE": Row(False, True, NO, NO),
    "OUT_OF_MEMORY": Row(False, True, AGAIN, AGAIN),
    "WORKER_DIED": Row(False, True, AGAIN, AGAIN),
    "WORKER_ERROR": Row(False, True, AGAIN, AGAIN),
    "UNREADABLE_JOB": Row(False, True, DAEMON, AGAIN),
    "UPLOAD_STALLED": Row(False, True, AGAIN, AGAIN),
    "CANCELLED": Row(False, False, DAEMON, NO),
    "INVALID_REQUEST": Row(True, False, NO, NO),
    "NOT_FOUND": Row(True, False, TASK, TASK),
    "NOT_READY": Row(True, False, TASK, TASK),
    "NOT_IMPLEMENTED": Row(True, False, TASK, TASK),
    "UNKNOWN_MODEL": Row(True, False, TASK, TASK),
    "MODEL_MISSING": Row(True, False, TASK, TASK),
    "INVALID_WEIGHTS": Row(True, False, TASK, TASK),
    "DEVICE_UNAVAILABLE": Row(True, False, TASK, TASK),
    "UNAUTHENTICATED": Row(True, False, DAEMON, DAEMON),
    "QUEUE_FULL": Row(False, False, DAEMON, DAEMON),
    "SHUTTING_DOWN": Row(False, False, DAEMON, DAEMON),
    "DOWNLOAD_FAILED": Row(False, False, DAEMON, DAEMON),
    "INTERNAL": Row(False, False, DAEMON, AGAIN),
    "OUT_OF_RESOURCES": Row(False, False, DAEMON, DAEMON),
    "STORAGE_FULL": Row(False, False, DAEMON, DAEMON),
    "STORAGE_DENIED": Row(False, False, DAEMON, DAEMON),
}

CLASSES = {
    errors.DaemonUnreachable: Concern.DAEMON,
    errors.DaemonSilent: Concern.DAEMON,
    errors.DaemonNotStarted: Concern.DAEMON,
    errors.DaemonFault: Concern.DAEMON,
    errors.AccessRefused: Concern.DAEMON,
    errors.InvalidRequest: Concern.REQUEST,
    errors.NotFound: Concern.REQUEST,
    errors.AlreadyExists: Concern.DAEMON,
    errors.NotPossibleNow: Concern.REQUEST,
    errors.Overloaded: Concern.DAEMON,
    errors.Interrupted: Concern.DAEMON,
    errors.Cancelled: Concern.RECORDING,
    errors.TimedOut: Concern.DAEMON,
    errors.NotSupported: Concern.REQUEST,
    errors.BrokenResult: Concern.RECORDING,
    errors.SourceError: Concern.RECORDING,
    errors.OutputError: Concern.DISK,
    errors.OutputExists: Concern.DISK,
    errors.OutputClash: Concern.DISK,
}


def error_of(reason: str) -> errors.UnmixError:
    return errors.from_job_failure(JobError(reason, "It failed."))


def test_every_reason_has_a_row() -> None:
    assert ROWS.keys() == REASONS.keys()


@pytest.mark.parametrize("reason", ROWS)
def test_the_command_leaves_the_other_files_where_they_would_fail_alike(reason: str) -> None:
    assert _ends_run(error_of(reason)) is ROWS[reason].ends_run


@pytest.mark.parametrize("reason", ROWS)
def test_reaper_goes_on_where_the_fault_is_one_items(reason: str) -> None:
    assert _is_of_one_item(error_of(reason)) is ROWS[reason].is_of_one_item


@pytest.mark.parametrize("reason", ROWS)
def test_the_watcher_gives_up_only_what_is_the_files_fault(reason: str) -> None:
    assert (of_call(error_of(reason)), of_job(error_of(reason))) == (ROWS[reason].call, ROWS[reason].job)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_without_a_known_reason_the_class_says_what_a_failure_is_about(kind: type[errors.UnmixError]) -> None:
    assert kind().concern is CLASSES[kind]
    assert kind(reason="OF_A_NEWER_DAEMON").concern is CLASSES[kind]


@pytest.mark.parametrize(
    ("error", "goes_on"),
    [(errors.OutputError(), True), (errors.OutputExists(), True), (errors.Cancelled(), False)],
)
def test_in_reaper_an_items_own_files_end_only_the_item(error: errors.UnmixError, goes_on: bool) -> None:
    assert _is_of_one_item(error) is goes_on


@pytest.mark.parametrize(
    ("code", "reason", "field", "tried"),
    [
        (grpc.StatusCode.FAILED_PRECONDITION, "DEVICE_UNAVAILABLE", "", ["a"]),
        (grpc.StatusCode.NOT_FOUND, "UNKNOWN_MODEL", "", ["a"]),
        (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", "options.device", ["a"]),
        (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_AUDIO", "", ["a", "b", "c"]),
        (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", "data", ["a", "b", "c"]),  # the file is empty
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "STORAGE_FULL", "", ["a", "b", "c"]),
        (grpc.StatusCode.INTERNAL, "WORKER_DIED", "", ["a", "b", "c"]),
    ],
)
def test_of_three_files_only_those_are_tried_that_may_succeed(
    daemon: FakeDaemon, tmp_path: Path, code: grpc.StatusCode, reason: str, field: str, tried: list[str]
) -> None:
    seen: list[str] = []

    def script(upload: Upload) -> Iterator[audio_pb2.AudioEvent]:
        seen.append(upload.data.decode())
        if len(seen) == 1:
            yield accepted()
            fail(upload.context, code, "It failed.", reason=reason, field_path=field)
        yield from answers(upload)

    daemon.script.denoise = script
    paths = [tmp_path / f"{name}.wav" for name in "abc"]
    for path in paths:
        path.write_bytes(path.stem.encode())
    result = CliRunner().invoke(app, ["denoise", *map(str, paths)])
    assert result.exit_code == 1
    assert seen == tried
    assert sorted(path.stem for path in tmp_path.glob("*.clean.wav")) == [
        f"{name}.clean" for name in tried[1:]
    ]
