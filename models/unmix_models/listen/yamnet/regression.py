"""From the 42 numbers to what is heard: a logistic regression, trained by `training/listening`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unmix_models.listen.ear import HEARD

_PATH = Path(__file__).with_name("regression.json")
_LEAST = -6.0
"""Natural logarithm; no single half second says that something is less likely."""


@dataclass(frozen=True, slots=True)
class Regression:
    """Log-odds of each of `HEARD`, linear in the numbers."""

    weights: tuple[tuple[float, ...], ...]
    """`[len(HEARD), numbers]`."""
    offsets: tuple[float, ...]
    """`[len(HEARD)]`."""

    @classmethod
    def read(cls, path: Path = _PATH) -> "Regression":
        """The one that comes with unmix."""
        said = json.loads(path.read_text("utf-8"))
        return cls(tuple(map(tuple, said["weights"])), tuple(said["offsets"]))

    def write(self, path: Path = _PATH) -> None:
        """As `read` takes it: one line for each of `HEARD`, five digits."""
        said = asdict(self)
        rows = ",\n  ".join(
            "[" + ", ".join(f"{weight:.5g}" for weight in row) + "]" for row in said["weights"]
        )
        offsets = ", ".join(f"{offset:.5g}" for offset in said["offsets"])
        path.write_text(f'{{\n "weights": [\n  {rows}\n ],\n "offsets": [{offsets}]\n}}\n', "utf-8")

    def likelihoods(self, numbers: NDArray[np.float64]) -> NDArray[np.float32]:
        """Natural logarithms of probabilities, at least −6, `[len(HEARD)]`, in the order of `HEARD`."""
        odds = np.asarray(self.weights) @ numbers + np.asarray(self.offsets)
        assert odds.shape == (len(HEARD),)  # noqa: S101  # the file is ours
        odds -= odds.max()
        return np.maximum(odds - np.log(np.exp(odds).sum()), _LEAST).astype(np.float32)
