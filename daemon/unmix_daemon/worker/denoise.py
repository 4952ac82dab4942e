"""A denoise job from upload to result files."""

import time
from collections.abc import Generator
from dataclasses import replace
from typing import cast

from unmix_models import catalogue
from unmix_models.catalogue import Choice
from unmix_models.denoise.base import Denoiser
from unmix_models.denoise.recording import BLOCK_FRAMES, STEMS, denoise
from unmix_models.errors import OutOfMemory
from unmix_models.listen.content import Profile, analyse
from unmix_models.loading import load
from unmix_models.media import AudioReader

from ..jobs import DenoiseTask
from .messages import Advanced, Run
from .recording import Facts, Outcome, close, facts, open_recording, opened, report
from .task import Reporter, RunFiles, Steps, Surroundings

_HALF = 0.5


def run_denoise(run: Run, task: DenoiseTask, around: Surroundings) -> Steps:
    """Do the job; control comes back at every segment border, where the worker may drop or suspend it.

    Raises AudioError and OSError; the files are gone then, as they are when the generator is closed.
    """
    began = time.monotonic()
    files = RunFiles(run, around.send)
    try:
        around.send(Advanced(run.ticket, "analysing", 0.0, None))
        with open_recording(run) as reader:
            known = facts(run, reader)
            profile, choice = _choose(task, reader, around)
        yield
        files.create(tuple(stem for stem in STEMS if stem in task.stems), known.spec)
        around.send(Advanced(run.ticket, "loading", 0.0, None))
        place = replace(around.place, required=run.options.device not in ("", "auto"))
        with around.residency.use(
            choice.model.name,
            lambda: load(choice.model, around.weights, place),
            run.keep_alive,
        ) as (loaded, load_seconds):
            model = cast("Denoiser", loaded)  # its task is to denoise
            try:
                outcome = yield from _process(run, task, known, profile, model, files)
            except OutOfMemory:
                around.residency.free_idle()
                files.restart()
                smaller, note = _smaller(model)
                outcome = yield from _process(run, task, known, profile, smaller, files)
                outcome.notes.append(note)
        return report(
            run,
            files,
            known,
            choice,
            outcome,
            device=model.device,
            wanted_device=around.place.device,
            precision="float32",
            load_seconds=load_seconds,
            began=began,
        )
    except BaseException:
        files.discard()
        raise


def _choose(task: DenoiseTask, reader: AudioReader, around: Surroundings) -> tuple[Profile | None, Choice]:
    profile = None
    automatic = catalogue.is_auto(task.model)
    if automatic or catalogue.find(task.model, "denoise").needs_profile:
        profile = analyse(reader.blocks(BLOCK_FRAMES), reader.info.sample_rate)
    content = profile.content if profile else None
    choice = catalogue.choose(task.model, "denoise", around.weights, content=content)
    if automatic and profile:
        choice = Choice(choice.model, f"{choice.reason}. {profile.reason}")
    return profile, choice


def _smaller(model: Denoiser) -> tuple[Denoiser, str]:
    if model.segment_seconds is None:
        return model, "The device ran out of memory once; idle models were unloaded."
    seconds = model.segment_seconds * _HALF
    return (
        model.with_segment(seconds),
        f"The device ran out of memory once; the segment was shortened to {seconds:.1f} s.",
    )


def _process(
    run: Run, task: DenoiseTask, known: Facts, profile: Profile | None, model: Denoiser, files: RunFiles
) -> Generator[None, None, Outcome]:
    reporter = Reporter(files, "denoising", known.info.frames, known.info.sample_rate)
    frames = 0
    with opened(run, files, known) as (reader, stems):
        for frames in denoise(reader, model, profile, task.attenuation_limit_db, stems):
            reporter.advance(frames)
            yield
        return close(frames, stems)
