"""The vocabulary: every noun comes back from its message as it was."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from google.rpc import code_pb2
from protos.word_examples import DENOISE, JOB, OPTIONS, PICTURE, SEPARATE, SUMMARY
from unmix.v1 import audio_pb2, jobs_pb2, models_pb2
from unmix.words import (
    FORMATS,
    REASONS,
    TASKS,
    Accepted,
    AudioFacts,
    Concern,
    DaemonStatus,
    DenoiseTask,
    DeviceStatus,
    Event,
    Job,
    JobEvent,
    JobState,
    Model,
    Music,
    Options,
    OutputPiece,
    OutputStarted,
    OutputSummary,
    Priority,
    Progress,
    PullStep,
    Residency,
    SeparateTask,
    Summary,
    Task,
)
from unmix.words.events import event_from_proto, event_to_proto
from unmix.words.formats import extension_of_suffix
from unmix.words.models import KINDS, kind_from_proto, kind_to_proto
from unmix.words.reasons import code_of, concern_of
from unmix.words.tasks import kind_in, task_from_proto, task_to_proto


@pytest.mark.parametrize("task", [DENOISE, DenoiseTask(), SEPARATE, SeparateTask()], ids=repr)
@pytest.mark.parametrize("message", [audio_pb2.ProcessSpec, jobs_pb2.JobSpec, jobs_pb2.Job])
def test_a_task_comes_back_from_every_message_that_holds_one(task: Task, message: type[Any]) -> None:
    spec = message()
    task_to_proto(task, spec)
    assert task_from_proto(spec) == task
    assert kind_in(spec) == task.kind


def test_a_spec_without_a_task_holds_none_and_one_of_a_later_version_is_told_by_its_kind() -> None:
    assert task_from_proto(jobs_pb2.JobSpec()) is None
    later = jobs_pb2.JobSpec(isolate=audio_pb2.IsolateTask(description="a dog"))
    assert (task_from_proto(later), kind_in(later)) == (None, "isolate")


def test_every_task_is_in_the_table_by_its_kind_and_in_the_contract_under_that_name() -> None:
    for kind, task in TASKS.items():
        assert task().kind == kind
        for message in (audio_pb2.ProcessSpec, jobs_pb2.JobSpec, jobs_pb2.Job):
            assert kind in {field.name for field in message.DESCRIPTOR.oneofs_by_name["task"].fields}
        task().check()


@pytest.mark.parametrize("options", [OPTIONS, Options()], ids=["everything", "nothing"])
def test_options_come_back(options: Options) -> None:
    options.check()
    assert Options.from_proto(options.to_proto()) == options


def test_a_priority_of_a_later_version_is_none_that_was_said() -> None:
    assert Options.from_proto(audio_pb2.JobOptions(priority=7)).priority is Priority.UNSPECIFIED  # type: ignore[arg-type]  # a later one's


@pytest.mark.parametrize("summary", [SUMMARY, PICTURE], ids=["sound", "picture"])
def test_a_summary_comes_back_whether_or_not_it_is_of_sound(summary: Summary) -> None:
    assert Summary.from_proto(summary.to_proto()) == summary


def test_a_summary_of_an_older_daemon_has_no_timeline() -> None:
    message = SUMMARY.to_proto()
    message.ClearField("timeline")
    assert Summary.from_proto(message) == replace(SUMMARY, timeline=())


def test_what_an_older_client_says_nothing_of_keeps_music() -> None:
    assert DenoiseTask.from_proto(audio_pb2.DenoiseTask()).music is Music.KEEP


def test_a_recording_of_no_frames_is_a_recording() -> None:
    empty = replace(SUMMARY, audio=AudioFacts(0, 48_000, 1))
    assert Summary.from_proto(empty.to_proto()).audio == AudioFacts(0, 48_000, 1)


def test_an_output_of_a_daemon_that_names_none_is_called_as_its_stem() -> None:
    message = audio_pb2.OutputSummary(stem="clean", format="wav")
    assert OutputSummary.from_proto(message).name == "clean"
    event = audio_pb2.AudioEvent(output=audio_pb2.OutputStarted(stem="clean"))
    started = event_from_proto(event)
    assert isinstance(started, OutputStarted)
    assert started.name == "clean"


EVENTS: tuple[Event, ...] = (
    Accepted("a", 3),
    Progress("denoising", 0.5, None),
    Progress("denoising", 0.5, 0.0),
    OutputStarted("clean_mp3", "clean", "mp3", "mp3", 48_000, 2),
    OutputStarted("picture", "picture", "png", "png"),
    OutputPiece("clean_mp3", 2**40, b"\x00\xff"),
    SUMMARY,
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back(event: Event) -> None:
    assert event_from_proto(event_to_proto(event)) == event


def test_an_event_of_a_later_version_is_passed_over() -> None:
    assert event_from_proto(audio_pb2.AudioEvent()) is None


@pytest.mark.parametrize(
    "job",
    [
        JOB,
        replace(JOB, task=SEPARATE, kind="separate", state=JobState.COMPLETED, error=None, summary=SUMMARY),
        replace(JOB, started=None, ended=None, error=None, state=JobState.PENDING),
    ],
    ids=lambda job: job.state.value,
)
def test_a_job_comes_back(job: Job) -> None:
    assert Job.from_proto(job.to_proto()) == job


def test_a_job_of_a_later_version_keeps_its_kind() -> None:
    message = JOB.to_proto()
    message.isolate.description = "a dog"
    message.state = 9  # type: ignore[assignment]  # a later version's
    job = Job.from_proto(message)
    assert (job.task, job.kind, job.state) == (None, "isolate", JobState.UNKNOWN)


@pytest.mark.parametrize("state", JobState)
def test_a_state_comes_back(state: JobState) -> None:
    assert JobState.from_proto(state.to_proto()) is state


def test_every_state_of_the_contract_has_a_word() -> None:
    unknown = {
        value for value in jobs_pb2.JobState.values() if JobState.from_proto(value) is JobState.UNKNOWN
    }  # type: ignore[arg-type]  # all of them
    assert unknown == {jobs_pb2.JOB_STATE_UNSPECIFIED}


def test_an_event_of_a_job_comes_back() -> None:
    event = JobEvent(7, 1.5, JobState.COMPLETED, Progress("done", 1.0, 0.0), None, SUMMARY)
    assert JobEvent.from_proto(event.to_proto()) == event


def test_a_model_and_the_daemon_come_back() -> None:
    now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    model = Model(
        "rnnoise",
        "denoise",
        "Good.",
        ("clean", "noise"),
        48_000,
        "MIT",
        5,
        "https://example.org/",
        True,
        "high",
        (Residency("cpu", 3, now, True), Residency("cuda:0", 3, None, False)),
    )
    assert Model.from_proto(model.to_proto()) == model
    device = DeviceStatus("ray:a/cuda:0", "A GPU", True, "", 5, 6, 7, 8, "a")
    status = DaemonStatus("1", 2, now, ("unix:/a",), (device,), 3, 4, 5, "/state", -1.0, 6)
    assert DaemonStatus.from_proto(status.to_proto()) == status
    assert PullStep.from_proto(PullStep("verifying", 1, 2).to_proto()) == PullStep("verifying", 1, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_task_comes_back(kind: str) -> None:
    assert kind_from_proto(kind_to_proto(kind)) == kind


def test_a_kind_that_is_none_has_no_number_and_a_later_number_no_kind() -> None:
    assert kind_to_proto("juggle") == kind_to_proto(None) == models_pb2.TASK_UNSPECIFIED
    assert kind_from_proto(99) == "unknown"  # type: ignore[arg-type]  # a later version's


def test_a_model_for_a_task_that_has_no_number_keeps_its_kind() -> None:
    message = Model("m", "juggle", "", (), 0, "", 0, "", True, "high", ()).to_proto()
    assert message.task == models_pb2.TASK_UNSPECIFIED
    assert Model.from_proto(message).task == "juggle"


def test_a_task_from_plain_values_is_as_good_as_any() -> None:
    task = DenoiseTask(stems=("clean", "noise"))  # type: ignore[arg-type]  # as a door may build it
    task.check()
    assert task.outputs() == ("clean", "noise")
    assert list(task.to_proto().stems) == list(DENOISE.to_proto().stems)


def test_outputs_are_called_as_their_files_are() -> None:
    assert SeparateTask(stems=("Vocals", "-Drums")).outputs() == ("vocals", "no_drums")


def test_every_reason_has_a_code_and_a_concern() -> None:
    for reason, meaning in REASONS.items():
        assert reason.isupper()
        assert code_of(reason) == meaning.code != code_pb2.OK
        assert concern_of(reason) is meaning.concern


def test_a_field_that_the_file_decides_concerns_the_file() -> None:
    assert concern_of("INVALID_REQUEST", ["data"]) is Concern.RECORDING
    assert concern_of("INVALID_REQUEST", ["task.overlap"]) is Concern.REQUEST
    assert concern_of("MODEL_MISSING", ["data"]) is Concern.MODEL
    assert concern_of("SOMETHING_ELSE") is None


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_found_by_the_suffixes_of_its_files(name: str) -> None:
    for suffix in FORMATS[name].suffixes:
        assert extension_of_suffix(f".{suffix.upper()}") == FORMATS[name].extension
    assert extension_of_suffix(".xyz") is None


def test_every_noun_says_its_fields_in_the_contract() -> None:
    """A field that nobody carries over would be lost in silence."""
    for noun, message in (
        (Options, audio_pb2.JobOptions),
        (OutputSummary, audio_pb2.OutputSummary),
        (OutputStarted, audio_pb2.OutputStarted),
        (DeviceStatus, models_pb2.Device),
        (Residency, models_pb2.Residency),
        (Model, models_pb2.Model),
        (DaemonStatus, models_pb2.GetStatusResponse),
    ):
        said = set(message.DESCRIPTOR.fields_by_name) - {"kind"}  # which `Model.task` is
        assert {field.name for field in fields(noun)} == said, noun
