"""How loud the steady noise of a recording is, at each frequency.

Minimum statistics (R. Martin, "Noise power spectral density estimation based on optimal smoothing and
minimum statistics", IEEE Trans. Speech Audio Processing 9(5), 2001): in any bin the music pauses now and
then, the noise never does. Music also leaves gaps between its partials, while the spectrum of hiss is
smooth; so a low quantile over neighbouring bins follows that over time, and tones that are held for as
long as the window do not pass for noise where they are 100 Hz and more apart. A hum does not either: it
is left alone.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FRAMES_PER_PIECE = 5
"""Half-overlapping frames of about 45 ms whose mean is one piece: 0.12 s."""
WINDOW_PIECES = 256
"""Pieces that are remembered: 30 s."""

_QUANTILE_OVER_TIME = 0.05
_QUANTILE_OVER_BINS = 0.25
_OCTAVES = 0.33
_FEWEST_BINS_EACH_SIDE = 4
_BIAS = 2.9
"""Mean of white noise over what these quantiles make of it, measured over a minute of it."""
_DIGITAL_SILENCE = 1e-11
"""Mean power of a piece, full scale being 1, that only silence made by an editor is below."""
_LEAST_DENSITY = np.float32(1e-22)


@dataclass(frozen=True, slots=True, eq=False)
class NoiseFloor:
    """A spectrum of noise, good for any sample rate and any window."""

    frequencies: NDArray[np.float64]
    """Hz, rising, `[points]`."""
    density: NDArray[np.float64]
    """Power per Hz on one side of the spectrum, full scale being 1, mean over channels, `[points]`."""

    def at(self, frequencies: NDArray[np.float64]) -> Floats:
        """Return the density at `frequencies` (Hz), interpolated in dB over the logarithm of frequency."""
        scale = np.log(np.maximum(frequencies, self.frequencies[0]))
        return np.exp(np.interp(scale, np.log(self.frequencies), np.log(self.density))).astype(np.float32)

    @property
    def level_db(self) -> float:
        """Level of the whole noise, dBFS (mean square, full scale 1)."""
        return float(10 * np.log10(np.trapezoid(self.density, self.frequencies) + 1e-30))


class NoiseTracker:
    """Follows the noise floor of one recording."""

    def __init__(self, frequencies: NDArray[np.float64], window: int = WINDOW_PIECES) -> None:
        """`frequencies` are those of the bins, from 0 to half the sample rate; `window` is in pieces."""
        self._frequencies = frequencies
        self._neighbours = Neighbours(frequencies)
        self._window = window
        self._pieces: list[Floats] = []

    @property
    def is_full(self) -> bool:
        """Whether a whole window has been heard."""
        return len(self._pieces) == self._window

    def add(self, density: Floats) -> None:
        """Hear `[channels, frames, bins]` of power per Hz in half-overlapping frames.

        Frames that do not fill a piece are left out, unless there is no other.
        """
        channels, frames, bins = density.shape
        whole = frames // FRAMES_PER_PIECE * FRAMES_PER_PIECE
        if whole:
            pieces = density[:, :whole].reshape(channels, -1, FRAMES_PER_PIECE, bins).mean(axis=2)
        elif frames and not self._pieces:
            pieces = density.mean(axis=1, keepdims=True)
        else:
            return
        heard = pieces.sum(axis=(0, 2)) * self._frequencies[1] > _DIGITAL_SILENCE
        self._pieces.extend(pieces[:, index] for index in np.flatnonzero(heard))
        del self._pieces[: -self._window]

    def floor(self) -> NoiseFloor | None:
        """Return the noise floor of the window, or None where all was digital silence."""
        if not self._pieces:
            return None
        rank = int(_QUANTILE_OVER_TIME * (len(self._pieces) - 1))
        quiet = np.partition(np.stack(self._pieces), rank, axis=0)[rank].mean(axis=0, dtype=np.float64)
        smooth = self._neighbours.floors(quiet[None])[0]
        return NoiseFloor(self._neighbours.frequencies, np.maximum(smooth * _BIAS, _LEAST_DENSITY))


class Neighbours:
    """Bins around each of some frequencies, a third of an octave apart or a little more."""

    def __init__(self, frequencies: NDArray[np.float64]) -> None:
        """`frequencies` are those of the bins, from 0 to half the sample rate."""
        centres, self._bins, self._ranks = _neighbourhoods(len(frequencies))
        self.frequencies = np.maximum(frequencies[centres], frequencies[1] / 2)
        """Hz, of the centres, rising."""

    def floors(self, density: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the low quantile over the bins around each centre, `[spectra, centres]`, of `[spectra, bins]`."""
        around = np.append(density, np.full((len(density), 1), np.inf), axis=1)[:, self._bins]
        around.sort(axis=2)
        return np.take_along_axis(around, self._ranks[None], axis=2)[..., 0]


@lru_cache(maxsize=8)
def _neighbourhoods(
    bins: int,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the bins to estimate at, the bins around each (padded with `bins`), and the rank to take."""
    centres: list[int] = [0]
    while centres[-1] < bins - 1:
        centres.append(min(centres[-1] + max(2, int(centres[-1] * _OCTAVES / 3)), bins - 1))
    reach = [max(_FEWEST_BINS_EACH_SIDE, int(centre * (2 ** (_OCTAVES / 2) - 1))) for centre in centres]
    around = np.full((len(centres), 2 * max(reach) + 1), bins)
    ranks = np.zeros((len(centres), 1), np.intp)
    for row, (centre, each_side) in enumerate(zip(centres, reach, strict=True)):
        near = np.arange(max(centre - each_side, 0), min(centre + each_side + 1, bins))
        around[row, : len(near)] = near
        ranks[row] = int(_QUANTILE_OVER_BINS * (len(near) - 1))
    return np.array(centres), around, ranks
