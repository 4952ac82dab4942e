"""A denoise job from upload to result files."""

import time
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from unmix_models import catalogue
from unmix_models.audio import AudioInfo, Depth
from unmix_models.catalogue import Choice
from unmix_models.content import Profile, analyse
from unmix_models.denoise.base import Denoiser
from unmix_models.denoising import BLOCK_FRAMES, STEMS, denoise
from unmix_models.errors import OutOfMemory, UnsupportedFormat
from unmix_models.loading import load_denoiser
from unmix_models.media import AudioReader, OutputSpec, open_reader, resolve_output
from unmix_models.stems import Level, StemFile

from ..jobs import DenoiseTask
from .messages import Advanced, Done, Run
from .task import Reporter, RunFiles, Surroundings

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was settled before the first sample is denoised."""

    info: AudioInfo
    spec: OutputSpec
    profile: Profile | None
    choice: Choice
    stems: tuple[str, ...]


def run_denoise(run: Run, task: DenoiseTask, around: Surroundings) -> Generator[None, None, Done]:
    """Do the job; control comes back at every segment border, where the worker may drop or suspend it.

    Raises AudioError and OSError; the files are gone then, as they are when the generator is closed.
    """
    began = time.monotonic()
    files = RunFiles(run, around.send)
    try:
        around.send(Advanced(run.ticket, "analysing", 0.0, None))
        plan = _plan(run, task, around)
        yield
        files.create(plan.stems, plan.spec)
        around.send(Advanced(run.ticket, "loading", 0.0, None))
        borrowed = around.residency.use(
            plan.choice.model.name,
            lambda: load_denoiser(plan.choice.model, around.weights, around.place),
            run.keep_alive,
        )
        with borrowed as (loaded, load_seconds):
            model = cast("Denoiser", loaded)  # load_denoiser made it
            try:
                result = yield from _process(run, task, plan, model, files)
            except OutOfMemory:
                around.residency.free_idle()
                files.restart()
                smaller, note = _smaller(model)
                result = yield from _process(run, task, plan, smaller, files)
                result.notes.append(note)
        outputs, rewritten = files.finish(result.levels)
    except BaseException:
        files.discard()
        raise
    placed = model.device == around.place.device
    return Done(
        ticket=run.ticket,
        model=plan.choice.model.name,
        model_reason=plan.choice.reason,
        device=model.device,
        device_reason=run.device_reason if placed else f"{model.name} runs on {model.device} only",
        precision="float32",
        quality=plan.choice.model.quality,
        frames=result.frames,
        sample_rate=plan.info.sample_rate,
        channels=plan.info.channels,
        load_seconds=load_seconds,
        processing_seconds=time.monotonic() - began,
        outputs=outputs,
        rewritten=rewritten,
        notes=(*plan.spec.notes, *result.notes),
    )


@dataclass(frozen=True, slots=True)
class _Result:
    frames: int
    levels: dict[str, Level]
    notes: list[str]


def _plan(run: Run, task: DenoiseTask, around: Surroundings) -> _Plan:
    with open_reader(Path(run.input)) as reader:
        info = reader.info
        spec = resolve_output(info, run.options.format or None, _depth(run.options.depth))
        automatic = catalogue.is_auto(task.model)
        if automatic or catalogue.find(task.model, catalogue.Task.DENOISE).needs_profile:
            profile = analyse(reader.blocks(BLOCK_FRAMES), info.sample_rate)
        else:
            profile = None
    content = profile.content if profile else None
    choice = catalogue.choose(task.model, catalogue.Task.DENOISE, content, around.weights.installed())
    if automatic and profile:
        choice = Choice(choice.model, f"{choice.reason}. {profile.reason}")
    stems = tuple(stem for stem in STEMS if stem in task.stems)
    return _Plan(info, spec, profile, choice, stems)


def _depth(name: str) -> Depth | None:
    try:
        return Depth(name) if name else None
    except ValueError as error:
        names = ", ".join(Depth)
        raise UnsupportedFormat(f"There is no sample depth '{name}'; choose one of: {names}.") from error


def _smaller(model: Denoiser) -> tuple[Denoiser, str]:
    if model.segment_seconds is None:
        return model, "The device ran out of memory once; idle models were unloaded."
    seconds = model.segment_seconds * _HALF
    return (
        model.with_segment(seconds),
        f"The device ran out of memory once; the segment was shortened to {seconds:.1f} s.",
    )


def _process(
    run: Run, task: DenoiseTask, plan: _Plan, model: Denoiser, files: RunFiles
) -> Generator[None, None, _Result]:
    with ExitStack() as stack:
        reader: AudioReader = stack.enter_context(open_reader(Path(run.input)))
        stem_files = {
            stem: stack.enter_context(
                StemFile(
                    cast("BinaryIO", output.file),  # it has all that encoders call
                    plan.spec,
                    sample_rate=plan.info.sample_rate,
                    frames=plan.info.frames,
                    metadata=reader.metadata,
                )
            )
            for stem, output in files.outputs.items()
        }
        reporter = Reporter(files, "denoising", plan.info.frames, plan.info.sample_rate)
        frames = 0
        for frames in denoise(reader, model, plan.profile, task.attenuation_limit_db, stem_files):
            reporter.advance(frames)
            yield
        levels = {stem: file.close() for stem, file in stem_files.items()}
    clipped = sum(file.clipped for file in stem_files.values())
    notes = (
        [f"{clipped} samples passed full scale and were saturated; depth f32 keeps them."] if clipped else []
    )
    return _Result(frames, levels, notes)
