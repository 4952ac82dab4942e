"""From a catalogue entry to a model in memory: the one table of adapters."""

from collections.abc import Callable
from dataclasses import dataclass

from .catalogue import Model
from .denoise.base import Denoiser
from .weights import Weights


@dataclass(frozen=True, slots=True)
class Place:
    """Where to load and how much of the machine to use."""

    device: str
    """`cpu`, `cuda:0`, …"""
    threads: int
    """Of one model on a CPU, at least 1."""


def load_denoiser(model: Model, weights: Weights, place: Place) -> Denoiser:
    """Load a denoiser. Raises ModelMissing, InvalidWeights, DeviceUnavailable, OutOfMemory."""
    return _DENOISERS[model.name](model, weights, place)


def _rnnoise(model: Model, weights: Weights, place: Place) -> Denoiser:  # one shape for all
    from .denoise import rnnoise  # noqa: PLC0415  # each adapter brings its own runtime

    return rnnoise.load()


def _wiener(model: Model, weights: Weights, place: Place) -> Denoiser:
    from .denoise import wiener  # noqa: PLC0415

    return wiener.load()


def _deepfilternet3(model: Model, weights: Weights, place: Place) -> Denoiser:
    from .denoise import deepfilternet3  # noqa: PLC0415

    return deepfilternet3.load(weights.path(model), place.device, place.threads)


_DENOISERS: dict[str, Callable[[Model, Weights, Place], Denoiser]] = {
    "rnnoise": _rnnoise,
    "wiener": _wiener,
    "deepfilternet3": _deepfilternet3,
}
