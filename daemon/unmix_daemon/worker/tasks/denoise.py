"""Noise is removed from a recording."""

from dataclasses import replace
from typing import cast

from unmix.words import DenoiseTask, OutputStarted
from unmix_models.catalogue import Choice, choose, find, is_auto
from unmix_models.denoise.base import Denoiser
from unmix_models.denoise.recording import BLOCK_FRAMES, STEMS, denoise
from unmix_models.listen.content import Profile, analyse
from unmix_models.media import AudioReader
from unmix_models.weights import Weights

from unmix_daemon.worker.files import Reporter, RunFiles
from unmix_daemon.worker.messages import Run
from unmix_daemon.worker.recording import Recording
from unmix_daemon.worker.task import IDLE_UNLOADED, Passes

_HALF = 0.5


class DenoiseWork:
    """See `TaskWork`."""

    def __init__(self, run: Run) -> None:
        """Looks at nothing yet."""
        self._task = cast("DenoiseTask", run.task)
        self._recording = Recording(run)
        self._stems = tuple(stem for stem in STEMS if stem in self._task.stems)
        self._profile: Profile | None = None

    def choose(self, weights: Weights) -> Choice:
        """Listen, where the choice or the model depends on what there is to hear."""
        task = self._task
        with self._recording.first_look() as reader:
            if is_auto(task.model) or find(task.model, task.kind).needs_profile:
                self._profile = _heard(reader)
        profile = self._profile
        choice = choose(task.model, task.kind, weights, content=profile and profile.content)
        if is_auto(task.model) and profile:
            return replace(choice, reason=f"{choice.reason}. {profile.reason}")
        return choice

    def outputs(self, model: Denoiser) -> tuple[OutputStarted, ...]:
        """The stems that were asked for."""
        return self._recording.outputs(self._stems)

    def passes(self, model: Denoiser, files: RunFiles) -> Passes:
        """One pass."""
        reporter = Reporter(files, "denoising", self._recording.info.frames)
        frames = 0
        with self._recording.opened(files, self._stems) as (reader, stems):
            for frames in denoise(reader, model, self._profile, self._task.attenuation_limit_db, stems):
                reporter.advance(frames)
                yield
            return self._recording.outcome(frames, stems)

    def smaller(self, model: Denoiser) -> tuple[Denoiser, str]:
        """With half the segment, for models that have one."""
        if model.segment_seconds is None:
            return model, IDLE_UNLOADED
        seconds = model.segment_seconds * _HALF
        note = f"The device ran out of memory once; the segment was shortened to {seconds:.1f} s."
        return model.with_segment(seconds), note


def _heard(reader: AudioReader) -> Profile:
    return analyse(reader.blocks(BLOCK_FRAMES), reader.info.sample_rate)
