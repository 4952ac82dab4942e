"""From a catalogue entry to a model in memory."""

from dataclasses import replace
from typing import Protocol

from unmix_models.catalogue import Model
from unmix_models.errors import DeviceUnavailable
from unmix_models.families import Family, Resident, family_of
from unmix_models.machine import Machine
from unmix_models.weights import Weights


def load(model: Model, weights: Weights, machine: Machine) -> Resident:
    """Make a model resident, on the CPU where its family cannot use the machine's device.

    Raises ModelMissing, InvalidWeights, OutOfMemory, and DeviceUnavailable where the device is required.
    """
    folder = weights.path(model)
    family = family_of(model)
    return family.load(model, folder, _usable(machine, model, family))


class Loaded(Protocol):
    """A model in memory."""

    @property
    def name(self) -> str:
        """In the catalogue."""
        ...

    @property
    def device(self) -> str:
        """Where it runs."""
        ...


def check_device(model: Loaded, machine: Machine) -> None:
    """Raises DeviceUnavailable where a device is required and the model, loaded when any would do, is on another."""
    if machine.required and model.device != machine.device:
        raise DeviceUnavailable(
            f"'{model.name}' runs on {model.device} here and not on {machine.device}; ask for that device, or "
            "for auto.",
            device=machine.device,
        )


def _usable(machine: Machine, model: Model, family: Family) -> Machine:
    if machine.kind in family.devices:
        return machine
    if machine.required:
        kinds = " or ".join(sorted(family.devices))
        raise DeviceUnavailable(
            f"'{model.name}' cannot run on {machine.device}; use the device {kinds}, or auto, or another model.",
            device=machine.device,
        )
    return replace(machine, device="cpu")
