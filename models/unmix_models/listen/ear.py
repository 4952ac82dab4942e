"""What an ear is: it hears a recording half second by half second, and tells how likely each kind of sound is."""

from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from unmix_models.audio import Block

SAMPLE_RATE = 16000
"""Hz that ears hear at; what matters here lies below 8 kHz."""
CELL = SAMPLE_RATE // 2
"""Samples that one answer is about: half a second."""


class Sound(StrEnum):
    """What a stretch of a recording holds."""

    SPEECH = "speech"
    MUSIC = "music"
    SPEECH_OVER_MUSIC = "speech_over_music"
    SILENCE = "silence"
    OTHER = "other"
    """Noise and everything else that is heard."""
    UNKNOWN = "unknown"
    """It cannot be told."""


HEARD = (Sound.SPEECH, Sound.MUSIC, Sound.SPEECH_OVER_MUSIC, Sound.OTHER)
"""What ears tell apart, in the order of their answers; silence is a matter of level."""

Likelihoods = NDArray[np.float32]
"""Natural logarithms of probabilities, `[cells, len(HEARD)]`."""


class EarStream(Protocol):
    """One recording, heard from start to end. The answers do not depend on how it is cut into blocks."""

    def process(self, block: Block) -> Likelihoods:
        """Hear `[frames, channels]` at `SAMPLE_RATE`; return the answers for the cells that are known by now."""
        ...

    def flush(self) -> Likelihoods:
        """Return the rest, the last for a cell that was begun; the stream is then at its end."""
        ...


class Ear(Protocol):
    """A model in memory. It may serve several streams, from one thread at a time."""

    @property
    def name(self) -> str:
        """Name in the catalogue."""
        ...

    @property
    def device(self) -> str:
        """Where it runs."""
        ...

    @property
    def precision(self) -> str:
        """What the products are computed in, such as `float32`."""
        ...

    @property
    def memory_bytes(self) -> int:
        """Estimate of what it holds while resident, with one stream at work."""
        ...

    @property
    def trust(self) -> float:
        """Nats a half second that count for speech over music where the talk before it was surely alone.

        An ear that doubts faint music tells it by what changes where it begins; 0 for one that needs no such help.
        """
        ...

    def stream(self, channels: int) -> EarStream:
        """Begin one recording."""
        ...

    def close(self) -> None:
        """Give its memory back; it and its streams are of no use afterwards."""
        ...
