"""What the benches share: a daemon of their own, the weights that are here, recordings beside the checkout."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from daemons import Daemon  # noqa: E402  # of the tests, found by the line above
from sounds import voice, write  # noqa: E402

SHARED = ROOT.parent / "shared"
"""Recordings and weights beside the checkout; they are no part of it."""

_LOOP_SECONDS = 20.0


def weights() -> Path:
    """The folder with installed models: UNMIX_WEIGHTS, or the one beside the checkout, or none that exists."""
    return Path(os.environ.get("UNMIX_WEIGHTS") or SHARED / "weights")


def denoisers() -> list[str]:
    """The denoisers that run here, the lightest first; says which do not."""
    names = ["wiener", "rnnoise"]
    if (weights() / "deepfilternet3" / "enc.onnx").exists():
        return [*names, "deepfilternet3"]
    print(f"deepfilternet3 is left out: it is not in {weights()} (UNMIX_WEIGHTS names another folder)")
    return names


@contextmanager
def daemon(**settings: object) -> Iterator[tuple[Daemon, Path]]:
    """A fresh daemon, not yet started, and a folder for files; both are gone when the block ends."""
    with TemporaryDirectory(prefix="unmix-bench-") as name:
        folder = Path(name).resolve()
        product = Daemon(folder / "state", weights=weights(), **settings)
        try:
            yield product, folder
        finally:
            product.__exit__(None, None, None)


def speech(seconds: float, sample_rate: int = 48000) -> NDArray[np.float32]:
    """Something like noisy speech, `[frames, 1]`; repeats itself after 20 s."""
    loop = voice(min(seconds, _LOOP_SECONDS), sample_rate)
    return np.resize(loop, (round(seconds * sample_rate), 1))


__all__ = ["ROOT", "SHARED", "Daemon", "daemon", "denoisers", "speech", "voice", "weights", "write"]
