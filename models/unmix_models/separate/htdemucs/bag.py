"""Which networks of a bag compute which stems, with which weights (`demucs.apply.BagOfModels`)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """What one network contributes to a separation."""

    network: int
    """Its index in the bag."""
    stems: tuple[int, ...]
    """Numbers of the stems to compute; those in which the network has weight only."""
    shares: tuple[float, ...]
    """Its share in each of these stems."""


def parts_of(wanted: Sequence[int], weights: Sequence[Sequence[float]], runs: int = 1) -> tuple[Part, ...]:
    """Parts for the wanted stems; `weights` are `[networks][stems]`.

    Where each part is run `runs` times, the shares of a stem add up to 1 over all runs. A network without
    weight in any wanted stem is left out: each of `htdemucs_ft` has weight in one stem only, so that one stem
    costs one network instead of four.
    """
    totals = {stem: runs * sum(row[stem] for row in weights) for stem in wanted}
    parts: list[Part] = []
    for network, row in enumerate(weights):
        stems = tuple(stem for stem in wanted if row[stem])
        if stems:
            parts.append(Part(network, stems, tuple(row[stem] / totals[stem] for stem in stems)))
    return tuple(parts)
