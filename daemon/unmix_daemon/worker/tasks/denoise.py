"""Noise is removed from a recording."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, cast

from unmix.words import NO_MODEL, DenoiseTask, Music, OutputStarted, Stretch
from unmix_models.catalogue import Choice, choose, find, is_auto
from unmix_models.denoise.base import Denoiser, DenoiseStream
from unmix_models.denoise.guard import GuardedStream
from unmix_models.denoise.passage import Passage
from unmix_models.denoise.programme.stream import ProgrammeStream
from unmix_models.denoise.recording import BLOCK_FRAMES, STEMS, denoise
from unmix_models.listen.ear import Ear
from unmix_models.listen.first_look import look
from unmix_models.listen.noise_floor import NoiseFloor
from unmix_models.loading import load
from unmix_models.machine import Machine
from unmix_models.weights import Weights

from unmix_daemon.worker.files import Reporter, RunFiles
from unmix_daemon.worker.messages import Run
from unmix_daemon.worker.recording import Recording
from unmix_daemon.worker.task import IDLE_UNLOADED, Outcome, Passes

Tell: TypeAlias = Callable[[Outcome], None]
"""Adds to the outcome what only the stream knows."""

_HALF = 0.5
_WITHOUT_SPEECH = {
    True: "No speech is to be heard: noise that is steady for long is lowered where it lies bare, and nothing else is "
    "changed; the model wiener takes more, and may take music with it.",
    False: "No speech is to be heard, and no noise that is steady for long: nothing is changed.",
}


class DenoiseWork:
    """See `TaskWork`."""

    def __init__(self, run: Run) -> None:
        """Looks at nothing yet."""
        self._task = cast("DenoiseTask", run.task)
        self._recording = Recording(run)
        self._stems = tuple(stem for stem in STEMS if stem in self._task.stems)
        self._weights: Weights
        self._first_look: NoiseFloor | None = None

    def choose(self, weights: Weights) -> Choice:
        """The model that was named, or the best one for speech; what else there is to hear shows as it comes."""
        task = self._task
        self._weights = weights
        with self._recording.first_look() as reader:
            if not is_auto(task.model) and find(task.model, task.kind).needs_first_look:
                self._first_look = look(reader.blocks(BLOCK_FRAMES), reader.info.sample_rate)
        choice = choose(task.model, task.kind, weights)
        return replace(choice, reason=f"{choice.reason} for speech") if is_auto(task.model) else choice

    def outputs(self, model: Denoiser) -> tuple[OutputStarted, ...]:
        """The stems that were asked for."""
        return self._recording.outputs(self._stems)

    def most_bytes(self, model: Denoiser) -> int:
        """By the length that is declared."""
        return self._recording.most_bytes(self._stems)

    def passes(self, model: Denoiser, files: RunFiles) -> Passes:
        """One pass."""
        reporter = Reporter(files, "denoising", self._recording.info.frames)
        treat = self._by_stretches if is_auto(self._task.model) else self._by_one_model
        stream, tell = treat(model)
        frames = 0
        with self._recording.opened(files, self._stems) as (reader, stems):
            for frames in denoise(reader, stream, stems):
                reporter.advance(frames)
                yield
            outcome = self._recording.outcome(frames, stems)
        tell(outcome)
        return outcome

    def smaller(self, model: Denoiser) -> tuple[Denoiser, str]:
        """With half the segment, for models that have one."""
        if model.segment_seconds is None:
            return model, IDLE_UNLOADED
        seconds = model.segment_seconds * _HALF
        note = f"The device ran out of memory once; the segment was shortened to {seconds:.1f} s."
        return model.with_segment(seconds), note

    def _by_one_model(self, model: Denoiser) -> tuple[DenoiseStream, Tell]:
        """All of it by the model that was named; a filter that has no proof of what it takes is watched."""
        info = self._recording.info
        limit_db = self._task.attenuation_limit_db
        passage = Passage(model, info.sample_rate, info.channels, limit_db, self._first_look)
        if self._first_look is None:
            return passage, lambda outcome: outcome.notes.extend(passage.notes)
        guarded = GuardedStream(passage, info.sample_rate, info.channels)
        return guarded, lambda outcome: outcome.notes.extend((*passage.notes, *guarded.notes))

    def _by_stretches(self, model: Denoiser) -> tuple[DenoiseStream, Tell]:
        """Each stretch by what does it good."""
        info = self._recording.info
        passage = Passage(model, info.sample_rate, info.channels, None)
        stream = ProgrammeStream(
            passage,
            model.name,
            self._ear(),
            sample_rate=info.sample_rate,
            channels=info.channels,
            attenuation_limit_db=self._task.attenuation_limit_db,
            keep_music=self._task.music is Music.KEEP,
        )

        def tell(outcome: Outcome) -> None:
            outcome.timeline = tuple(
                Stretch(
                    part.start / info.sample_rate,
                    part.end / info.sample_rate,
                    part.sound,
                    "+".join(part.models),
                )
                for part in stream.stretches
            )
            used = {model for part in stream.stretches for model in part.models}
            outcome.model = "+".join(sorted(used, key=lambda name: name != model.name)) or NO_MODEL
            if model.name in used:
                outcome.notes.extend(passage.notes)
            else:
                outcome.reason = _WITHOUT_SPEECH[bool(used)]

        return stream, tell

    def _ear(self) -> Ear:
        """The best one that is installed; they are small, and hear on one thread."""
        best = choose("auto", "listen", self._weights).model
        return cast("Ear", load(best, self._weights, Machine("cpu", 1)))
