import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon, summary
from google.protobuf.timestamp_pb2 import Timestamp
from unmix.v1 import audio_pb2, jobs_pb2
from unmix.words import DenoiseTask, JobError, JobState
from unmix_plugins.client import Client
from unmix_plugins.errors import BrokenResult, DaemonUnreachable, InvalidRequest, NotFound, NotPossibleNow

OUTPUT = b"0123456789abcdefghij"


def event(sequence: int, state: jobs_pb2.JobState.ValueType) -> jobs_pb2.WatchJobResponse:
    return jobs_pb2.WatchJobResponse(sequence=sequence, state=state)


def completed(job_id: str, outputs: dict[str, bytes]) -> jobs_pb2.Job:
    return jobs_pb2.Job(
        job_id=job_id,
        state=jobs_pb2.JOB_STATE_COMPLETED,
        options=audio_pb2.JobOptions(file_name="talk.wav"),
        summary=summary(outputs),
    )


@pytest.fixture
def done(daemon: FakeDaemon) -> str:
    daemon.script.jobs["j"] = completed("j", {"clean": OUTPUT})
    daemon.script.outputs["j", "clean"] = OUTPUT
    return "j"


def test_a_submitted_job_holds_what_was_sent(daemon: FakeDaemon, client: Client, talk: Path) -> None:
    job = client.jobs.submit(talk, DenoiseTask(model="rnnoise"))
    assert (job.job_id, job.state, job.kind) == ("job-1", JobState.PENDING, "denoise")
    assert job.task == DenoiseTask("rnnoise")
    assert job.options.file_name == "talk.wav"
    assert daemon.script.outputs["job-1", "upload"] == talk.read_bytes()


def test_each_submission_has_a_key_of_its_own_unless_one_is_given(
    daemon: FakeDaemon, client: Client, talk: Path
) -> None:
    for key in ("", "", "mine"):
        client.jobs.submit(talk, idempotency_key=key)
    first, second, third = (spec.idempotency_key for spec in daemon.script.requests)
    assert first
    assert first != second
    assert third == "mine"


def test_a_job_is_told_with_times_error_and_summary(daemon: FakeDaemon, client: Client) -> None:
    when = Timestamp(seconds=1_700_000_000, nanos=500_000_000)
    daemon.script.jobs["x"] = jobs_pb2.Job(
        job_id="x",
        state=jobs_pb2.JOB_STATE_FAILED,
        create_time=when,
        attempts=3,
        error=jobs_pb2.JobError(code=3, reason="INVALID_AUDIO", message="This is no audio: send another."),
    )
    job = client.jobs.get("x")
    assert job.created == 1_700_000_000.5
    assert job.ended is None
    assert job.attempts == 3
    assert job.error == JobError("INVALID_AUDIO", "This is no audio: send another.", 3)
    assert job.summary is None


def test_a_state_of_a_newer_daemon_is_unknown(daemon: FakeDaemon, client: Client) -> None:
    daemon.script.jobs["x"] = jobs_pb2.Job.FromString(b"\x0a\x01x\x10\x63")
    assert client.jobs.get("x").state is JobState.UNKNOWN


def test_a_list_of_jobs_goes_over_all_pages(daemon: FakeDaemon, client: Client) -> None:
    for number in range(5):
        daemon.script.jobs[f"j{number}"] = completed(f"j{number}", {})
    assert [job.job_id for job in client.jobs.list()] == ["j0", "j1", "j2", "j3", "j4"]
    assert not list(client.jobs.list([JobState.FAILED]))


def test_a_watch_goes_on_after_the_last_event_when_the_stream_breaks(
    daemon: FakeDaemon, client: Client
) -> None:
    daemon.script.job_events = [event(sequence, jobs_pb2.JOB_STATE_PROCESSING) for sequence in (1, 4, 5, 9)]
    daemon.script.break_streams_after = [2, 1]
    assert [told.sequence for told in client.jobs.watch("j")] == [1, 4, 5, 9]
    assert [request.after_sequence for request in daemon.script.requests] == [0, 4, 5]


def test_a_watch_may_begin_in_the_middle(daemon: FakeDaemon, client: Client) -> None:
    daemon.script.job_events = [event(sequence, jobs_pb2.JOB_STATE_PROCESSING) for sequence in (1, 2, 3)]
    assert [told.sequence for told in client.jobs.watch("j", after_sequence=2)] == [3]


def test_a_stream_that_breaks_again_and_again_is_given_up(daemon: FakeDaemon, client: Client) -> None:
    daemon.script.job_events = [event(1, jobs_pb2.JOB_STATE_PENDING)]
    daemon.script.break_streams_after = [0] * 100
    with pytest.raises(DaemonUnreachable):
        list(client.jobs.watch("j"))
    assert len(daemon.script.requests) == 5


def test_a_stream_that_breaks_often_but_gets_on_is_not_given_up(daemon: FakeDaemon, client: Client) -> None:
    daemon.script.job_events = [event(sequence, jobs_pb2.JOB_STATE_PROCESSING) for sequence in range(1, 10)]
    daemon.script.break_streams_after = [1] * 8
    assert [told.sequence for told in client.jobs.watch("j")] == list(range(1, 10))


def test_a_watch_goes_on_with_the_daemon_that_comes_after(daemon: FakeDaemon, client: Client) -> None:
    daemon.script.job_events = [event(sequence, jobs_pb2.JOB_STATE_PROCESSING) for sequence in (1, 2)]
    daemon.script.break_streams_after = [1]
    heir = FakeDaemon(daemon.state, token="of the heir")
    heir.script.job_events = [*daemon.script.job_events, event(3, jobs_pb2.JOB_STATE_COMPLETED)]
    told = []
    for step in client.jobs.watch("j"):
        told.append(step.sequence)
        if step.sequence == 1:
            daemon.stop()
            heir.start()
    heir.stop()
    assert told == [1, 2, 3]


def test_cancel_and_delete_reach_the_daemon(daemon: FakeDaemon, client: Client, done: str) -> None:
    assert client.jobs.cancel(done).state is JobState.CANCELLED
    client.jobs.delete(done)
    assert not daemon.script.jobs
    with pytest.raises(NotFound, match="There is no job j"):
        client.jobs.delete(done)


def test_an_output_that_breaks_off_goes_on_at_its_offset(
    daemon: FakeDaemon, client: Client, done: str
) -> None:
    daemon.script.break_streams_after = [2, 1]
    pieces = list(client.jobs.read_output(done, "clean", offset=1))
    assert b"".join(piece.data for piece in pieces) == OUTPUT[1:]
    assert [request.offset for request in daemon.script.requests] == [1, 11, 16]


def test_save_writes_what_the_summary_promises(client: Client, done: str, tmp_path: Path) -> None:
    client.jobs.save(done, {"clean": tmp_path / "out.wav"})
    assert (tmp_path / "out.wav").read_bytes() == OUTPUT


def test_save_throws_away_what_the_summary_does_not_promise(
    daemon: FakeDaemon, client: Client, done: str, tmp_path: Path
) -> None:
    daemon.script.outputs[done, "clean"] = OUTPUT[::-1]
    assert hashlib.sha256(OUTPUT[::-1]).hexdigest() != daemon.script.jobs[done].summary.outputs[0].sha256
    with pytest.raises(BrokenResult):
        client.jobs.save(done, {"clean": tmp_path / "out.wav"})
    assert not list(tmp_path.iterdir())


def test_save_of_an_unfinished_job_says_how_to_wait(daemon: FakeDaemon, client: Client) -> None:
    daemon.script.jobs["j"] = jobs_pb2.Job(job_id="j", state=jobs_pb2.JOB_STATE_PROCESSING)
    with pytest.raises(NotPossibleNow, match="Job j is processing"):
        client.jobs.save("j", {"clean": BytesIO()})


def test_save_of_a_failed_job_raises_its_error(daemon: FakeDaemon, client: Client) -> None:
    told = jobs_pb2.JobError(code=3, reason="INVALID_AUDIO", message="This is no audio: send another.")
    daemon.script.jobs["j"] = jobs_pb2.Job(job_id="j", state=jobs_pb2.JOB_STATE_FAILED, error=told)
    with pytest.raises(InvalidRequest, match="This is no audio"):
        client.jobs.save("j", {"clean": BytesIO()})
