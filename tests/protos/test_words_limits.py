"""No text of a client or of a file uses up what a message, an error or a line can hold."""

import math
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import pytest
from protos.word_examples import JOB, OPTIONS, SUMMARY
from unmix.v1 import audio_pb2, models_pb2
from unmix.words import (
    DaemonStatus,
    DenoiseTask,
    FieldError,
    Job,
    JobError,
    JobEvent,
    JobState,
    Options,
    Progress,
    Residency,
    SeparateTask,
    Stretch,
    Summary,
)
from unmix.words.text import MOST_SHOWN, as_text, shown
from unmix.words.timeline import MOST_STRETCHES, bounded

HUGE = "\U0001f3a7" * (1 << 20)
TEXTS = [
    (noun, field.name)
    for noun in (Options(), DenoiseTask(), SeparateTask())
    for field in fields(noun)
    if field.name != "kind" and "str" in str(field.type)
]


def test_the_texts_of_specs_are_known() -> None:
    assert {name for _, name in TEXTS} >= {
        "file_name",
        "format",
        "also_formats",
        "depth",
        "device",
        "labels",
        "model",
    }


@pytest.mark.parametrize(("noun", "field"), TEXTS, ids=lambda value: value if isinstance(value, str) else "")
def test_every_text_of_a_spec_has_a_limit_and_is_not_told_at_length(noun: Any, field: str) -> None:
    there = getattr(noun, field)
    huge = (HUGE,) if isinstance(there, tuple) else {HUGE: ""} if isinstance(there, dict) else HUGE
    with pytest.raises(FieldError) as refused:
        replace(noun, **{field: huge}).check()
    assert refused.value.field.endswith(field)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("noun", [DenoiseTask(music=HUGE), SeparateTask(consistency=HUGE)])  # type: ignore[arg-type]  # what comes from outside
def test_a_choice_that_is_none_is_not_told_at_length(noun: Any) -> None:
    with pytest.raises(FieldError) as refused:
        noun.check()
    assert len(str(refused.value)) < 500


def monster() -> Job:
    """A row of a version that took everything."""
    options = Options(
        file_name=HUGE,
        format=HUGE,
        also_formats=(HUGE,) * 9,
        depth=HUGE,
        device=HUGE,
        keep_alive=2.0**62,
        labels=OPTIONS.labels,
    )
    summary = replace(
        SUMMARY,
        model=HUGE,
        model_reason=HUGE,
        device=HUGE,
        device_reason=HUGE,
        notes=(HUGE,) * 1000,
        better_models=(HUGE,) * 1000,
        timeline=tuple(
            Stretch(at, at + 1.0, "speech_over_music", "deepfilternet3+wiener") for at in range(50_000)
        ),
    )
    error = JobError(HUGE, HUGE, None, {f"{number}{HUGE}": HUGE for number in range(20)})
    task = SeparateTask(HUGE, (HUGE,) * 100)
    progress = Progress(HUGE, 0.5, math.inf)
    return replace(
        JOB, client=HUGE, task=task, options=options, summary=summary, error=error, progress=progress
    )


def test_a_job_is_bounded_whatever_its_row_holds() -> None:
    message = monster().to_proto()
    assert message.ByteSize() < 1 << 20
    read = Job.from_proto(message)
    assert (read.job_id, read.state) == (JOB.job_id, JOB.state)
    assert read.options.file_name.endswith("🎧…")


def test_what_a_job_waits_for_is_told_to_its_end() -> None:
    waiting = Progress(f"waiting: {'the disk is full, ' * 10}and that is all")
    assert Progress.from_proto(waiting.to_proto()) == waiting


def test_an_event_is_bounded_too() -> None:
    job = monster()
    event = JobEvent(1, 1.0, JobState.FAILED, job.progress, job.error, job.summary)
    assert event.to_proto().ByteSize() < 1 << 20


def test_a_timeline_of_too_many_stretches_is_told_more_coarsely_and_stays_true() -> None:
    kinds = (("speech", "rnnoise"), ("music", "wiener"), ("music", ""))
    timeline = tuple(Stretch(at / 2, at / 2 + 0.5, *kinds[at % 3]) for at in range(2 * MOST_STRETCHES + 1))
    told = bounded(timeline)
    assert len(told) <= MOST_STRETCHES
    assert (told[0].start, told[-1].end) == (timeline[0].start, timeline[-1].end)
    assert all(one.end == two.start for one, two in pairwise(told))
    assert {(one.sound, one.model) for one in told[:3]} == {("unknown", "rnnoise+wiener")}
    assert bounded(timeline[:MOST_STRETCHES]) == timeline[:MOST_STRETCHES]
    quiet = tuple(Stretch(at, at + 1.0, "music") for at in range(MOST_STRETCHES + 1))
    assert {(one.sound, one.model) for one in bounded(quiet)} == {("music", "")}


@pytest.mark.parametrize(("most", "told"), [(5, "abcde"), (4, "abc…"), (None, "abcde")])
def test_a_text_that_is_cut_shows_it(most: int | None, told: str) -> None:
    assert as_text("abcde", most) == told
    assert len(shown(HUGE)) == MOST_SHOWN


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e308, -1.0])
def test_numbers_that_another_process_tells_are_numbers(number: float) -> None:
    progress = Progress.from_proto(audio_pb2.Progress(fraction=number, remaining_seconds=number))
    stretch = Stretch.from_proto(audio_pb2.Stretch(start_seconds=number, end_seconds=number))
    summary = Summary.from_proto(audio_pb2.Summary(queued_seconds=number, processing_seconds=number))
    device = models_pb2.Device(stalled_seconds=number)
    status = DaemonStatus.from_proto(models_pb2.GetStatusResponse(devices=[device]))
    assert progress.fraction == 0
    told = (
        progress.remaining_seconds or 0.0,
        stretch.start,
        stretch.end,
        summary.queued_seconds,
        summary.processing_seconds,
        status.devices[0].stalled_seconds,
    )
    assert all(abs(seconds) < 1e12 for seconds in told)


@pytest.mark.parametrize("seconds", [1 << 62, -(1 << 62), 253_402_300_800, -1])
def test_moments_and_lengths_beyond_all_calendars_are_the_nearest_that_there_are(seconds: int) -> None:
    residency = models_pb2.Residency()
    residency.expire_time.seconds = seconds
    expires = Residency.from_proto(residency).expire_time
    assert expires
    assert 1970 <= expires.year <= 9999
    options = audio_pb2.JobOptions()
    options.keep_alive.seconds = seconds
    read = Options.from_proto(options)
    read.check()
    assert read.keep_alive is not None
    assert abs(read.keep_alive) <= 315_576_000_000
