"""Power spectra of half-overlapping frames of about 45 ms, however the recording is cut into blocks."""

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block
from unmix_models.listen.windows import bin_frequencies, frame_length, sine_window


class Framing:
    """Cuts batches into half-overlapping frames; what is short of a frame waits for the next batch."""

    def __init__(self, sample_rate: int) -> None:
        self.length = frame_length(sample_rate)
        self.hop = self.length // 2
        self.frequencies = bin_frequencies(self.length, sample_rate)
        window = sine_window(self.length)
        self._window = window / np.sqrt(np.square(window).sum() * sample_rate / 2)
        self._rest: Block | None = None

    def densities(self, batch: Block) -> NDArray[np.float32]:
        """Power per Hz, `[channels, frames, bins]`."""
        samples = batch if self._rest is None else np.concatenate([self._rest, batch])
        count = max(len(samples) // self.hop - 1, 0)
        self._rest = samples[count * self.hop :]
        if count == 0:
            return np.zeros((samples.shape[1], 0, len(self.frequencies)), np.float32)
        whole = samples[: (count + 1) * self.hop].T
        frames = np.lib.stride_tricks.sliding_window_view(whole, self.length, axis=1)[:, :: self.hop]
        spectra = np.fft.rfft(frames * self._window, axis=2).astype(np.complex64, copy=False)
        return np.square(spectra.real) + np.square(spectra.imag)
