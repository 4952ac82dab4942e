"""From a catalogue entry to a model in memory: the one table of adapters."""

from collections.abc import Callable
from dataclasses import dataclass

from .catalogue import Model
from .denoise.base import Denoiser
from .errors import DeviceUnavailable
from .separate.base import Separator
from .weights import Weights


@dataclass(frozen=True, slots=True)
class Place:
    """Where to load and how much of the machine to use."""

    device: str
    """`cpu`, `cuda:0`, …"""
    threads: int
    """The most of one model on a CPU, at least 1."""
    precision: str = "auto"
    """Of separation networks: `auto`, `float32`, `bfloat16`, `float16`."""
    required: bool = False
    """The device was asked for by name: a model that cannot use it is an error, not a run on the CPU."""


def load_denoiser(model: Model, weights: Weights, place: Place) -> Denoiser:
    """Load a denoiser. Raises ModelMissing, InvalidWeights, DeviceUnavailable, OutOfMemory."""
    return _DENOISERS[model.name](model, weights, place)


def load_separator(model: Model, weights: Weights, place: Place) -> Separator:
    """Load a separation model. Raises ModelMissing, InvalidWeights, DeviceUnavailable, OutOfMemory."""
    if model.architecture:
        from .separate import checkpoint, separator  # noqa: PLC0415  # PyTorch

        bag = checkpoint.read(weights.path(model) / f"{model.name}.yaml")
        return separator.load(
            bag, name=model.name, device=place.device, precision=place.precision, threads=place.threads
        )
    from .separate import dsp  # noqa: PLC0415

    return dsp.load()


def _rnnoise(model: Model, weights: Weights, place: Place) -> Denoiser:  # one shape for all
    from .denoise import rnnoise  # noqa: PLC0415  # each adapter brings its own runtime

    return rnnoise.load()


def _wiener(model: Model, weights: Weights, place: Place) -> Denoiser:
    from .denoise import wiener  # noqa: PLC0415

    return wiener.load()


def _deepfilternet3(model: Model, weights: Weights, place: Place) -> Denoiser:
    from .denoise import deepfilternet3  # noqa: PLC0415

    # One thread, whatever is allowed: its recurrent steps are many and tiny, and two threads that wait for
    # each other after every one took 2.6 times as long (60 ms for 5 s of audio became 150).
    try:
        return deepfilternet3.load(weights.path(model), place.device)
    except DeviceUnavailable:
        if place.required:
            raise
        return deepfilternet3.load(weights.path(model), "cpu")


_DENOISERS: dict[str, Callable[[Model, Weights, Place], Denoiser]] = {
    "rnnoise": _rnnoise,
    "wiener": _wiener,
    "deepfilternet3": _deepfilternet3,
}
