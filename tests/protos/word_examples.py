"""Nouns of the vocabulary in which everything is said."""

import math
from dataclasses import replace

from google.rpc import code_pb2
from unmix.words import (
    AudioFacts,
    Consistency,
    DenoiseStem,
    DenoiseTask,
    Job,
    JobError,
    JobState,
    Music,
    Options,
    OutputSummary,
    Priority,
    Progress,
    Section,
    SeparateTask,
    Stretch,
    Summary,
)

DENOISE = DenoiseTask("rnnoise", 0.0, tuple(DenoiseStem), Music.REMOVE)
SEPARATE = SeparateTask("htdemucs", ("vocals", "-vocals"), Consistency.NONE, 20, 0.0)
OPTIONS = Options(
    file_name="Gespräch.wav",
    size_bytes=0,
    format="flac",
    also_formats=("mp3", "ogg"),
    depth="s24",
    device="cuda:0",
    keep_alive=-1.0,
    priority=Priority.FOLDER,
    labels={"a": "b", "": ""},
    section=Section(0, 0),
)
SUMMARY = Summary(
    model="rnnoise",
    model_reason="asked for",
    device="cpu",
    device_reason="best device here",
    precision="float32",
    quality="low",
    load_seconds=0.5,
    processing_seconds=2.0,
    outputs=(
        OutputSummary("clean", "clean", "wav", "wav", 3, "0" * 64, -math.inf, -0.5),
        OutputSummary("clean_mp3", "clean", "mp3", "mp3", 2, "1" * 64, 0.0, 0.0),
    ),
    audio=AudioFacts(96_000, 48_000, 2),
    notes=("One.", "Two."),
    better_models=("htdemucs", "scnet"),
    job_id="a",
    queued_seconds=0.25,
    timeline=(
        Stretch(0.0, 0.5, "music"),
        Stretch(0.5, 1.25, "speech_over_music", "deepfilternet3+wiener"),
        Stretch(1.25, 2.0, "of a later version", "rnnoise"),
    ),
)
PICTURE = replace(
    SUMMARY,
    audio=None,
    timeline=(),
    outputs=(OutputSummary("picture", "picture", "png", "png", 9, "2" * 64),),
)
JOB = Job(
    job_id="a",
    client="shell",
    task=DENOISE,
    kind="denoise",
    options=OPTIONS,
    attached=True,
    created=1.5,
    state=JobState.FAILED,
    attempts=2,
    started=2.5,
    ended=3.5,
    progress=Progress("denoising", 0.5, 2.0),
    error=JobError("MODEL_MISSING", "Get it.", code_pb2.FAILED_PRECONDITION, {"model": "htdemucs"}),
)
