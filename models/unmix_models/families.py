"""The families of models: for each, what unmix must know of it to recognise, install and load its models.

A family is code that runs any number of models; a model names its family (`Model.family`). This table is all
that the rest of unmix knows of the differences, and a new family is a folder and a row here. It stays light:
what a row names imports its runtime when it is called.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from unmix_models.catalogue import Model
from unmix_models.errors import DeviceUnavailable
from unmix_models.listen.yamnet import installation as yamnet
from unmix_models.machine import Machine
from unmix_models.separate.htdemucs import installation as htdemucs

if TYPE_CHECKING:  # these bring numpy, which the daemon's front does without
    from unmix_models.denoise.base import Denoiser
    from unmix_models.listen.ear import Ear
    from unmix_models.separate.base import Separator
    from unmix_models.tensor_shapes import Shapes

Resident: TypeAlias = "Denoiser | Ear | Separator"
"""A model in memory."""


@dataclass(frozen=True, slots=True)
class Networks:
    """How a family takes checkpoints in, its own published ones and those that users bring."""

    install: Callable[[Model, Path, Path, Callable[[], bool]], None]
    """Check the files in the first folder and convert them into the second, with a `model.json`.

    What opens them is a child process, which ends when the last argument says so. Raises InvalidWeights.
    """
    suffixes: tuple[str, ...] = ()
    """Ends of the names of the files that an import of a user's own may hold: checkpoints and what describes them."""
    recognise: "Callable[[Shapes], bool] | None" = None
    """Whether a checkpoint with these tensors is of this family; called in a child process. None where only the
    published ones are taken in."""


@dataclass(frozen=True, slots=True)
class Family:
    """One row of the table."""

    name: str
    task: str
    """What its models are for, as in `Model.task`."""
    load: Callable[[Model, Path, Machine], Resident]
    """Make a model resident whose files are in the folder. Raises InvalidWeights, DeviceUnavailable, OutOfMemory."""
    devices: frozenset[str] = frozenset({"cpu"})
    """Kinds of devices that its models can run on."""
    networks: Networks | None = None
    """None where the files of a model are used as they are, checked by size and hash."""
    wants_statistics: bool = False
    """Its streams want the statistics of the whole track, so the track is read twice."""


def family_of(model: Model) -> Family:
    """The family of a model that is in the catalogue or installed."""
    return FAMILIES[model.family]


def _rnnoise(model: Model, folder: Path, machine: Machine) -> Resident:
    from unmix_models.denoise import rnnoise  # noqa: PLC0415  # each family brings its own runtime

    return rnnoise.load()


def _wiener(model: Model, folder: Path, machine: Machine) -> Resident:
    from unmix_models.denoise import wiener  # noqa: PLC0415

    return wiener.load()


def _deepfilternet3(model: Model, folder: Path, machine: Machine) -> Resident:
    from unmix_models.denoise import deepfilternet3  # noqa: PLC0415

    # One thread, whatever is allowed: its recurrent steps are many and tiny, and two threads that wait for
    # each other after every one took 2.6 times as long (60 ms for 5 s of audio became 150).
    try:
        return deepfilternet3.load(folder, machine.device)
    except DeviceUnavailable:
        if machine.required:
            raise
        return deepfilternet3.load(folder, "cpu")


def _own_ear(model: Model, folder: Path, machine: Machine) -> Resident:
    from unmix_models.listen.own.ear import OwnEar  # noqa: PLC0415

    return OwnEar()


def _yamnet(model: Model, folder: Path, machine: Machine) -> Resident:
    from unmix_models.listen.yamnet import ear  # noqa: PLC0415

    return ear.load(folder)


def _dsp(model: Model, folder: Path, machine: Machine) -> Resident:
    from unmix_models.separate import dsp  # noqa: PLC0415

    return dsp.load()


def _htdemucs(model: Model, folder: Path, machine: Machine) -> Resident:
    from unmix_models.separate.htdemucs import separator  # noqa: PLC0415  # PyTorch

    return separator.load_model(model, folder, machine)


_HTDEMUCS = Family(
    "htdemucs",
    "separate",
    _htdemucs,
    devices=frozenset({"cpu", "cuda"}),
    networks=Networks(htdemucs.install, htdemucs.SUFFIXES, htdemucs.recognise),
    wants_statistics=True,
)

FIRST_OF_NETWORKS = _HTDEMUCS
"""The family of every installed network that names none: it was the only one when that was installed."""

FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family("rnnoise", "denoise", _rnnoise),
        Family("wiener", "denoise", _wiener),
        Family("deepfilternet3", "denoise", _deepfilternet3, devices=frozenset({"cpu", "cuda"})),
        Family("own_ear", "listen", _own_ear),
        Family("yamnet", "listen", _yamnet, networks=Networks(yamnet.install)),
        Family("dsp", "separate", _dsp),
        _HTDEMUCS,
    )
}
