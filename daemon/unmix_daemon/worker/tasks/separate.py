"""A mixture is split into stems."""

from contextlib import suppress
from typing import Any, cast

from unmix.words import OutputStarted, SeparateTask
from unmix_models.catalogue import Choice, choose
from unmix_models.families import family_of
from unmix_models.forward import Forward
from unmix_models.separate.base import Separator
from unmix_models.separate.recording import (
    Consistency,
    SeparateOptions,
    check_channels,
    measure,
    separate,
)
from unmix_models.stem_names import parse_stems
from unmix_models.weights import Weights

from unmix_daemon.worker.files import Reporter, RunFiles
from unmix_daemon.worker.messages import Run
from unmix_daemon.worker.recording import Recording
from unmix_daemon.worker.task import IDLE_UNLOADED, Passes

_LOW_QUALITY = "Low quality: no trained model was used."


class SeparateWork:
    """See `TaskWork`; forward passes are left to the loop."""

    def __init__(self, run: Run) -> None:
        """Looks at nothing yet."""
        self._task = cast("SeparateTask", run.task)
        self._recording = Recording(run)
        self._wants_statistics = False
        self._notes: list[str] = []

    def choose(self, weights: Weights) -> Choice:
        """By the stems."""
        with self._recording.first_look():
            check_channels(self._recording.info.channels)
        choice = choose(self._task.model, self._task.kind, weights, stems=self._task.stems)
        self._wants_statistics = family_of(choice.model).wants_statistics
        if choice.model.quality == "low":
            self._notes = [_LOW_QUALITY]
        return choice

    def outputs(self, model: Separator) -> tuple[OutputStarted, ...]:
        """The stems and complements that were asked for, or all of the model's."""
        return self._recording.outputs(self._names(model))

    def most_bytes(self, model: Separator) -> int:
        """By the length that is declared."""
        return self._recording.most_bytes(self._names(model))

    def passes(self, model: Separator, files: RunFiles) -> Passes:
        """One pass to measure, for families that want that, and one to separate."""
        statistics = None
        if self._wants_statistics:
            with self._recording.reader() as reader:
                for measured in measure(reader, model):
                    statistics = measured
                    yield
        task = self._task
        reporter = Reporter(files, "separating", self._recording.info.frames)
        options = SeparateOptions(Consistency(task.consistency), task.shifts, task.overlap)
        choices = parse_stems(task.stems, model.stems)
        frames = 0
        with self._recording.opened(files, self._names(model)) as (reader, stems):
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
            outcome = self._recording.outcome(frames, stems)
        outcome.notes[:0] = self._notes
        return outcome

    def smaller(self, model: Separator) -> tuple[Separator, str]:
        """As it is: a network's segment is what it was trained for."""
        return model, IDLE_UNLOADED

    def _names(self, model: Separator) -> tuple[str, ...]:
        return tuple(chosen.name for chosen in parse_stems(self._task.stems, model.stems))
