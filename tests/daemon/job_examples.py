"""Jobs for the tests of store and scheduler."""

import itertools
from typing import Any

from unmix.words import (
    AudioFacts,
    DenoiseStem,
    DenoiseTask,
    Job,
    Music,
    Options,
    OutputSummary,
    Priority,
    Stretch,
    Summary,
)

_numbers = itertools.count(1)

SUMMARY = Summary(
    model="rnnoise",
    model_reason="asked for",
    device="cpu",
    device_reason="best device here",
    precision="float32",
    quality="high",
    audio=AudioFacts(frames=48_000, sample_rate=48_000, channels=2),
    load_seconds=0.25,
    processing_seconds=1.5,
    queued_seconds=0.0,
    outputs=(
        OutputSummary(
            name="clean",
            stem="clean",
            format="wav",
            extension="wav",
            size_bytes=3,
            sha256="0" * 64,
            level_dbfs=float("-inf"),
            peak_dbfs=-0.1,
        ),
    ),
    notes=("A sentence – with “signs”.",),
    timeline=(Stretch(0.0, 0.5, "music"), Stretch(0.5, 1.0, "speech", "rnnoise")),
)
LIVES = {
    "completed": ["pending", "processing", "completed"],
    "failed": ["pending", "processing", "failed"],
}
"""The states of a job until its end."""


def a_job(
    *,
    client: str = "shell",
    priority: Priority = Priority.BATCH,
    device: str = "auto",
    attached: bool = False,
    key: str = "",
    created: float = 1000.0,
    **options: Any,
) -> Job:
    """A job as a service makes it: pending, with an identifier of its own."""
    return Job(
        job_id=f"job{next(_numbers):04}",
        client=client,
        task=DenoiseTask(
            model="auto", attenuation_limit_db=12.5, stems=tuple(DenoiseStem), music=Music.REMOVE
        ),
        kind="denoise",
        options=Options(priority=priority, device=device, **options),
        attached=attached,
        created=created,
        idempotency_key=key,
    )
