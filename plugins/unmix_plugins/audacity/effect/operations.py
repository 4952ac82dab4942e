"""What the menu offers: each operation's task for the daemon, and what becomes of its result."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto

from unmix.words import DenoiseStem, DenoiseTask, SeparateTask, Task

from unmix_plugins.audacity.effect.choices import Choices
from unmix_plugins.errors import InvalidRequest


class Operation(StrEnum):
    """An effect's name for what it wants, in small letters; `effects/*.ny` say it."""

    DENOISE = auto()
    DENOISE_COPY = auto()
    NOISE_COPY = auto()
    REMOVE_VOCALS = auto()
    SEPARATE = auto()

    @property
    def effect(self) -> str:
        """The effect's label below Effect > Unmix."""
        return _EFFECTS[self]

    @property
    def is_in_place(self) -> bool:
        """True when the result replaces the selection, false when it becomes new tracks."""
        return self in {Operation.DENOISE, Operation.REMOVE_VOCALS}


_EFFECTS = {
    Operation.DENOISE: "Denoise",
    Operation.DENOISE_COPY: "Denoise to New Track",
    Operation.NOISE_COPY: "Noise to New Track",
    Operation.REMOVE_VOCALS: "Remove Vocals",
    Operation.SEPARATE: "Separate into Stems",
}
FETCH = "fetch"
"""What the effect asks that wants a finished result, whatever was done."""
FETCH_EFFECT = "Fetch Unmix Result"
"""Its label; unlike the others' it is not likely to be another plug-in's, too."""
STATUS_EFFECT = "Unmix Status"
"""The tool that tells which project is in front."""


@dataclass(frozen=True, slots=True)
class Order:
    """An operation with everything that was chosen for it."""

    operation: Operation
    task: Task


def order(operation: str, settings: Mapping[str, str], choices: Choices) -> tuple[Order, Choices]:
    """What a click asks for, and the choices to remember from it.

    Without `settings` the remembered choices hold. Raises InvalidRequest.
    """
    try:
        wanted = Operation(operation)
        chosen = choices.updated(settings)
    except ValueError as error:
        raise InvalidRequest(
            f"This effect asks for something that the bridge does not know ({error}). Run: unmix audacity install"
        ) from error
    match wanted:
        case Operation.DENOISE | Operation.DENOISE_COPY | Operation.NOISE_COPY:
            stem = DenoiseStem.NOISE if wanted is Operation.NOISE_COPY else DenoiseStem.CLEAN
            task = DenoiseTask(chosen.denoise_model, chosen.attenuation_limit_db, (stem,))
        case Operation.REMOVE_VOCALS:
            task = SeparateTask(chosen.separate_model, ("-vocals",))
        case Operation.SEPARATE:
            task = SeparateTask(chosen.separate_model, chosen.stems)
    return Order(wanted, task), chosen
