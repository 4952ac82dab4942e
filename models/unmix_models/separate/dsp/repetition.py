"""What comes again in a track: its accompaniment, more than its lead.

REPET-SIM of Z. Rafii and B. Pardo, "Music/voice separation using the similarity matrix" (ISMIR 2012): the
background of a frame is the median of the frames most like it, here sought within a few seconds.
"""

import numpy as np

from unmix_models.separate.dsp.medians import Floats, median

_ALIKE = 15
"""Frames that the median is taken of."""
_APART = 20
"""Hops, half a second: a note that still sounds is not one that comes again."""
_LEAST = np.float32(1e-30)


def background(magnitude: Floats, start: int, stop: int) -> Floats:
    """Return what repeats in frames `start` to `stop` of `[hops, bins]`, at most what is there."""
    lengths = np.sqrt(np.square(magnitude).sum(axis=1)) + _LEAST
    directions = magnitude / lengths[:, np.newaxis]
    similarity = directions[start:stop] @ directions.T
    hops = np.arange(len(magnitude))
    near = np.abs(hops[start:stop, np.newaxis] - hops) <= _APART
    # Neighbours rank behind all others: a recording too short for anything else still has them.
    similarity[near] -= 2
    alike = np.argsort(similarity, axis=1, kind="stable")[:, -_ALIKE:]
    repeated = median([magnitude[column] for column in alike.T])
    return np.minimum(repeated, magnitude[start:stop])
