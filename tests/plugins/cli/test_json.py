"""The keys that users' scripts read of jobs, whatever our own nouns are called."""

from dataclasses import replace

from unmix.words import (
    AudioFacts,
    DenoiseTask,
    Job,
    JobError,
    JobEvent,
    JobState,
    Options,
    OutputSummary,
    Progress,
    Stretch,
    Summary,
)
from unmix_plugins.cli.shown.json import event_json, job_json, summary_json

SUMMARY = Summary(
    model="rnnoise",
    model_reason="",
    device="cpu",
    device_reason="",
    precision="float32",
    quality="high",
    load_seconds=0.0,
    processing_seconds=1.5,
    outputs=(OutputSummary("clean", "clean", "wav", "wav", 4, "ab", float("-inf"), -1.0),),
    audio=AudioFacts(48_000, 48_000, 2),
    job_id="j",
)
JOB = Job(
    job_id="j",
    client="unmix",
    task=DenoiseTask("rnnoise"),
    options=Options(file_name="talk.wav"),
    attached=False,
    created=1_700_000_000.5,
    state=JobState.PROCESSING,
    attempts=1,
    started=1_700_000_001.0,
    progress=Progress("denoising", 0.5, 3.0),
    kind="denoise",
)


def test_a_summary_is_flat() -> None:
    told = summary_json(SUMMARY)
    assert "audio" not in told
    assert (told["frames"], told["sample_rate"], told["channels"]) == (48_000, 48_000, 2)
    assert told["outputs"][0] == {
        "name": "clean",
        "stem": "clean",
        "format": "wav",
        "extension": "wav",
        "size_bytes": 4,
        "sha256": "ab",
        "level_dbfs": None,
        "peak_dbfs": -1.0,
    }


def test_a_timeline_says_from_when_to_when_what_was_heard_and_done() -> None:
    assert summary_json(SUMMARY)["timeline"] == []
    heard = (Stretch(0.0, 12.00049, "music"), Stretch(12.00049, 63, "speech", "deepfilternet3"))
    assert summary_json(replace(SUMMARY, timeline=heard))["timeline"] == [
        {"from": 0.0, "to": 12.0, "class": "music", "model": ""},
        {"from": 12.0, "to": 63, "class": "speech", "model": "deepfilternet3"},
    ]


def test_what_is_no_sound_has_no_frames() -> None:
    told = summary_json(replace(SUMMARY, audio=None))
    assert (told["frames"], told["sample_rate"], told["channels"]) == (None, None, None)


def test_a_job_says_its_task_by_name_and_its_times_in_iso_8601() -> None:
    assert job_json(JOB) == {
        "job_id": "j",
        "state": "processing",
        "task": "denoise",
        "model": "rnnoise",
        "file_name": "talk.wav",
        "client": "unmix",
        "attempts": 1,
        "progress": {"stage": "denoising", "fraction": 0.5, "remaining_seconds": 3.0},
        "create_time": "2023-11-14T22:13:20.500000+00:00",
        "start_time": "2023-11-14T22:13:21+00:00",
        "end_time": None,
        "error": None,
        "summary": None,
        "attached": False,
    }


def test_a_failed_jobs_error_is_its_reason_and_message() -> None:
    error = JobError("INVALID_AUDIO", "This is no audio.", 3)
    expected = {"reason": "INVALID_AUDIO", "message": "This is no audio."}
    assert job_json(replace(JOB, error=error))["error"] == expected
    assert event_json(JobEvent(1, 0.0, JobState.FAILED, Progress(), error, None)) == {
        "sequence": 1,
        "time": None,
        "state": "failed",
        "progress": {"stage": "", "fraction": 0.0, "remaining_seconds": None},
        "error": expected,
        "summary": None,
    }
