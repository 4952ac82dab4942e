"""Each stem's share of each bin; the shares of all stems sum to 1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unmix_models.separate.dsp import panning, percussion, repetition
from unmix_models.separate.dsp.medians import Floats
from unmix_models.separate.dsp.pitch import PitchTracker, partials
from unmix_models.separate.dsp.short_time import FREQUENCIES, Spectra

_VOICE_GAIN = np.float32(1.75)
"""A voice's share of a bin is more than what exceeds the background: some of its own is taken for that."""
_UNPITCHED = np.float32(0.4)
"""What a voice keeps off its partials: consonants, breath, a second voice."""
_VOICE_OVER_DRUMS = np.float32(0.75)
"""Share of its partials that a voice takes back from the drums: notes begin suddenly too."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some successive hops of a track."""

    spectra: Spectra
    """`[2, hops, bins]`."""
    magnitude: Floats
    """`[hops, bins]`."""


class Divider:
    """Divides the bins of one track, chunk after chunk."""

    def __init__(self) -> None:
        self._bass = PitchTracker(lowest=36, highest=220, steps_per_octave=48, harmonics=8, top=1200)
        self._voice = PitchTracker(lowest=100, highest=1000, steps_per_octave=36, harmonics=12, top=5000)

    def shares(self, chunks: Sequence[Chunk], current: int) -> dict[str, Floats]:
        """Return the shares `[hops, bins]` in chunk number `current`, by stem.

        The chunks before and after it, as many as there are, tell what lasts and what repeats. To be called
        once for each chunk of a track, in order.
        """
        chunk = chunks[current]
        magnitude = chunk.magnitude
        steady = percussion.steady_part(_with_surroundings(chunks, current))
        drums = percussion.sudden_share(magnitude, steady)
        centred, centre = panning.centre(chunk.spectra)

        low = np.minimum(steady, centre)
        bass = partials(self._bass.track(low), count=5, full=7, none=21) * _BASS
        bass *= _depth(low, bass) * centred

        start = sum(len(before.magnitude) for before in chunks[:current])
        every = np.concatenate([one.magnitude for one in chunks])
        repeated = repetition.background(every, start, start + len(magnitude))
        foreground = _rest(np.divide(repeated, np.maximum(magnitude, _LEAST)))
        lead = foreground * centred * _rest(drums) * _rest(np.maximum(bass, _DEEPEST)) * _VOICE
        voice_pitch = self._voice.track(lead * magnitude)
        pitched = partials(voice_pitch, count=20, full=20, none=60)
        voice: Floats = np.minimum(_VOICE_GAIN * foreground, 1)
        voice *= centred * _VOICE
        voice *= _UNPITCHED + (1 - _UNPITCHED) * pitched

        drums *= _rest(_VOICE_OVER_DRUMS * pitched * voice)
        tonal = _rest(drums)
        # Deep in the centre, but on no partial of the bass: the skin of a kick drum, which rings like a tone.
        kick = _KICK * _rest(bass) * centred * tonal
        tonal -= kick
        deep: Floats = np.maximum(bass * _rest(pitched * voice), _DEEPEST)
        bass = tonal * deep
        vocals = (tonal - bass) * voice
        return {
            "drums": drums + kick,
            "bass": bass,
            "vocals": vocals,
            "other": tonal - bass - vocals,
        }


def _depth(magnitude: Floats, bass: Floats) -> Floats:
    """Return how surely each hop's `bass` is one, `[hops, 1]`: its power lies low, at least a part of it."""
    power = np.square(magnitude) * bass
    low: Floats = (power * _LOW).sum(axis=1, keepdims=True)
    every: Floats = power.sum(axis=1, keepdims=True)
    return np.minimum(np.divide(low, _LOW_PART * every + _LEAST), 1)


def _rest(share: Floats) -> Floats:
    return np.subtract(1, share, dtype=np.float32)


def _with_surroundings(chunks: Sequence[Chunk], current: int) -> Floats:
    """Return a chunk's magnitudes and `percussion.REACH` hops around it, mirrored where there are none."""
    reach = percussion.REACH
    before = chunks[current - 1].magnitude[-reach:] if current else None
    after = chunks[current + 1].magnitude[:reach] if current + 1 < len(chunks) else None
    known = [part for part in (before, chunks[current].magnitude, after) if part is not None]
    missing = [reach - (0 if part is None else len(part)) for part in (before, after)]
    return np.pad(np.concatenate(known), (tuple(missing), (0, 0)), mode="symmetric")


def _below(corner: float) -> Floats:
    return (1 / (1 + (FREQUENCIES / corner) ** 8)).astype(np.float32)


_BASS = _below(420)
"""Where the partials of a bass count."""
_DEEPEST = _below(85)
"""Where everything tonal is the bass."""
_KICK = _below(120)
_LOW = _below(200)
_LOW_PART = np.float32(0.25)

_VOICE = (FREQUENCIES > 120).astype(np.float32)
_LEAST = np.float32(1e-30)
