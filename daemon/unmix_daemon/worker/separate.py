"""A separation job from upload to result files."""

import time
from collections.abc import Generator
from contextlib import suppress
from typing import Any, cast

from unmix_models.catalogue import choose
from unmix_models.errors import OutOfMemory
from unmix_models.loading import load
from unmix_models.separate.base import Separator
from unmix_models.separate.recording import (
    Consistency,
    Forward,
    SeparateOptions,
    check_channels,
    measure,
    separate,
)
from unmix_models.separate.statistics import TrackStatistics
from unmix_models.stem_names import parse_stems

from ..jobs import SeparateTask
from .messages import Advanced, Run
from .recording import Facts, Outcome, close, facts, open_recording, opened, report
from .task import Reporter, RunFiles, Steps, Surroundings

_LOW_QUALITY = "Low quality: no trained model was used; get one with: unmix models pull htdemucs"


def run_separate(run: Run, task: SeparateTask, around: Surroundings) -> Steps:
    """Do the job, as `run_denoise`, leaving forward passes to the loop."""
    began = time.monotonic()
    files = RunFiles(run, around.send)
    try:
        around.send(Advanced(run.ticket, "analysing", 0.0, None))
        with open_recording(run) as reader:
            known = facts(run, reader)
        check_channels(known.info.channels)
        choice = choose(task.model, "separate", around.weights, stems=task.stems)
        yield
        around.send(Advanced(run.ticket, "loading", 0.0, None))
        with around.residency.use(
            choice.model.name,
            lambda: load(choice.model, around.weights, around.place),
            run.keep_alive,
        ) as (loaded, load_seconds):
            model = cast("Separator", loaded)  # its task is to separate
            files.create(tuple(chosen.name for chosen in parse_stems(task.stems, model.stems)), known.spec)
            outcome: Outcome | None = None
            with suppress(OutOfMemory):
                outcome = yield from _process(run, task, known, model, files)
            if outcome is None:
                around.residency.free_idle()
                files.restart()
                outcome = yield from _process(run, task, known, model, files)
                outcome.notes.append("The device ran out of memory once; idle models were unloaded.")
        return report(
            run,
            files,
            known,
            choice,
            outcome,
            device=model.device,
            wanted_device=around.place.device,
            precision=model.precision,
            load_seconds=load_seconds,
            began=began,
            notes=() if choice.model.quality == "high" else (_LOW_QUALITY,),
        )
    except BaseException:
        files.discard()
        raise


def _process(
    run: Run, task: SeparateTask, known: Facts, model: Separator, files: RunFiles
) -> Generator[Forward | None, Any, Outcome]:
    statistics = TrackStatistics(0.0, 0.0)
    with open_recording(run) as reader:
        for measured in measure(reader, model):
            if measured:
                statistics = measured
            yield
    reporter = Reporter(files, "separating", known.info.frames, known.info.sample_rate)
    options = SeparateOptions(Consistency(task.consistency), task.shifts, task.overlap)
    choices = parse_stems(task.stems, model.stems)
    frames = 0
    with opened(run, files, known) as (reader, stems):
        steps = separate(reader, model, statistics, options, choices, stems)
        output: Any = None
        with suppress(StopIteration):
            while True:
                step = steps.send(output)
                if isinstance(step, Forward):
                    output = yield step
                else:
                    frames, output = step, None
                    reporter.advance(frames)
                    yield
        return close(frames, stems)
