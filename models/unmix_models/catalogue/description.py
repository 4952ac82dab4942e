"""`model.json` in a network's folder: what whoever converted it found out, and its entry where it is the user's own."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

NAME = "model.json"


@dataclass(frozen=True, slots=True)
class Description:
    """What a network says of itself."""

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

    def write(self, folder: Path) -> None:
        """Into the folder; whoever finds it there takes the folder for whole, so write it last."""
        (folder / NAME).write_text(json.dumps(asdict(self)), "utf-8")


def read(folder: Path) -> Description | None:
    """The folder's description, or None where there is none or nobody understands it."""
    try:
        said: dict[str, Any] = json.loads((folder / NAME).read_text("utf-8"))
        stems = tuple(map(str, said["stems"]))
        return Description(
            stems=stems,
            sample_rate=int(said["sample_rate"]),
            family=str(said.get("family", "")),
            partition=bool(said.get("partition", len(stems) > 1)),
            parameters=int(said.get("parameters", 0)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def exists(folder: Path) -> bool:
    """Whether the folder holds a network that was installed to its end."""
    return (folder / NAME).is_file()
