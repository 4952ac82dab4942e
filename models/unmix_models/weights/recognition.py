"""Which family the checkpoints of a folder are of: `main` runs in a child, since pickles are looked at."""

from pathlib import Path

from unmix_models.errors import InvalidWeights
from unmix_models.families import FAMILIES, Networks
from unmix_models.tensor_shapes import Shapes, shapes_of


def main(folder: str) -> None:
    """In the child: print the family's name. Raises InvalidWeights."""
    print(recognise(Path(folder)))  # noqa: T201  # the answer to whoever started this process


def recognise(folder: Path) -> str:
    """The name of the only family that the folder's checkpoints are of. Raises InvalidWeights."""
    networks = {
        family.name: family.networks
        for family in FAMILIES.values()
        if family.networks and family.networks.recognise
    }
    runs = f"it runs those of: {', '.join(networks)}"
    suffixes = {suffix for each in networks.values() for suffix in each.suffixes}
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in suffixes and path.is_file()]
    checkpoints = {path.name: shapes for path in paths if (shapes := shapes_of(path))}
    if not checkpoints:
        strange = f" ({', '.join(path.name for path in paths)} is none)" if paths else ""
        raise InvalidWeights(f"The folder holds no checkpoint that unmix can read{strange}; {runs}.")
    families = {name: _family(shapes, networks) for name, shapes in checkpoints.items()}
    known = {family for family in families.values() if family}
    if not known:
        raise InvalidWeights(f"{next(iter(families))} holds a network of no family that unmix knows; {runs}.")
    if len(known) > 1:
        raise InvalidWeights(
            f"The folder holds networks of several families ({', '.join(sorted(known))}); import each by itself."
        )
    return known.pop()


def _family(shapes: Shapes, networks: dict[str, Networks]) -> str:
    return next((name for name, each in networks.items() if each.recognise and each.recognise(shapes)), "")
