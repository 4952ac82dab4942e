import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from daemons import Daemon, eventually
from fake_daemon import FakeDaemon, calls_of, fail
from grpc import StatusCode
from plugins.watch.bench import Bench, bench
from unmix.v1 import audio_pb2, jobs_pb2
from unmix.words import DenoiseTask, Options, SeparateTask
from unmix_plugins.client import Client
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
from unmix_plugins.watch.ledger.entry import State
from unmix_plugins.watch.notify.report import GivenUp, GoesOn, Postponed, Waits
from unmix_plugins.watch.retry import (
    Verdict,
    cause_of,
    of_call,
    of_job,
    pause_after,
    pause_of_wait,
    refusal,
)
from unmix_plugins.watch.slots import Slots

DAEMON, TASK, AGAIN, NEVER = (
    Verdict.WAIT_FOR_DAEMON,
    Verdict.WAIT_FOR_TASK,
    Verdict.TRY_AGAIN,
    Verdict.GIVE_UP,
)


@pytest.fixture
def desk(tmp_path: Path, daemon: FakeDaemon) -> Iterator[Bench]:
    with bench(tmp_path, daemon) as made:
        yield made


def specs(daemon: FakeDaemon) -> list[jobs_pb2.JobSpec]:
    return [request for request in daemon.script.requests if isinstance(request, jobs_pb2.JobSpec)]


def test_a_found_file_becomes_a_durable_job_at_folder_priority(tmp_path: Path, daemon: FakeDaemon) -> None:
    options = Options(format="flac", device="cpu", keep_alive=5.0)
    with bench(tmp_path, daemon, task=DenoiseTask("rnnoise"), options=options) as desk:
        desk.put(os.fsdecode(b"sub/caf\xe9.wav"))
        [job_id] = desk.submitted()
        [spec] = specs(daemon)
        assert spec.options.priority == audio_pb2.PRIORITY_FOLDER
        assert spec.denoise.model == "rnnoise"
        assert (spec.options.file_name, spec.options.format) == ("sub/caf\\xe9.wav", "flac")
        assert daemon.script.outputs[job_id, "upload"] == b"a recording"
        assert calls_of(daemon, "SubmitJob")[0]["unmix-client"] == f"unmix-watch-{desk.ledger.token}-1"


def test_the_first_subfolder_may_say_what_is_done(tmp_path: Path, daemon: FakeDaemon) -> None:
    presets = {"music": SeparateTask(stems=("vocals",))}
    with bench(tmp_path, daemon, presets_by_subfolder=presets) as desk:
        for name in ("music/album/song.wav", "talks/talk.wav", "music.wav"):
            desk.put(name)
        desk.submitted(3)
        done = {spec.options.file_name: spec.WhichOneof("task") for spec in specs(daemon)}
        assert done == {
            "music/album/song.wav": "separate",
            "talks/talk.wav": "denoise",
            "music.wav": "denoise",
        }


def test_many_files_at_once_do_not_flood_the_daemon(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, look_ahead=3) as desk:
        for number in range(40):
            desk.put(f"{number}.wav", str(number).encode())
        desk.until(lambda: len(desk.entries()) == 40)
        seen: set[str] = set()
        while len(seen) < 40:
            new = desk.until(lambda seen=seen: set(desk.jobs) - seen)
            for _ in range(5):
                desk.work.step()
            assert len(list(desk.jobs)) <= 3
            for job_id in new:
                desk.complete(job_id)
            seen |= new
        desk.until(lambda: desk.work.is_idle)
        assert len(desk.files()) == 40
        assert len(specs(daemon)) == 40


def test_results_that_cannot_be_delivered_do_not_pile_up(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, look_ahead=3) as desk:
        (tmp_path / "out").write_bytes(b"a file where the target should be")
        for number in range(10):
            desk.put(f"{number}.wav", str(number).encode())
        desk.until(lambda: len(desk.entries()) == 10)
        for job_id in desk.submitted(3):
            desk.complete(job_id)
        desk.until(lambda: desk.told(Waits))
        desk.until(lambda: len(desk.entries(State.DELIVERING)) == 3)
        for _ in range(30):
            desk.work.step()
        assert len(list(desk.jobs)) == 3
        (tmp_path / "out").unlink()
        desk.until(lambda: desk.done_count == 3)


def test_only_as_many_files_are_read_as_are_submitted(tmp_path: Path, daemon: FakeDaemon) -> None:
    with bench(tmp_path, daemon, look_ahead=2) as desk:
        for number in range(10):
            desk.put(f"{number}.wav", str(number).encode())
        desk.until(lambda: len(desk.entries()) == 10 and len(list(desk.jobs)) == 2)
        for _ in range(10):
            desk.work.step()
        assert sum(bool(entry.sha256) for entry in desk.entries()) == 2


def test_folders_share_what_the_daemon_is_given() -> None:
    slots = Slots(8)
    assert [slots.take(1) for _ in range(9)] == [True] * 8 + [False]
    assert not slots.take(2)  # but from now on it counts
    slots.set(1, 5)
    assert not slots.take(1)  # the other one's turn
    assert [slots.take(2) for _ in range(4)] == [True, True, True, False]
    slots.rest(2)
    slots.set(2, 0)
    assert slots.take(1)


def test_more_folders_than_slots_get_one_each_and_not_more_than_there_are() -> None:
    slots = Slots(2)
    assert [slots.take(folder) for folder in range(4)] == [True, True, False, False]
    slots.set(0, 0)
    assert [slots.take(folder) for folder in (1, 2)] == [False, True]


def test_a_folder_that_hangs_does_not_hold_up_the_others() -> None:
    now = 0.0
    slots = Slots(2, lambda: now)
    assert [slots.take(1), slots.take(1), slots.take(2)] == [True, True, False]
    now = 61.0
    assert slots.take(2)


def test_a_job_that_the_ledger_does_not_want_is_deleted(desk: Bench, daemon: FakeDaemon) -> None:
    desk.jobs["orphan"] = jobs_pb2.Job(job_id="orphan", state=jobs_pb2.JOB_STATE_COMPLETED)
    desk.until(lambda: desk.work.is_idle)
    assert desk.jobs == {}


def test_a_job_that_somebody_deleted_is_submitted_again(desk: Bench, daemon: FakeDaemon) -> None:
    desk.put("talk.wav")
    desk.submitted()
    desk.jobs.clear()
    desk.until(lambda: len(specs(daemon)) == 2)
    first, second = (spec.idempotency_key for spec in specs(daemon))
    assert first != second
    assert desk.entry().attempts == 0


def test_who_starts_again_asks_for_the_job_that_is_there(desk: Bench, daemon: FakeDaemon) -> None:
    desk.put("talk.wav")
    desk.submitted()
    [known] = desk.entries()
    # As it is when the watcher is killed before it notes the job.
    desk.jobs.clear()
    desk.ledger.save(replace(known, state=State.FOUND, job_id=""))
    desk.until(lambda: len(specs(daemon)) == 2)
    first, second = (spec.idempotency_key for spec in specs(daemon))
    assert first == second


def test_a_file_that_is_overwritten_while_it_is_worked_on_is_done_once_as_it_is_now(desk: Bench) -> None:
    path = desk.put("talk.wav", b"half")
    [old] = desk.submitted()
    path.write_bytes(b"the whole")
    new = desk.until(lambda: desk.jobs.keys() - {old})
    desk.complete(*new)
    desk.until(lambda: desk.work.is_idle)
    assert desk.files() == {"talk.wav": b"clean the whole"}
    assert desk.jobs == {}
    assert desk.done_count == 1


def test_a_file_that_changes_while_it_is_sent_is_sent_again_and_done_once(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    with bench(tmp_path, daemon, settle_seconds=0.5) as desk:
        path = desk.put("talk.wav", b"first take")

        def change(_: Any) -> None:
            daemon.script.before_upload = lambda _: None
            with path.open("r+b") as file:  # its size is the same at every moment
                file.write(b"other take")

        def complete_all() -> bool:
            for job_id, job in list(desk.jobs.items()):
                if job.state == jobs_pb2.JOB_STATE_PENDING:
                    desk.complete(job_id)
            return len(specs(daemon)) == 2 and desk.work.is_idle

        daemon.script.before_upload = change
        desk.until(complete_all)
        assert desk.files() == {"talk.wav": b"clean other take"}
        first, second = (spec.idempotency_key for spec in specs(daemon))
        assert first != second
        assert desk.jobs == {}


def test_a_file_that_is_overwritten_when_it_is_done_is_done_again_beside_the_first(desk: Bench) -> None:
    desk.done("talk.wav")
    desk.put("talk.wav", b"second take")
    desk.complete(*desk.submitted())
    desk.until(lambda: desk.work.is_idle)
    assert desk.files() == {"talk.wav": b"clean talk.wav", "talk (2).wav": b"clean second take"}


def test_a_file_that_is_only_touched_is_not_done_again(desk: Bench, daemon: FakeDaemon) -> None:
    desk.done("talk.wav")
    before = desk.entry()
    desk.put("talk.wav", b"talk.wav")
    desk.until(lambda: [entry for entry in desk.entries() if entry.facts != before.facts])
    desk.until(lambda: desk.work.is_idle)
    assert desk.entry().entry_id == before.entry_id
    assert len(specs(daemon)) == 1


@pytest.mark.parametrize("moment", ["submitted", "done"])
def test_a_file_that_is_renamed_is_the_same_recording(desk: Bench, daemon: FakeDaemon, moment: str) -> None:
    path = desk.put("talk.wav")
    [job_id] = desk.submitted()
    if moment == "done":
        desk.complete(job_id)
        desk.until(lambda: desk.work.is_idle)
    (desk.source / "sub").mkdir()
    path.rename(desk.source / "sub" / "Talk.wav")
    desk.until(lambda: desk.entry().path == Path("sub/Talk.wav"))
    if moment == "submitted":
        desk.complete(job_id)
    desk.until(lambda: desk.work.is_idle)
    assert list(desk.files()) == ["sub/Talk.wav" if moment == "submitted" else "talk.wav"]
    assert len(specs(daemon)) == 1


def test_a_copy_is_a_recording_of_its_own_and_so_is_a_hard_link(desk: Bench, daemon: FakeDaemon) -> None:
    desk.done("talk.wav")
    desk.put("copy.wav", b"talk.wav")
    (desk.source / "link.wav").hardlink_to(desk.source / "talk.wav")
    desk.submitted(2)
    for job_id in list(desk.jobs):
        desk.complete(job_id)
    desk.until(lambda: desk.work.is_idle)
    assert sorted(desk.files()) == ["copy.wav", "link.wav", "talk.wav"]


def test_an_output_that_is_moved_into_the_folder_is_left_alone(desk: Bench, daemon: FakeDaemon) -> None:
    desk.done("talk.wav")
    (desk.target / "talk.wav").rename(desk.source / "talk.clean.wav")
    desk.until(lambda: len(desk.entries()) == 2)
    desk.until(lambda: desk.work.is_idle)
    assert len(specs(daemon)) == 1
    assert (desk.source / "talk.clean.wav").exists()


@pytest.mark.parametrize("polling", [False, True])
def test_a_file_that_goes_before_its_turn_is_forgotten_and_found_when_it_is_back(
    tmp_path: Path, daemon: FakeDaemon, polling: bool
) -> None:
    with bench(tmp_path, daemon, look_ahead=1, polling=polling, poll_interval=0.6) as desk:
        desk.put("first.wav")
        [first] = desk.submitted()
        path = desk.put("second.wav", b"second")
        desk.until(lambda: len(desk.entries()) == 2)
        path.rename(tmp_path / "second.wav")
        desk.complete(first)
        desk.until(lambda: len(desk.entries()) == 1)
        (tmp_path / "second.wav").rename(path)  # as it was, to the nanosecond, and before it was looked for
        desk.complete(*desk.submitted())
        desk.until(lambda: desk.done_count == 2)
        assert desk.files()["second.wav"] == b"clean second"


def test_a_file_that_was_renamed_over_another_is_known_after_a_restart(
    desk: Bench, daemon: FakeDaemon
) -> None:
    desk.done("a.wav")
    desk.done("b.wav")
    (desk.source / "a.wav").replace(desk.source / "b.wav")
    desk.until(lambda: {str(entry.path) for entry in desk.entries()} == {"b.wav"})
    desk.restart()
    desk.until(lambda: desk.observer.scanned and desk.observer.settling == 0)
    desk.until(lambda: desk.work.is_idle)
    assert len(specs(daemon)) == 2


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
    heir = FakeDaemon(daemon.state)
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


@pytest.fixture(scope="module")
def unmixd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("unmixd")) as daemon:
        yield daemon


def test_the_daemon_itself_gives_the_same_job_for_the_same_key(unmixd: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"whatever")
    with Client.connect(unmixd.state, client_name="unmix-watch-x-1", start=False) as client:
        first = client.jobs.submit(path, DenoiseTask("rnnoise"), idempotency_key="x-1-0")
        again = client.jobs.submit(path, DenoiseTask("rnnoise"), idempotency_key="x-1-0")
        assert first.job_id == again.job_id
        eventually(lambda: client.jobs.get(first.job_id).state.is_final)
        listed = [job.job_id for job in client.jobs.list(client="unmix-watch-x-1")]
        assert listed == [first.job_id]
        client.jobs.delete(first.job_id)
        assert client.jobs.submit(path, idempotency_key="x-1-0").job_id != first.job_id
        for job in list(client.jobs.list()):
            client.jobs.delete(job.job_id)
