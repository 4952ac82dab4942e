"""The network in PyTorch, as it is trained; `unmix_models.listen.own.network` is the same in NumPy."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from unmix_models.listen.ear import HEARD
from unmix_models.listen.own import features
from unmix_models.listen.own.features import BANDS, FRAMES
from unmix_models.listen.own.network import BEFORE, BEHIND, DILATIONS, OVERLAP

PLANES = (16, 32, 48)
VECTOR = 96
NARROW = 32
CELLS_BEFORE = BEFORE + 1 + features.BEFORE
CELLS_BEHIND = BEHIND + features.BEHIND
"""Cells of power beyond those that are answered for."""


class Relative(nn.Module):
    """`features.relative` over a whole recording."""

    def forward(self, power: Tensor) -> Tensor:
        """Take `[recordings, frames, bands]`; return as much less as there are cells without neighbours."""
        reach = (features.BEFORE + features.BEHIND) * FRAMES + 1
        levels = functional.avg_pool1d(power.mean(2)[:, None], reach, 1)[:, 0, :, None]
        present = power[:, features.BEFORE * FRAMES :][:, : levels.shape[1]]
        return torch.log((present + levels * 1e-7 + 1e-30) / (levels + 1e-30))


class Convolution(nn.Sequential):
    """Halves time and bands."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, 2, (0, size // 2), bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class Block(nn.Module):
    """A residual block."""

    def __init__(self, dilation: int, dropout: float) -> None:
        super().__init__()
        self.dilation = dilation
        self.narrow = nn.Sequential(
            nn.Conv1d(VECTOR, NARROW, 3, dilation=dilation, bias=False), nn.BatchNorm1d(NARROW), nn.ReLU()
        )
        self.wide = nn.Sequential(nn.Conv1d(NARROW, VECTOR, 1, bias=False), nn.BatchNorm1d(VECTOR))
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Tensor) -> Tensor:
        """Take `[recordings, VECTOR, steps]`; return `dilation` steps less on both sides."""
        change = self.dropout(self.wide(self.narrow(vectors)))
        return functional.relu(vectors[..., self.dilation : -self.dilation] + change)


class Trained(nn.Module):
    """From power to scores."""

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        sizes = zip((1, *PLANES[:-1]), PLANES, (5, 3, 3), strict=True)
        self.front = nn.Sequential(*(Convolution(*each) for each in sizes))
        self.front.to(memory_format=torch.channels_last)  # a quarter faster
        rows = PLANES[-1] * BANDS // 8
        self.vectors = nn.Sequential(nn.Linear(rows, VECTOR, bias=False), Rows(VECTOR), nn.ReLU())
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.Sequential(*(Block(dilation, dropout / 2) for dilation in DILATIONS))
        self.answer = nn.Conv1d(VECTOR, len(HEARD), 4, 4)

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Take what `Relative` makes; return `[recordings, cells, kinds]`."""
        heard = spectrogram[:, None, FRAMES - OVERLAP :].contiguous(memory_format=torch.channels_last)
        planes = self.front(heard)
        rows = planes.permute(0, 2, 3, 1).flatten(2)
        vectors = self.dropout(self.vectors(rows)).transpose(1, 2)
        return self.answer(self.blocks(vectors)).transpose(1, 2)


class Rows(nn.BatchNorm1d):
    """Batch normalisation of `[recordings, steps, numbers]`."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # the name that it has above
        """See above."""
        return super().forward(input.transpose(1, 2)).transpose(1, 2)


def exported(trained: Trained) -> dict[str, NDArray[np.float32]]:
    """The arrays that `unmix_models.listen.own.network.Network` takes; normalisation goes into the weights."""
    trained.eval()
    layers: dict[str, tuple[Tensor, Tensor]] = {}
    for number, (convolution, norm, _) in enumerate(trained.front):
        weight, bias = _folded(convolution.weight, norm)
        layers[f"conv{number}"] = weight.flatten(1).T, bias
    weight, bias = _folded(trained.vectors[0].weight, trained.vectors[1])
    layers["vectors"] = weight.T, bias
    for number, block in enumerate(trained.blocks):
        weight, bias = _folded(block.narrow[0].weight, block.narrow[1])
        layers[f"narrow{number}"] = weight.permute(2, 1, 0).flatten(0, 1), bias
        weight, bias = _folded(block.wide[0].weight, block.wide[1])
        layers[f"wide{number}"] = weight[..., 0].T, bias
    layers["answer"] = trained.answer.weight.permute(2, 1, 0).flatten(0, 1), trained.answer.bias
    return {
        f"{name}.{part}": np.array(array.detach().numpy(), np.float32, order="C")
        for name, arrays in layers.items()
        for part, array in zip(("weight", "bias"), arrays, strict=True)
    }


def _folded(weight: Tensor, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    state = norm.state_dict()
    scale = state["weight"] / torch.sqrt(state["running_var"] + norm.eps)
    shape = (-1, *[1] * (weight.dim() - 1))
    return weight * scale.reshape(shape), state["bias"] - state["running_mean"] * scale
