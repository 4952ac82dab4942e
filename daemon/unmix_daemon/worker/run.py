"""One run, whatever its task: look, choose, load, work, try once more with less memory, tell."""

import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from unmix.words import Progress, Summary
from unmix.words.timeline import bounded
from unmix_models.catalogue import Choice
from unmix_models.errors import OutOfMemory
from unmix_models.forward import Forward
from unmix_models.loading import check_device, load

from unmix_daemon.reports import Done
from unmix_daemon.worker.files import RunFiles
from unmix_daemon.worker.messages import Advanced, Run, Succeeded
from unmix_daemon.worker.room import check_room
from unmix_daemon.worker.task import Outcome, Passes, TaskWork
from unmix_daemon.worker.tasks import TASKS
from unmix_daemon.worker.workshop import Workshop

Steps: TypeAlias = Generator[Forward | None, Any, Succeeded]
"""A run: hands control back at every segment border, and asks for forward passes that may share a batch."""


def steps(run: Run, shop: Workshop) -> Steps:
    """Do the run; control comes back at every segment border, where the worker may drop or suspend it.

    Raises AudioError and OSError; the files are gone then, as they are when the generator is closed.
    """
    began = time.monotonic()
    files = RunFiles(run, shop.send)
    try:
        work = TASKS[run.task.kind](run)
        shop.send(Advanced(run.ticket, Progress("analysing")))
        choice = work.choose(shop.weights)
        yield
        shop.send(Advanced(run.ticket, Progress("loading")))
        machine = replace(shop.machine, required=run.options.device not in ("", "auto"))
        with shop.residency.use(
            choice.model.name, lambda: load(choice.model, shop.weights, machine), run.keep_alive
        ) as (loaded, load_seconds):
            model: Any = loaded  # of the kind that the task works with, since `choose` chose it
            check_device(model, machine)
            check_room(Path(run.outputs).parent, work.most_bytes(model), run.reserve)
            files.create(work.outputs(model))
            outcome = yield from _worked(work, model, files, shop)
            return _finished(run, files, choice, outcome, shop, model, load_seconds, began)
    except BaseException:
        files.discard()
        raise


def _worked(work: TaskWork, model: Any, files: RunFiles, shop: Workshop) -> Passes:
    try:
        return (yield from work.passes(model, files))
    except OutOfMemory:
        pass  # tried again outside of this block: the error holds on to what the pass held
    shop.residency.free_idle()
    files.restart()
    smaller, note = work.smaller(model)
    outcome = yield from work.passes(smaller, files)
    outcome.notes.append(note)
    return outcome


def _finished(
    run: Run,
    files: RunFiles,
    choice: Choice,
    outcome: Outcome,
    shop: Workshop,
    model: Any,
    load_seconds: float,
    began: float,
) -> Succeeded:
    """Close the files and say what was done; `began` is `time.monotonic()` at the start of the run."""
    device = str(model.device)
    elsewhere = f"{choice.model.name} runs on {device} here"
    outputs, rewritten = files.finish(outcome.levels)
    summary = Summary(
        model=outcome.model or choice.model.name,
        model_reason=outcome.reason or choice.reason,
        device=device,
        device_reason=run.device_reason if device == shop.machine.device else elsewhere,
        precision=model.precision,
        quality=choice.model.quality,
        load_seconds=load_seconds,
        processing_seconds=time.monotonic() - began,
        outputs=outputs,
        audio=outcome.audio,
        notes=tuple(outcome.notes),
        better_models=choice.better if _ran(choice, outcome) else (),
        timeline=bounded(outcome.timeline),
    )
    return Succeeded(run.ticket, Done(summary, rewritten))


def _ran(choice: Choice, outcome: Outcome) -> bool:
    """Whether the chosen model had anything to do."""
    return outcome.model is None or choice.model.name in outcome.model.split("+")
