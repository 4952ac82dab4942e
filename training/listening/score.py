"""How good answers are: kinds mistaken for one another, beds found and boundaries met, after smoothing."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from unmix_models.listen.ear import HEARD, Likelihoods

from training.listening.scenes import Label

Cells = NDArray[np.intp]

_SWITCH_COST = 5.0
_LAG = 8
_NEAR = 2
"""Cells within which a boundary counts as met: a second."""


def smoothed(answers: Likelihoods) -> Cells:
    """The likeliest kinds, `[cells]`: Viterbi with a cost for each change, each decided `_LAG` cells later."""
    cells, kinds = answers.shape
    cost = np.full((kinds, kinds), -_SWITCH_COST)
    np.fill_diagonal(cost, 0)
    best = answers[0].astype(np.float64)
    back = np.zeros((cells, kinds), np.intp)
    decided = np.zeros(cells, np.intp)
    for cell in range(1, cells):
        paths = best[:, None] + cost
        back[cell] = paths.argmax(axis=0)
        best = paths.max(axis=0) + answers[cell]
        if cell >= _LAG:
            kind = int(best.argmax())
            for at in range(cell, cell - _LAG, -1):
                kind = back[at, kind]
            decided[cell - _LAG] = kind
    kind = int(best.argmax())
    for at in range(cells - 1, max(cells - _LAG, 0) - 1, -1):
        decided[at] = kind
        kind = back[at, kind]
    return decided


@dataclass(slots=True)
class Score:
    """Sums over recordings."""

    counts: NDArray[np.float64] = field(default_factory=lambda: np.zeros((len(HEARD), len(HEARD))))
    beds: dict[int, list[bool]] = field(default_factory=dict)
    boundaries: dict[tuple[Label, Label], list[bool]] = field(default_factory=dict)

    def add(
        self, answers: Likelihoods, kinds: Cells, counted: NDArray[np.bool_], beds: NDArray[np.float32]
    ) -> None:
        """Judge a recording: true `kinds`, which cells are `counted`, and levels of `beds` in dB, all `[cells]`."""
        found = smoothed(answers)
        np.add.at(self.counts, (kinds[counted], found[counted]), 1)
        for cell in np.flatnonzero(counted & (kinds == Label.BOTH)):
            self.beds.setdefault(round(float(beds[cell]) / 6) * 6, []).append(found[cell] == Label.BOTH)
        changes = np.flatnonzero(np.diff(found))
        for at in np.flatnonzero(np.diff(kinds)):
            pair = (Label(min(kinds[at : at + 2])), Label(max(kinds[at : at + 2])))
            near = len(changes) > 0 and abs(changes - at).min() <= _NEAR
            self.boundaries.setdefault(pair, []).append(bool(near))

    def __str__(self) -> str:
        rows = 100 * self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        lines = [f"  {np.trace(self.counts) / self.counts.sum():.1%} right, after smoothing"]
        lines += [f"  {kind.name:7}" + " ".join(f"{share:5.1f}" for share in rows[kind]) for kind in Label]
        lines += [
            "  beds "
            + ", ".join(f"{level}: {np.mean(found):.0%}" for level, found in sorted(self.beds.items()))
        ]
        lines += [
            "  boundaries "
            + ", ".join(
                f"{a.name}|{b.name}: {np.mean(met):.0%} of {len(met)}"
                for (a, b), met in sorted(self.boundaries.items())
            )
        ]
        return "\n".join(lines)
