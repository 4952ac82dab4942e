"""A recording through one model: its own rate → the model's rate → the model → back."""

import math

import numpy as np

from unmix_models.audio import Block
from unmix_models.denoise.above_band import AboveBand
from unmix_models.denoise.base import Denoiser
from unmix_models.denoise.segmented import kept_share
from unmix_models.fifo import Fifo
from unmix_models.listen.noise_floor import NoiseFloor
from unmix_models.resample import Resampler


class Passage:
    """A `DenoiseStream` at the recording's rate, around a model's at its own; a frame or two may come too many."""

    def __init__(
        self,
        model: Denoiser,
        sample_rate: int,
        channels: int,
        attenuation_limit_db: float | None,
        first_look: NoiseFloor | None = None,
    ) -> None:
        """See `base.Denoiser.stream`."""
        model_rate = model.sample_rate or sample_rate
        # Rounding to whole frames at the model's rate may cost the last ones: silence behind the end, of which
        # none comes out, makes up for them.
        self._behind = np.zeros((math.ceil(sample_rate / model_rate) + 1, channels), np.float32)
        self._there = Resampler(sample_rate, model_rate, channels)
        self._back = Resampler(model_rate, sample_rate, channels)
        self._model_rate = model_rate
        self._above_band = AboveBand(sample_rate, model_rate, channels) if model_rate < sample_rate else None
        self._below, self._above = Fifo(channels), Fifo(channels)
        # Where rates differ the limit is applied at the recording's own rate: what lies above the model's band
        # is then attenuated by no more than the limit, too.
        here = model_rate != sample_rate and attenuation_limit_db is not None
        self._kept = kept_share(attenuation_limit_db) if here else 0.0
        self._dry = Fifo(channels)
        self._stream = model.stream(channels, model_rate, None if here else attenuation_limit_db, first_look)

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to say about the recording as far as it has come, in sentences for the user."""
        if self._above_band is None or not self._above_band.is_held:
            return ()
        return (
            f"The model hears up to {self._model_rate / 2000:g} kHz; "
            "what lies above is as much quieter as the highest band below it.",
        )

    def process(self, block: Block) -> Block:
        """See `DenoiseStream.process`."""
        if self._kept:
            self._dry.put(block)
        return self._limited(self._heard(block, self._there.process(block)))

    def flush(self) -> Block:
        """See `DenoiseStream.flush`."""
        nothing = self._behind[:0]
        pieces = [
            self._heard(nothing, self._there.process(self._behind)),
            self._heard(nothing, self._there.flush()),
            self._returned(nothing, nothing, self._stream.flush()),
            self._back.flush(),
        ]
        if self._above_band is not None:
            self._above.put(self._above_band.flush())
            pieces.append(self._joined(pieces.pop()))
        return self._limited(np.concatenate(pieces))

    def _heard(self, original: Block, heard: Block) -> Block:
        return self._returned(original, heard, self._stream.process(heard))

    def _returned(self, original: Block, heard: Block, denoised: Block) -> Block:
        below = self._back.process(denoised)
        if self._above_band is None:
            return below
        self._above.put(self._above_band.process(original, heard, denoised))
        return self._joined(below)

    def _joined(self, below: Block) -> Block:
        self._below.put(below)
        frames = min(len(self._below), len(self._above))
        return self._below.take(frames) + self._above.take(frames)

    def _limited(self, denoised: Block) -> Block:
        if not self._kept:
            return denoised
        original = self._dry.take(min(len(denoised), len(self._dry)))
        share = np.float32(self._kept)
        return np.asarray((1 - share) * denoised[: len(original)] + share * original, np.float32)
