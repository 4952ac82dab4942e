"""A recording through one model: its own rate → the model's rate → the model → back."""

import math

import numpy as np

from unmix_models.audio import Block
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
        # Where rates differ the limit is applied at the recording's own rate: what resampling cannot carry
        # (everything above the model's Nyquist frequency) is then attenuated by no more than the limit, too.
        here = model_rate != sample_rate and attenuation_limit_db is not None
        self._kept = kept_share(attenuation_limit_db) if here else 0.0
        self._dry = Fifo(channels)
        self._stream = model.stream(channels, model_rate, None if here else attenuation_limit_db, first_look)

    def process(self, block: Block) -> Block:
        """See `DenoiseStream.process`."""
        if self._kept:
            self._dry.put(block)
        return self._limited(self._back.process(self._stream.process(self._there.process(block))))

    def flush(self) -> Block:
        """See `DenoiseStream.flush`."""
        pieces = [
            self._back.process(self._stream.process(self._there.process(self._behind))),
            self._back.process(self._stream.process(self._there.flush())),
            self._back.process(self._stream.flush()),
            self._back.flush(),
        ]
        return self._limited(np.concatenate(pieces))

    def _limited(self, denoised: Block) -> Block:
        if not self._kept:
            return denoised
        original = self._dry.take(min(len(denoised), len(self._dry)))
        share = np.float32(self._kept)
        return np.asarray((1 - share) * denoised[: len(original)] + share * original, np.float32)
