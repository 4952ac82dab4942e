"""Shares of what is mixed, sample by sample: constant, with a cross-fade where the treatment changes.

Both sides of a join are versions of one signal, at no lag: amplitudes add, so the fades are linear. They lie in the
stretch that is treated more, so that the other one is what it is up to its border.
"""

from dataclasses import dataclass

import numpy as np

from unmix_models.audio import Block
from unmix_models.denoise.programme.plan import Treatment

FADE_SECONDS = 0.2

_SHARES = {Treatment.VOICE: (1.0, 0.0), Treatment.BED: (1.0, 1.0), Treatment.REST: (0.0, 1.0)}
"""Of what the network makes, and of what it leaves."""


@dataclass(frozen=True, slots=True)
class Shares:
    """One for each sample of a cell, `[frames, 1]`."""

    network: Block
    rest: Block


def shares(before: Treatment, here: Treatment, behind: Treatment, frames: int, fade: int) -> Shares:
    """Return the shares of a cell of `frames` samples between two others; a fade is `fade` samples long."""
    network, rest = (_share(before, here, behind, frames, fade, which) for which in (0, 1))
    return Shares(network, rest)


def _share(
    before: Treatment, here: Treatment, behind: Treatment, frames: int, fade: int, which: int
) -> Block:
    own = _SHARES[here][which]
    share = np.full((frames, 1), own, np.float32)
    fade = min(fade, frames // 2)
    ramp = ((np.arange(fade) + 0.5) / max(fade, 1)).astype(np.float32)[:, None]
    if before.value > here.value:
        share[:fade] = _SHARES[before][which] + ramp * (own - _SHARES[before][which])
    if behind.value > here.value:
        share[frames - fade :] = _SHARES[behind][which] + ramp[::-1] * (own - _SHARES[behind][which])
    return share
