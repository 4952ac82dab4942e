"""A first look at a recording: how loud its steady noise is, for the filter that needs to know before it begins."""

import math
from collections.abc import Iterable, Iterator

import numpy as np

from unmix_models.audio import Block
from unmix_models.listen.framing import Framing
from unmix_models.listen.noise_floor import NoiseFloor, NoiseTracker

LOOK_SECONDS = 60.0
"""How much of a recording is looked at."""

_BATCH_SECONDS = 1.0


def look(blocks: Iterable[Block], sample_rate: int) -> NoiseFloor | None:
    """Return the noise of no more than the first minute of `blocks`, each `[frames, channels]`; read no further.

    None where that is digital silence.
    """
    framing = Framing(sample_rate)
    noise = NoiseTracker(framing.frequencies, window=math.ceil(LOOK_SECONDS * sample_rate / framing.length))
    for batch in _batches(blocks, sample_rate):
        noise.add(framing.densities(batch))
    return noise.floor()


def _batches(blocks: Iterable[Block], sample_rate: int) -> Iterator[Block]:
    """Join blocks to about a second each, up to `LOOK_SECONDS` in total."""
    wanted = int(LOOK_SECONDS * sample_rate)
    batch: list[Block] = []
    for block in blocks:
        batch.append(block[:wanted])
        wanted -= len(batch[-1])
        if wanted <= 0:
            break
        if sum(map(len, batch)) >= _BATCH_SECONDS * sample_rate:
            yield np.concatenate(batch)
            batch = []
    if batch:
        yield np.concatenate(batch)
