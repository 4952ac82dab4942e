"""What YAMNet says of half a second and of its neighbourhood, summed up in 42 numbers.

Class numbers: `yamnet_class_map.csv` in YAMNet's repository, after AudioSet (Gemmeke et al., "Audio Set: An
ontology and human-labeled dataset for audio events", ICASSP 2017).
"""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_GROUPS: tuple[tuple[int, ...], ...] = (
    (0,),  # Speech
    (1, 2, 3, 4, 5, 12),  # kinds of speech
    (132,),  # Music
    tuple(range(133, 277)),  # instruments, genres, moods
    tuple(range(24, 33)),  # singing
    (494,),  # Silence
    (58, 61, 62),  # clapping, cheering, applause
    (63, 64, 65),  # babble, crowds
    tuple(range(277, 382)),  # wind, water, vehicles, engines
    (382, 383, 384, 385, 387, 388, 389, 390, 475, 476, 495, 497),  # alarms, telephones, tones
    tuple(range(398, 520)),  # mechanisms, noises, rooms
    (250,),  # Song
    (262,),  # Jingle
    (264,),  # Background music
)
_LEAST, _MOST = -9.0, 6.0
"""Log-odds beyond are all the same."""
_LOUDEST = 12.0
REACHES = (0, 2, 5)
"""Cells each way over which the log-odds are averaged: half a second, 2.5 and 5.5 s."""
FARTHEST = max(REACHES)
COUNT = len(_GROUPS) * len(REACHES)


def grouped(logits: Values) -> Values:
    """The log-odds of each group of the classes, `[groups]`, from `[CLASSES]`."""
    odds = np.exp(np.clip(logits, -_LOUDEST, _LOUDEST))
    sums = [np.log(odds[list(group)].sum()) for group in _GROUPS]
    return np.clip(sums, _LEAST, _MOST)


def summed_up(groups: Values) -> Values:
    """The `COUNT` numbers for a cell, from the groups of the `2 × FARTHEST + 1` cells around it."""
    middle = len(groups) // 2
    return np.concatenate([groups[middle - reach : middle + reach + 1].mean(axis=0) for reach in REACHES])
