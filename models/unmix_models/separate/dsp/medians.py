"""Medians of many arrays at once, element by element, through a sorting network.

Minima and maxima of whole arrays are several times as fast as sorting each element's few values, on any
machine. The network is K. E. Batcher's, "Sorting networks and their applications" (AFIPS 1968), in the form
of Knuth's Algorithm 5.2.2M, without the comparisons that the middle does not depend on.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def median(arrays: Sequence[Floats]) -> Floats:
    """Return the element-wise median of equally shaped arrays; of an even number, the lower middle."""
    values = list(arrays)
    for low, high in _comparisons(len(values)):
        first, second = values[low], values[high]
        values[low], values[high] = np.minimum(first, second), np.maximum(first, second)
    return values[_middle(len(values))]


def running_median(values: Floats, width: int) -> Floats:
    """Return the medians of `width` rows each: `[rows, …]` becomes `[rows - width + 1, …]`."""
    count = len(values) - width + 1
    return median([values[offset : offset + count] for offset in range(width)])


def _middle(count: int) -> int:
    return (count - 1) // 2


@cache
def _comparisons(count: int) -> tuple[tuple[int, int], ...]:
    needed = {_middle(count)}
    kept: list[tuple[int, int]] = []
    for pair in reversed(_sorting_network(count)):
        if not needed.isdisjoint(pair):
            needed.update(pair)
            kept.append(pair)
    return tuple(reversed(kept))


def _sorting_network(count: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    top = 1 << max(0, (count - 1).bit_length() - 1)
    merged = top
    while merged:
        stride, remainder, distance = top, 0, merged
        while True:
            pairs += [(i, i + distance) for i in range(count - distance) if i & merged == remainder]
            if stride == merged:
                break
            distance, stride, remainder = stride - merged, stride // 2, merged
        merged //= 2
    return pairs
