"""Noise is removed from a recording."""

from dataclasses import replace
from typing import cast

from unmix.words import NO_MODEL, DenoiseTask, Music, OutputStarted, Stretch
from unmix_models.catalogue import Choice, choose, find, is_auto
from unmix_models.denoise.base import Denoiser, DenoiseStream
from unmix_models.denoise.passage import Passage
from unmix_models.denoise.programme.stream import ProgrammeStream
from unmix_models.denoise.recording import BLOCK_FRAMES, STEMS, denoise
from unmix_models.listen import ears
from unmix_models.listen.first_look import look
from unmix_models.listen.noise_floor import NoiseFloor
from unmix_models.weights import Weights

from unmix_daemon.worker.files import Reporter, RunFiles
from unmix_daemon.worker.messages import Run
from unmix_daemon.worker.recording import Recording
from unmix_daemon.worker.task import IDLE_UNLOADED, Outcome, Passes

_HALF = 0.5


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

    def passes(self, model: Denoiser, files: RunFiles) -> Passes:
        """One pass."""
        reporter = Reporter(files, "denoising", self._recording.info.frames)
        passage = self._passage(model)
        stream = self._stream(model, passage)
        frames = 0
        with self._recording.opened(files, self._stems) as (reader, stems):
            for frames in denoise(reader, stream, stems):
                reporter.advance(frames)
                yield
            outcome = self._recording.outcome(frames, stems)
        if isinstance(stream, ProgrammeStream):
            self._tell(model.name, stream, outcome)
        if not isinstance(stream, ProgrammeStream) or model.name in _used(stream):
            outcome.notes.extend(passage.notes)
        return outcome

    def smaller(self, model: Denoiser) -> tuple[Denoiser, str]:
        """With half the segment, for models that have one."""
        if model.segment_seconds is None:
            return model, IDLE_UNLOADED
        seconds = model.segment_seconds * _HALF
        note = f"The device ran out of memory once; the segment was shortened to {seconds:.1f} s."
        return model.with_segment(seconds), note

    def _passage(self, model: Denoiser) -> Passage:
        info, limit_db = self._recording.info, self._task.attenuation_limit_db
        if is_auto(self._task.model):
            return Passage(model, info.sample_rate, info.channels, None)
        return Passage(model, info.sample_rate, info.channels, limit_db, self._first_look)

    def _stream(self, model: Denoiser, passage: Passage) -> DenoiseStream:
        """The model that was named for all of it, or for each stretch what does it good."""
        if not is_auto(self._task.model):
            return passage
        return ProgrammeStream(
            passage,
            model.name,
            ears.best(self._weights),
            sample_rate=self._recording.info.sample_rate,
            channels=self._recording.info.channels,
            attenuation_limit_db=self._task.attenuation_limit_db,
            keep_music=self._task.music is Music.KEEP,
        )

    def _tell(self, network: str, stream: ProgrammeStream, outcome: Outcome) -> None:
        """What was heard, and by what it was treated."""
        rate = self._recording.info.sample_rate
        outcome.timeline = tuple(
            Stretch(part.start / rate, part.end / rate, part.sound, "+".join(part.models))
            for part in stream.stretches
        )
        used = _used(stream)
        outcome.model = "+".join(sorted(used, key=lambda model: model != network)) or NO_MODEL
        if network not in used:
            outcome.reason = _WITHOUT_SPEECH[bool(used)]


def _used(stream: ProgrammeStream) -> set[str]:
    """Names of the models that some stretch was treated by."""
    return {model for part in stream.stretches for model in part.models}


_WITHOUT_SPEECH = {
    True: "No speech is to be heard: steady noise is lowered, and nothing else is changed.",
    False: "No speech is to be heard, and no noise that is steady for long: nothing is changed.",
}
