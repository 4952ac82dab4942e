"""What lies above the band of a model that works at a lower rate than the recording.

Resampling to the model's rate and back leaves it out. It stays, with the gain that the model has at the top of its
band: noise that goes there goes above, too, and what is kept there is kept above.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block, empty
from unmix_models.fifo import Fifo
from unmix_models.resample import Resampler

_FRAMES_PER_SECOND = 100
_STRIDE = 50
"""Frames of 10 ms that are looked at in one go; its borders depend on the position in the recording alone."""
_LOW, _HIGH = 2 / 3, 5 / 6
"""The top of the band, as shares of the model's Nyquist frequency: 16 to 20 kHz at 48 kHz.

RNNoise removes what is above 20 kHz, whatever it does below (measured on a bright voice: -11 dB from 18 to 20 kHz,
-39 dB from 20 to 22), and soxr what is above 22 kHz. DeepFilterNet3 treats all of it alike within 3 dB.
"""
_FAR_LOUDER = 1000.0
"""Power above over that at the top of the band, 30 dB, from which on the one says nothing about the other."""
_HELD = 1e-9
"""Mean power of half a second, -90 dBFS, from which on there is something above. Dither of 16 bits is at -98."""
_CLICK = 3
"""Frames of each half second, its loudest, that do not count there: a recording that begins in a sound clicks."""

Values: TypeAlias = NDArray[np.float64]
"""One for each frame and channel, `[frames, channels]`."""


class AboveBand:
    """What stays of the sound above a model's band, half a second late.

    It is the recording minus itself after resampling there and back. Its gain g is the model's, in frames of 10 ms
    under Hann windows of 20: g² is the power at the top of the band behind the model over that before it, at most 1;
    linear between frames. Where there is next to nothing at the top of the band, the model had nothing to judge by:
    only as much power as lies up to 30 dB above that there gets the gain, and the rest stays.
    """

    def __init__(self, sample_rate: int, model_rate: int, channels: int) -> None:
        """Rates in Hz, the model's being the lower one."""
        self._rate, self._model_rate = sample_rate, model_rate
        self._hop = model_rate // _FRAMES_PER_SECOND
        self._top = _TopOfBand(self._hop)
        self._back = Resampler(model_rate, sample_rate, channels)
        self._original, self._carried, self._above = Fifo(channels), Fifo(channels), Fifo(channels)
        self._heard, self._denoised = Fifo(channels), Fifo(channels)
        nothing = np.zeros((self._hop, channels), np.float32)
        self._before = (nothing, nothing)
        """The last frame before the stride, before and behind the model."""
        self._energy = np.zeros((1, channels))
        """Above, between the last two frames."""
        self._gains = np.ones((1, channels), np.float32)
        self._waiting = empty(channels)
        """From the last frame on, whose gain is known: the next one's is not."""
        self._frame = 0
        """The first of the stride."""
        self._taken, self._given = 0, 0
        self._loudest = 0.0

    @property
    def is_held(self) -> bool:
        """Whether there was anything up there, until now: half a second above -90 dBFS."""
        return self._loudest > _HELD

    def process(self, original: Block, heard: Block, denoised: Block) -> Block:
        """Take any number of frames of the recording, of it at the model's rate, and of what the model makes of that.

        Return what is final of the sound above, at the recording's rate.
        """
        self._taken += len(original)
        self._original.put(np.array(original, np.float32))  # a copy: the caller may reuse its buffer
        self._heard.put(heard)
        self._denoised.put(denoised)
        self._carry(self._back.process(heard))
        return self._strides()

    def flush(self) -> Block:
        """Return the rest, so that as many frames came out as were recorded."""
        self._carry(self._back.flush())
        channels = self._energy.shape[1]
        done = [empty(channels)]
        rest = self._taken - self._given
        while self._given < self._taken:
            for fifo in (self._heard, self._denoised):
                fifo.put(np.zeros((_STRIDE * self._hop, channels), np.float32))
            self._above.put(np.zeros((self._border(_STRIDE), channels), np.float32))
            done.append(self._strides())
        return np.concatenate(done)[:rest]

    def _carry(self, carried: Block) -> None:
        self._carried.put(carried)
        frames = min(len(self._original), len(self._carried))
        self._above.put(self._original.take(frames) - self._carried.take(frames))

    def _border(self, frame: int) -> int:
        """The first sample of the recording that is not before the middle of a frame."""
        return -(-frame * self._hop * self._rate // self._model_rate)

    def _strides(self) -> Block:
        done = [self._waiting[:0]]
        while min(len(self._heard), len(self._denoised)) >= _STRIDE * self._hop and (
            len(self._above) >= self._border(self._frame + _STRIDE) - self._border(self._frame)
        ):
            done.append(self._stride())
        return np.concatenate(done)

    def _stride(self) -> Block:
        borders = np.array([self._border(self._frame + frame) for frame in range(_STRIDE + 1)])
        above = self._above.take(int(borders[-1] - borders[0]))
        gains = self._gains_of(self._power(above, borders - borders[0]))
        self._waiting = np.concatenate([self._waiting, above])
        lines = self._lines(np.concatenate([self._gains, gains]))
        ready, self._waiting = np.split(self._waiting, [len(lines)])
        self._gains = gains[-1:]
        self._frame, self._given = self._frame + _STRIDE, self._given + len(lines)
        return ready * lines

    def _lines(self, gains: Block) -> Block:
        """A gain for each sample, from the last frame before the stride to the last one in it."""
        frames = np.arange(self._frame - 1, self._frame + _STRIDE)
        borders = np.array([max(self._border(int(frame)), 0) for frame in frames])
        lengths = np.diff(borders)
        spacing = self._hop * self._rate / self._model_rate
        middles = np.repeat(frames[:-1].astype(np.float64) * spacing, lengths)
        since: NDArray[np.float64] = np.arange(borders[0], borders[-1], dtype=np.float64) - middles
        share = (since * (1 / spacing)).astype(np.float32)[:, None]
        lines = np.repeat(np.diff(gains, axis=0), lengths, axis=0)
        lines *= share
        lines += np.repeat(gains[:-1], lengths, axis=0)
        return lines

    def _power(self, above: Block, borders: NDArray[np.intp]) -> Values:
        """Mean square above, around each frame."""
        energy = np.add.reduceat(np.square(above, dtype=np.float64), borders[:-1], axis=0)
        steady = np.sort(energy, axis=0)[:-_CLICK].sum(axis=0)
        self._loudest = max(self._loudest, float(steady.max()) / len(above))
        energy = np.concatenate([self._energy, energy])
        self._energy = energy[-1:]
        return (energy[:-1] + energy[1:]) * (_STRIDE / 2 / len(above))

    def _gains_of(self, above: Values) -> Block:
        frames = [fifo.take(_STRIDE * self._hop) for fifo in (self._heard, self._denoised)]
        heard, denoised = (
            self._top.power(np.concatenate([before, behind]))
            for before, behind in zip(self._before, frames, strict=True)
        )
        self._before = (frames[0][-self._hop :], frames[1][-self._hop :])
        removed = 1 - np.minimum(_over(denoised, heard), 1)
        judged = np.minimum(_over(_FAR_LOUDER * heard, above), 1)
        return np.sqrt(1 - removed * judged).astype(np.float32)


class _TopOfBand:
    """Measures how much a signal holds at the top of a model's band."""

    def __init__(self, hop: int) -> None:
        self._hop = hop
        self._window = np.hanning(2 * hop + 1)[:-1].astype(np.float32)
        self._bins = slice(round(_LOW * hop), round(_HIGH * hop))
        self._scale = 2 / (2 * hop * float(np.square(self._window).sum()))

    def power(self, samples: Block) -> Values:
        """Return the mean square around every frame but the first and the last, of `[(frames - 1) * hop, channels]`."""
        windows = np.lib.stride_tricks.sliding_window_view(samples, 2 * self._hop, axis=0)[:: self._hop]
        rows = (windows * self._window).reshape(-1, 2 * self._hop)
        spectra = np.fft.rfft(rows)[:, self._bins]
        power = (np.square(spectra.real) + np.square(spectra.imag)).sum(axis=1, dtype=np.float64)
        return power.reshape(windows.shape[:2]) * self._scale


def _over(power: Values, other: Values) -> Values:
    """Ratio of both; 0 where the other one is."""
    return np.divide(power, other, out=np.zeros_like(power), where=other > 0)
