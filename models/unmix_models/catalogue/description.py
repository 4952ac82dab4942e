"""`model.json` in a network's folder: what whoever converted it found out, and its entry where it is the user's own.

The file is judged when it is made and again whenever it is read: anybody may have written it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from unmix_models.catalogue import bounds
from unmix_models.errors import InvalidWeights

NAME = "model.json"


@dataclass(frozen=True, slots=True)
class Description:
    """What a network says of itself. Raises InvalidWeights for what it cannot be (`bounds`)."""

    stems: tuple[str, ...]
    """In the order of its output."""
    sample_rate: int
    """Hz."""
    family: str = ""
    """A name in `unmix_models.families`; empty in folders from before there was more than one."""
    partition: bool = True
    """As `Model.partition`."""
    parameters: int = 0
    """Numbers in all its tensors; 0 where nobody counted."""

    def __post_init__(self) -> None:
        bounds.stems(self.stems, least=0)  # an ear has none
        bounds.integer("sample_rate", self.sample_rate)
        bounds.integer("parameters", self.parameters)

    def write(self, folder: Path) -> None:
        """Into the folder; whoever finds it there takes the folder for whole, so write it last."""
        (folder / NAME).write_text(json.dumps(asdict(self)), "utf-8")


def read(folder: Path) -> Description:
    """The folder's description.

    Raises InvalidWeights where nobody understands it or it says what cannot be, and FileNotFoundError where there is
    none.
    """
    try:
        said = json.loads(bounds.text(folder / NAME))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InvalidWeights(
            f"{NAME} cannot be read ({error.strerror}); make it readable, or install the model again."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidWeights(f"{NAME} is no JSON; install the model again.") from error
    if not isinstance(said, Mapping):
        raise InvalidWeights(f"{NAME} describes no model; install the model again.")
    facts = cast("Mapping[str, object]", said)
    stems = bounds.stems(facts.get("stems"), least=0)
    family, partition = facts.get("family", ""), facts.get("partition", len(stems) > 1)
    if not isinstance(family, str) or not isinstance(partition, bool):
        raise InvalidWeights(f"{NAME} describes no model; install the model again.")
    return Description(
        stems=stems,
        sample_rate=bounds.integer("sample_rate", facts.get("sample_rate")),
        family=family,
        partition=partition,
        parameters=bounds.integer("parameters", facts.get("parameters", 0)),
    )


def is_sound(folder: Path) -> bool:
    """Whether the folder holds a network that was installed to its end, and whose description can be."""
    try:
        read(folder)
    except (InvalidWeights, OSError):
        return False
    return True
