"""What YAMNet's ear judges by, learnt from programmes.

    python -m training.listening.yamnet_regression FOLDER [MINUTES]

FOLDER holds `yamnet.onnx`, as `unmix models pull yamnet` or an import leaves it; MINUTES are 120 where nothing is said.
Writes `regression.json` beside the ear, and prints what became of each kind of sound in half as long a time of
programmes that it has not learnt from.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from unmix_models.listen.ear import HEARD
from unmix_models.listen.yamnet.ear import YamnetEar, load
from unmix_models.listen.yamnet.regression import Regression

from training.listening import logistic
from training.listening.programmes import programmes
from training.listening.sources import Split

_SEED = 1
_TRUST = 0.02
_OTHER = len(HEARD) - 1

Values = NDArray[np.float64]
Labels = NDArray[np.intp]


def learn(ear: YamnetEar, minutes: float) -> Regression:
    """A regression from programmes for training; only half seconds that hold nothing else count."""
    inputs, labels = _collected(ear, Split.TRAIN, minutes)
    found = logistic.fit(inputs, labels, len(HEARD), _TRUST)
    return Regression(tuple(map(tuple, found.weights.tolist())), tuple(found.offsets.tolist()))


def confusion(ear: YamnetEar, regression: Regression, minutes: float) -> NDArray[np.intp]:
    """Half seconds of programmes for tests by what they hold (rows) and what is likeliest (columns)."""
    inputs, labels = _collected(ear, Split.TEST, minutes)
    heard = np.array([regression.likelihoods(numbers).argmax() for numbers in inputs])
    counts = np.zeros((len(HEARD), len(HEARD)), np.intp)
    np.add.at(counts, (labels, heard), 1)
    return counts


def _collected(ear: YamnetEar, split: Split, minutes: float) -> tuple[Values, Labels]:
    parts = list(_traits(ear, split, minutes))
    return np.concatenate([numbers for numbers, _ in parts]), np.concatenate([labels for _, labels in parts])


def _traits(ear: YamnetEar, split: Split, minutes: float) -> Iterator[tuple[Values, Labels]]:
    """The numbers and the labels of each programme; silence is something else, too."""
    for programme in programmes(split, _SEED, minutes):
        stream = ear.traits(1)
        numbers = np.concatenate([stream.process(programme.samples[:, None]), stream.flush()])
        labels = np.minimum(programme.labels, _OTHER).astype(np.intp)
        yield numbers[programme.pure], labels[programme.pure]


def main(folder: Path, minutes: float) -> None:
    """As the module says."""
    ear = load(folder)
    regression = learn(ear, minutes)
    regression.write()
    counts = confusion(ear, regression, minutes / 2)
    print(" " * 20 + " ".join(f"{sound:>18}" for sound in HEARD))
    for sound, row in zip(HEARD, counts, strict=True):
        print(f"{sound:20}" + " ".join(f"{count:18d}" for count in row))
    print(f"{100 * np.trace(counts) / counts.sum():.1f} % of {counts.sum() / 2:.0f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 120.0)
