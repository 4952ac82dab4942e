"""Mixes each piece from what the network makes of it and from what that leaves.

With y the network's output and x the recording: speech is y, speech over music y + filter(x − y), and anything else
filter(x), where the filter takes known noise away. Where none is known it does nothing, and x comes out to the bit.
"""

from dataclasses import dataclass

import numpy as np

from unmix_models.audio import Block, empty
from unmix_models.denoise.programme.fades import FADE_SECONDS, shares
from unmix_models.denoise.programme.known_noise import KnownNoise
from unmix_models.denoise.programme.pieces import Piece
from unmix_models.denoise.programme.plan import Treatment
from unmix_models.denoise.segmented import kept_share
from unmix_models.fifo import Fifo
from unmix_models.listen.noise_floor import NoiseFloor

_LIMITS_DB = {Treatment.VOICE: 18.0, Treatment.BED: 30.0, Treatment.REST: 18.0}
"""The most that known noise is lowered by default. Under music alone, more of it goes away between notes, and comes
back with them, which is worse than hiss."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A piece whose filtered part is not there yet."""

    dry: Block
    voice: Block
    rest: "_Rest | None"
    """None where all of it goes."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """What the network leaves."""

    samples: Block
    share: Block
    filtered_share: Block


class Mixer:
    """One recording, piece by piece."""

    def __init__(self, sample_rate: int, channels: int, attenuation_limit_db: float | None) -> None:
        self._channels = channels
        self._fade = round(FADE_SECONDS * sample_rate)
        self._limit_db = attenuation_limit_db
        self._kept = np.float32(kept_share(attenuation_limit_db))
        self._known_noise = KnownNoise(channels, sample_rate)
        self._filtered = Fifo(channels)
        self._waiting: list[_Waiting] = []
        self._filtered_share: np.float32 | None = None
        """At the end of the last piece; None at the start."""

    def process(
        self, piece: Piece, wet: Block, before: Treatment, behind: Treatment, noise: NoiseFloor | None
    ) -> Block:
        """Take the next piece, what the network makes of it, the treatments around it, and what noise is known in it.

        Return what is ready.
        """
        dry = piece.samples
        if before is piece.treatment is behind is Treatment.VOICE and not self._filtered_share:
            self._filtered.put(self._known_noise.process(dry, None, wanted=False))
            self._waiting.append(_Waiting(dry, wet, None))
            self._filtered_share = np.float32(0)
            return self._ready()
        share = shares(before, piece.treatment, behind, len(dry), self._fade)
        voice = np.asarray(share.network * wet, np.float32)
        rest = np.asarray(dry - share.taken_out * wet, np.float32)
        goal = self._share_of(piece.treatment) if noise else np.float32(0)
        begin = goal if self._filtered_share is None else self._filtered_share
        filtered_share = np.linspace(begin, goal, len(rest), dtype=np.float32)[:, None]
        wanted = bool((share.rest * filtered_share).any())
        self._filtered_share = goal
        self._filtered.put(self._known_noise.process(rest, noise, wanted=wanted))
        self._waiting.append(_Waiting(dry, voice, _Rest(rest, share.rest, filtered_share)))
        return self._ready()

    def flush(self) -> Block:
        """Return the rest."""
        self._filtered.put(self._known_noise.flush())
        return self._ready()

    def _share_of(self, treatment: Treatment) -> np.float32:
        limit_db = _LIMITS_DB[treatment] if self._limit_db is None else None
        return np.float32(1 - kept_share(limit_db))

    def _ready(self) -> Block:
        ready = [empty(self._channels)]
        while self._waiting and len(self._filtered) >= len(self._waiting[0].dry):
            ready.append(self._mixed(self._waiting.pop(0)))
        return np.concatenate(ready)

    def _mixed(self, piece: _Waiting) -> Block:
        filtered = self._filtered.take(len(piece.dry))
        clean = piece.voice
        if piece.rest:
            share = piece.rest.filtered_share
            clean = clean + piece.rest.share * (share * filtered + (1 - share) * piece.rest.samples)
        if self._kept:
            clean = self._kept * piece.dry + (1 - self._kept) * clean
        return np.asarray(clean, np.float32)
