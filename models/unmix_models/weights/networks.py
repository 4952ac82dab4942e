"""Networks that users bring: what an import may hold, which family it is of, and what is installed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from unmix_models import child
from unmix_models.catalogue import Model, bounds, description
from unmix_models.errors import InvalidWeights
from unmix_models.families import FAMILIES, FIRST_OF_NETWORKS, Family, family_of

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def imported_model(name: str) -> Model:
    """An entry for a network that the user brings, whose family nobody knows yet.

    Raises InvalidWeights when the name will not do.
    """
    if not _NAME.fullmatch(name):
        raise InvalidWeights(
            f"{bounds.shown(name)} is no name for a model; use up to 64 of a-z, 0-9, dot, dash, underscore."
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


@dataclass(frozen=True, slots=True)
class Found:
    """What lies below a weights folder."""

    models: Mapping[str, Model]
    """Networks of the user's own."""
    left_out: Mapping[str, str]
    """Why others, of the catalogue too, are not used: a sentence by their name."""


def look(folder: Path, catalogue: Mapping[str, Model]) -> Found:
    """Find the networks below a folder; one that says of itself what cannot be hides no other."""
    models: dict[str, Model] = {}
    left_out: dict[str, str] = {}
    for path in _folders(folder):
        name = path.name
        try:
            said = description.read(path)
            if name not in catalogue:
                models[name] = _entry(name, said)
        except (FileNotFoundError, NotADirectoryError):
            continue  # it has no description: nothing of this kind
        except InvalidWeights as error:
            if name not in catalogue or family_of(catalogue[name]).networks:
                left_out[name] = str(error)
    return Found(models, left_out)


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except OSError:
        return []


def _entry(name: str, said: description.Description) -> Model:
    """The entry of an imported network. Raises InvalidWeights."""
    family = FAMILIES.get(said.family) if said.family else FIRST_OF_NETWORKS
    if family is None or family.networks is None or family.networks.recognise is None:
        raise InvalidWeights(
            f"It is of the family {bounds.shown(said.family)}, which this unmix does not run."
        )
    if not said.stems:
        raise InvalidWeights("It names no stems.")
    return replace(
        imported_model(name),
        family=family.name,
        task=family.task,
        stems=said.stems,
        sample_rate=said.sample_rate,
        partition=said.partition,
    )


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


def recognised(name: str, source: Path, stop: Callable[[], bool]) -> Family:
    """The family of the checkpoints in a folder that shall become the model `name`. Raises InvalidWeights."""
    return FAMILIES[child.run("unmix_models.weights.recognition", source, name=name, stop=stop).strip()]
