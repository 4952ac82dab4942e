"""The network: convolutions that look at a quarter of a second, then blocks that look at four.

First three convolutions over time and frequency, each of which halves both, and a layer over all frequencies:
four vectors for each cell. Then residual blocks, whose convolutions over time are dilated (after C. Lea et al.,
"Temporal convolutional networks for action segmentation and detection", CVPR 2017). It is trained by
`training/listening`, and so small that NumPy needs two thousandths of the time that it hears.
"""

from functools import cache
from pathlib import Path

import numpy as np

from unmix_models.listen.ear import Likelihoods
from unmix_models.listen.own.features import Floats

OVERLAP = 9
"""Frames before a cell that its vectors are made of, too."""
BEFORE, BEHIND = 3, 4
"""Cells whose vectors have a say in an answer, besides the present one."""
DILATIONS = (1, 1, 2, 2, 4, 4)
"""Of the blocks: with vectors four to a cell they reach just as far as those cells."""
WEIGHTS = "weights.npz"
"""The file beside this module."""

_LEAST = -6.0
"""Of the logarithms: one cell alone must not overrule all others."""

Layer = tuple[Floats, Floats]
"""Weights, `[inputs, outputs]`, and what is added, `[outputs]`."""


class Network:
    """See above; it keeps nothing, so that one serves any number of recordings."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        """`weights` are named `<layer>.weight` and `<layer>.bias`."""

        def layer(name: str) -> Layer:
            return weights[f"{name}.weight"], weights[f"{name}.bias"]

        self._convolutions = [layer(f"conv{number}") for number in range(3)]
        self._vectors = layer("vectors")
        self._blocks = [
            (layer(f"narrow{number}"), layer(f"wide{number}"), dilation)
            for number, dilation in enumerate(DILATIONS)
        ]
        self._answer = layer("answer")

    def vectors(self, spectrogram: Floats) -> Floats:
        """Return four vectors for a cell, from its frames and the `OVERLAP` before, `[frames, bands]`."""
        planes = spectrogram[:, :, None]
        for weight, bias in self._convolutions:
            planes = _convolve(planes, weight, bias)
        return _dense(planes.reshape(len(planes), -1), self._vectors)

    def answer(self, vectors: Floats) -> Likelihoods:
        """Return the answer for a cell, `[1, kinds]`, from the vectors of all cells that have a say in it."""
        for narrow, wide, dilation in self._blocks:
            beside = [vectors[: -2 * dilation], vectors[dilation:-dilation], vectors[2 * dilation :]]
            change = _dense(np.concatenate(beside, axis=1), narrow)
            vectors = np.maximum(beside[1] + (change @ wide[0] + wide[1]), 0)
        weight, bias = self._answer
        scores = vectors.reshape(1, -1) @ weight + bias
        scores -= scores.max()
        return np.maximum(scores - np.log(np.exp(scores).sum()), np.float32(_LEAST))


@cache
def network() -> Network:
    """The one that is shipped."""
    with np.load(Path(__file__).with_name(WEIGHTS), allow_pickle=False) as arrays:
        return Network({name: arrays[name].astype(np.float32) for name in arrays.files})


def _dense(rows: Floats, layer: Layer) -> Floats:
    return np.maximum(rows @ layer[0] + layer[1], 0)


def _convolve(planes: Floats, weight: Floats, bias: Floats) -> Floats:
    """Every other place of a convolution of `[frames, bands, channels]` with a square; bands are padded, frames not."""
    size = round((len(weight) / planes.shape[2]) ** 0.5)
    edge = size // 2
    padded = np.pad(planes, ((0, 0), (edge, edge), (0, 0)))
    places = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))[::2, ::2]
    rows = places.reshape(-1, len(weight))
    return _dense(rows, (weight, bias)).reshape(*places.shape[:2], -1)
