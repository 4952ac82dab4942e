"""Four numbers that tell speech from music, from the power spectra of half-overlapping frames.

- *Steadiness*: notes hold their pitch, voices glide. How alike the fine structure of the spectrum (the
  partials, without their envelope) is to that 90 ms later: 0 for noise, up to 1 for a held chord. After the
  steady peaks of M. J. Hawley, "Structure out of sound", PhD thesis, MIT 1993.
- *Attack*: what is struck or plucked starts at once and fades slowly; syllables rise about as fast as they
  fall, unless a room stretches them. Skewness of the level changes from frame to frame, over bands.
- *Quiet*: between strokes there is little. Share of frames with less than half of the mean power.
- *Movement*: speech comes in syllables with pauses, at about four a second. Standard deviation of the
  same level changes, in dB. After the low-energy and modulation features of J. Saunders, "Real-time
  discrimination of broadcast speech/music", ICASSP 1996, and E. Scheirer & M. Slaney, "Construction and
  evaluation of a robust multifeature speech/music discriminator", ICASSP 1997.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LOWEST_HZ, HIGHEST_HZ = 150, 3900
"""Range that is looked at: there is no more in a telephone recording."""

_LAG = 4
"""Frames of about 22 ms; the windows of both no longer overlap, so noise is not like itself."""
_ENVELOPE_HZ = 400
_BANDS = 8
_LEAST_FRAMES = 8
_ACTIVE_RANGE_DB = 25
_ACTIVE_DBFS = -75
_SWITCHED_ON = 2
"""Frames left out after the first sound: that a recorder is switched on is no attack."""


@dataclass(frozen=True, slots=True)
class SoundTraits:
    """What is measured; see above."""

    steadiness: float
    attack: float
    quiet: float
    movement_db: float


def measure(density: Floats, frequencies: NDArray[np.float64]) -> SoundTraits | None:
    """Measure `[frames, bins]` of power per Hz; None where too little is heard to say anything."""
    if not len(density):
        return None
    density = density[:, (frequencies >= LOWEST_HZ) & (frequencies <= HIGHEST_HZ)]
    spacing = frequencies[1]
    power = density.sum(axis=1) * spacing
    level = 10 * np.log10(power + 1e-12)
    active = (level > np.percentile(level, 95) - _ACTIVE_RANGE_DB) & (level > _ACTIVE_DBFS)
    begun = slice(int(np.argmax(active)) + _SWITCHED_ON, len(active) - int(np.argmax(active[::-1])))
    density, power, active = density[begun], power[begun], active[begun]
    pairs = active[:-_LAG] & active[_LAG:]
    if np.count_nonzero(pairs) < _LEAST_FRAMES:
        return None
    changes = _level_changes(density)
    spread = changes.std()
    skewness = float(np.power((changes - changes.mean()) / (spread + 1e-9), 3).mean())
    return SoundTraits(
        steadiness=float(_likeness(density, round(_ENVELOPE_HZ / spacing))[pairs].mean()),
        attack=skewness,
        quiet=np.count_nonzero(power < power.mean() / 2) / len(power),
        movement_db=float(spread),
    )


def _likeness(density: Floats, envelope_bins: int) -> Floats:
    """Correlation over bins of the fine structure of each frame with that `_LAG` later."""
    spectrum = np.log(density + 1e-5 * density.mean() + 1e-20)
    reach = envelope_bins // 2
    padded = np.pad(spectrum, ((0, 0), (reach + 1, reach)), mode="edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float64)
    width = 2 * reach + 1
    fine = spectrum - (sums[:, width:] - sums[:, :-width]) / width
    fine -= fine.mean(axis=1, keepdims=True)
    fine /= np.sqrt(np.square(fine).sum(axis=1, keepdims=True)) + 1e-9
    return (fine[:-_LAG] * fine[_LAG:]).sum(axis=1)


def _level_changes(density: Floats) -> Floats:
    """Change of level of each band from frame to frame, dB, `[frames − 1, _BANDS]`."""
    bins = density.shape[1]
    ratio = HIGHEST_HZ / LOWEST_HZ
    borders = [round((ratio ** (band / _BANDS) - 1) / (ratio - 1) * bins) for band in range(_BANDS)]
    power = np.add.reduceat(density, borders, axis=1)
    level = 10 * np.log10(power + 1e-4 * power.mean(axis=0) + 1e-18)
    return np.diff(level, axis=0)
