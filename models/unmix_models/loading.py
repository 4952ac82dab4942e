"""From a catalogue entry to a model in memory."""

from dataclasses import replace

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


def _usable(machine: Machine, model: Model, family: Family) -> Machine:
    if machine.kind in family.devices:
        return machine
    if machine.required:
        kinds = " or ".join(sorted(family.devices))
        raise DeviceUnavailable(
            f"'{model.name}' cannot run on {machine.device}; use the device {kinds}, or auto, or another model."
        )
    return replace(machine, device="cpu")
