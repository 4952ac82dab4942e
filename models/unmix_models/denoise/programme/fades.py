"""Shares of what is mixed, sample by sample: constant, with a cross-fade where the treatment changes.

Both sides of a join are versions of one signal, at no lag: amplitudes add, so the fades are linear. They lie in the
stretch that is treated more, so that the other one is what it is up to its border.
"""

from dataclasses import dataclass

import numpy as np

from unmix_models.audio import Block
from unmix_models.denoise.programme.plan import Treatment

FADE_SECONDS = 0.2

_NETWORK = {Treatment.VOICE: 1.0, Treatment.BED: 1.0, Treatment.REST: 0.0}
_REST = {Treatment.VOICE: 0.0, Treatment.BED: 1.0, Treatment.REST: 1.0}
_TAKEN_OUT = {Treatment.BED: 1.0, Treatment.REST: 0.0}


@dataclass(frozen=True, slots=True)
class Shares:
    """One for each sample of a piece, `[frames, 1]`."""

    network: Block
    """Of what the network makes."""
    taken_out: Block
    """Of the same, in what the rest lacks of the recording."""
    rest: Block
    """Of the rest."""


def shares(before: Treatment, here: Treatment, behind: Treatment, frames: int, fade: int) -> Shares:
    """Return the shares of a piece of `frames` samples between two others; a fade is `fade` samples long."""
    fade = min(fade, frames // 2)
    ramp = ((np.arange(fade) + 0.5) / max(fade, 1)).astype(np.float32)[:, None]

    def share(of: dict[Treatment, float]) -> Block:
        own = of[here]
        made = np.full((frames, 1), own, np.float32)
        if before.value > here.value:
            made[:fade] = of[before] + ramp * (own - of[before])
        if behind.value > here.value:
            made[frames - fade :] = of[behind] + ramp[::-1] * (own - of[behind])
        return made

    if here is not Treatment.VOICE:
        return Shares(share(_NETWORK), share(_NETWORK), share(_REST))
    # The rest of a neighbour fades away as it is there.
    taken_out = np.zeros((frames, 1), np.float32)
    taken_out[: frames // 2] = _TAKEN_OUT.get(before, 0.0)
    taken_out[frames // 2 :] = _TAKEN_OUT.get(behind, 0.0)
    return Shares(share(_NETWORK), taken_out, share(_REST))
