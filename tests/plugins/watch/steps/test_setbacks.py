"""What fails is tried again, waited for or given up, and told once."""

from pathlib import Path
from typing import Any

import pytest
from fake_daemon import FakeDaemon, calls_of, fail
from grpc import StatusCode
from plugins.watch.bench import Bench, bench, specs
from unmix.v1 import jobs_pb2
from unmix.words import SeparateTask
from unmix_plugins.watch.ledger.entry import State
from unmix_plugins.watch.notify.report import GivenUp, GoesOn, Postponed, Waits


def test_a_worker_that_dies_is_tried_again_later_and_in_the_end_given_up(desk: Bench) -> None:
    desk.put("talk.wav")
    for attempt, pause in ((1, 2.0), (2, 8.0)):
        desk.fail(*desk.submitted(), "WORKER_DIED")
        desk.until(lambda attempt=attempt: desk.entry().attempts == attempt)
        assert desk.entry().due == pytest.approx(desk.now + pause, abs=0.2)
    desk.fail(*desk.submitted(), "WORKER_DIED")
    desk.until(lambda: desk.work.is_idle)
    assert [report.seconds for report in desk.told(Postponed)] == [2, 8]
    [failed] = desk.told(GivenUp)
    assert failed.message == "It is so. It was tried 3 times."
    assert desk.jobs == {}


def test_a_job_that_no_worker_has_begun_does_not_count_against_its_file(desk: Bench) -> None:
    desk.put("talk.wav")
    for _ in range(5):
        desk.fail(*desk.submitted(), "WORKER_DIED", attempts=0)
        desk.until(lambda: desk.entry().state is State.FOUND)
    assert desk.entry().attempts == 0
    assert desk.told(Postponed) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("reason", "code", "attempts"),
    [("DEVICE_UNAVAILABLE", 9, 1), ("STORAGE_FULL", 8, 1), ("WORKER_DIED", 13, 0)],
)
def test_what_is_wrong_with_every_job_is_waited_for_ever_longer_and_told_once(
    desk: Bench, reason: str, code: int, attempts: int
) -> None:
    desk.put("talk.wav")
    began: list[float] = []
    for _ in range(4):
        [job_id] = desk.submitted()
        began.append(desk.now)
        desk.fail(job_id, reason, code, attempts)
        desk.until(lambda: desk.entry().state is State.FOUND)
    assert began[-1] - began[-2] > 1.5
    assert [report.sentence for report in desk.told(Waits)] == ["It is so."]
    assert desk.told(GoesOn) == []
    desk.complete(*desk.submitted())
    desk.until(lambda: desk.work.is_idle)
    assert len(desk.told(GoesOn)) == 1
    assert desk.entry().attempts == 0


def test_a_dead_letter_is_not_written_before_its_job_is_deleted(desk: Bench) -> None:
    desk.put("talk.wav")
    desk.fail(*desk.submitted(), "INVALID_AUDIO", code=3)
    desk.until(lambda: desk.failed_count)  # the watcher may be stopped now
    assert desk.jobs == {}


def test_a_cancelled_job_is_not_wanted_any_more(desk: Bench) -> None:
    desk.put("talk.wav")
    [job_id] = desk.submitted()
    desk.jobs[job_id].state = jobs_pb2.JOB_STATE_CANCELLED
    desk.until(lambda: desk.work.is_idle)
    assert "Somebody has cancelled its job." in desk.told(GivenUp)[0].message


def test_a_missing_model_is_waited_for_and_told_once(desk: Bench, daemon: FakeDaemon) -> None:
    def refuse(context: Any) -> None:
        fail(context, StatusCode.FAILED_PRECONDITION, "Pull it: unmix models pull x", reason="MODEL_MISSING")

    daemon.script.before_upload = refuse
    for number in range(3):
        desk.put(f"{number}.wav", str(number).encode())
    desk.until(lambda: desk.work.is_stuck)
    assert [report.sentence for report in desk.told(Waits)] == ["Pull it: unmix models pull x"]
    assert {entry.state for entry in desk.entries()} == {State.FOUND}
    daemon.script.before_upload = lambda _: None
    for job_id in desk.submitted(3):
        desk.complete(job_id)
    desk.until(lambda: desk.work.is_idle)
    assert len(desk.told(GoesOn)) == 1
    assert desk.ledger.waits() == []


def test_a_preset_that_cannot_be_done_holds_up_no_other(tmp_path: Path, daemon: FakeDaemon) -> None:
    presets = {"music": SeparateTask()}
    with bench(tmp_path, daemon, presets_by_subfolder=presets) as desk:
        for number in range(5):
            desk.put(f"music/{number}.wav", str(number).encode())
        daemon.script.before_upload = lambda context: fail(
            context, StatusCode.FAILED_PRECONDITION, "Pull it.", reason="MODEL_MISSING"
        )
        desk.until(lambda: len(calls_of(daemon, "SubmitJob")) == 4)  # so that the next look is seconds away
        daemon.script.before_upload = lambda _: None
        desk.put("talk.wav")
        desk.submitted()
        assert [spec.options.file_name for spec in specs(daemon)] == ["talk.wav"]


def test_a_full_queue_is_waited_for_while_results_still_come(desk: Bench, daemon: FakeDaemon) -> None:
    desk.put("first.wav")
    [first] = desk.submitted()
    daemon.script.before_upload = lambda context: fail(
        context, StatusCode.RESOURCE_EXHAUSTED, "The queue is full.", reason="QUEUE_FULL", retry_seconds=10
    )
    desk.put("second.wav", b"second")
    desk.until(lambda: len(desk.entries()) == 2)
    desk.until(lambda: desk.entries(State.FOUND) and len(calls_of(daemon, "SubmitJob")) == 2)
    before = desk.now
    desk.complete(first)
    desk.until(lambda: desk.done_count == 1)
    assert desk.now < before + 8
    daemon.script.before_upload = lambda _: None
    desk.submitted()
    assert desk.now >= before + 9


def test_a_daemon_that_is_away_is_waited_for_in_silence_at_first(desk: Bench, daemon: FakeDaemon) -> None:
    desk.put("talk.wav")
    [job_id] = desk.submitted()
    desk.complete(job_id)
    result, kept = daemon.script.outputs, daemon.script.jobs
    daemon.stop()
    desk.until(lambda: desk.told(Waits))
    assert "No daemon runs" in desk.told(Waits)[0].sentence or "went away" in desk.told(Waits)[0].sentence
    assert not desk.work.is_idle
    heir = FakeDaemon(daemon.state, token="of the heir")
    heir.script.outputs, heir.script.jobs = result, kept
    heir.start()
    desk.until(lambda: desk.work.is_idle)
    heir.stop()
    assert desk.files() == {"talk.wav": b"clean a recording"}
    assert len(desk.told(GoesOn)) == 1


def test_settings_that_the_daemon_refuses_are_no_matter_of_the_file(desk: Bench, daemon: FakeDaemon) -> None:
    daemon.script.before_upload = lambda context: fail(
        context,
        StatusCode.INVALID_ARGUMENT,
        "There is no depth s99.",
        reason="INVALID_REQUEST",
        field_path="options.depth",
    )
    desk.put("talk.wav")
    desk.until(lambda: desk.work.is_stuck)
    assert desk.entry().state is State.FOUND
    assert desk.files() == {}


def test_an_empty_file_is_a_dead_letter_with_what_the_daemon_says_of_it(
    desk: Bench, daemon: FakeDaemon
) -> None:
    daemon.script.before_upload = lambda context: fail(
        context,
        StatusCode.INVALID_ARGUMENT,
        "The file is empty.",
        reason="INVALID_REQUEST",
        field_path="data",
    )
    desk.put("talk.wav")
    desk.until(lambda: desk.work.is_idle)
    assert "The file is empty" in desk.told(GivenUp)[0].message
