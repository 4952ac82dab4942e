"""Denoise a recording: read, convert to the model's rate, denoise, convert back, write — as one stream.

Memory does not grow with the recording's length. Frames out equal frames in, at lag 0.
"""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from unmix_models.audio import Block
from unmix_models.denoise.base import Denoiser
from unmix_models.fifo import Fifo
from unmix_models.listen.content import Profile
from unmix_models.media import AudioReader
from unmix_models.resample import Resampler
from unmix_models.stems import StemOutput

CLEAN = "clean"
NOISE = "noise"
STEMS = (CLEAN, NOISE)
BLOCK_FRAMES = 32768


def denoise(
    reader: AudioReader,
    model: Denoiser,
    profile: Profile | None,
    attenuation_limit_db: float | None,
    outputs: Mapping[str, StemOutput],
) -> Iterator[int]:
    """Write the stems in `outputs`; yield the number of frames finished after each step.

    `noise` is the input minus what the `clean` file holds, so the two add up to the input: exactly where the
    files keep the input's depth, to 1e-6 in float. Raises what the reader, the model and the files raise.
    """
    rate, channels = reader.info.sample_rate, reader.info.channels
    passage = _Passage(model, rate, channels, attenuation_limit_db, profile)
    waiting = Fifo(channels)
    first = CLEAN if CLEAN in outputs else NOISE
    finished = 0

    def deliver(denoised: Block) -> int:
        original = waiting.take(len(denoised))
        clean = passage.limit(original, denoised)
        clean = outputs[first].quantise(clean)
        if CLEAN in outputs:
            outputs[CLEAN].write(clean)
        if NOISE in outputs:
            outputs[NOISE].write(original - clean)
        return len(clean)

    for block in reader.blocks(BLOCK_FRAMES):
        waiting.put(block)
        denoised = passage.process(block)
        if len(denoised):
            finished += deliver(denoised[: len(waiting)])
        yield finished
    finished += deliver(passage.flush()[: len(waiting)])
    yield finished


class _Passage:
    """The recording's rate → the model's rate → the model → back."""

    def __init__(
        self, model: Denoiser, rate: int, channels: int, limit_db: float | None, profile: Profile | None
    ) -> None:
        model_rate = model.sample_rate or rate
        # Rounding to whole frames at the model's rate may cost the last ones: silence behind the end, of which
        # none comes out, makes up for them.
        self._behind = np.zeros((math.ceil(rate / model_rate) + 1, channels), np.float32)
        self._there = Resampler(rate, model_rate, channels)
        self._back = Resampler(model_rate, rate, channels)
        # Where rates differ the limit is applied at the recording's own rate: what resampling cannot carry
        # (everything above the model's Nyquist frequency) is then attenuated by no more than the limit, too.
        here = model_rate != rate and limit_db is not None
        self._kept = np.float32(10 ** (-abs(limit_db) / 20)) if here and limit_db is not None else None
        self._stream = model.stream(channels, model_rate, None if here else limit_db, profile)

    def process(self, block: Block) -> Block:
        return self._back.process(self._stream.process(self._there.process(block)))

    def flush(self) -> Block:
        pieces = [
            self._back.process(self._stream.process(self._there.process(self._behind))),
            self._back.process(self._stream.process(self._there.flush())),
            self._back.process(self._stream.flush()),
            self._back.flush(),
        ]
        return np.concatenate(pieces)

    def limit(self, original: Block, denoised: Block) -> Block:
        if self._kept is None:
            return denoised
        return np.asarray((1 - self._kept) * denoised + self._kept * original, np.float32)
