"""Networks that users bring: what an import may hold, which family it is of, and what is installed."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from unmix_models import child
from unmix_models.catalogue import Model, description
from unmix_models.errors import InvalidWeights
from unmix_models.families import FAMILIES, FIRST_OF_NETWORKS, Family

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def imported_model(name: str) -> Model:
    """An entry for a network that the user brings, whose family nobody knows yet.

    Raises InvalidWeights when the name will not do.
    """
    if not _NAME.fullmatch(name):
        raise InvalidWeights(
            f"'{name}' is no name for a model; use up to 64 of a-z, 0-9, dot, dash, underscore."
        )
    return Model(
        name=name,
        family="",
        task="",
        description="Imported from a folder.",
        licence="as its author states; imported by you",
        stems=(),
        sample_rate=None,
    )


def imported_models(folder: Path, catalogue: Collection[str]) -> Mapping[str, Model]:
    """What lies below the weights folder under names that are not the catalogue's and can be run here."""
    found: dict[str, Model] = {}
    for path in sorted(folder.glob(f"*/{description.NAME}")):
        name = path.parent.name
        said = description.read(path.parent)
        if name in catalogue or not _NAME.fullmatch(name) or said is None:
            continue
        family = FAMILIES.get(said.family) if said.family else FIRST_OF_NETWORKS
        if family:
            found[name] = replace(
                imported_model(name),
                family=family.name,
                task=family.task,
                stems=said.stems,
                sample_rate=said.sample_rate,
                partition=said.partition,
            )
    return found


def importable_suffixes(model: Model) -> tuple[str, ...]:
    """Ends of the names of the files that an import of this model may hold beside those that it lists.

    Empty for a model that takes no others.
    """
    if not is_imported(model):
        networks = FAMILIES[model.family].networks
        return networks.suffixes if networks else ()
    every = [suffix for family in FAMILIES.values() if family.networks for suffix in family.networks.suffixes]
    return tuple(dict.fromkeys(every))


def is_imported(model: Model) -> bool:
    """Whether the user's files say what the model is, not the catalogue."""
    return not model.family or (not model.files and FAMILIES[model.family].networks is not None)


def recognised(name: str, source: Path) -> Family:
    """The family of the checkpoints in a folder that shall become the model `name`. Raises InvalidWeights."""
    return FAMILIES[child.run("unmix_models.weights.recognition", source, name=name).strip()]
