"""How checkpoints of demucs are recognised and taken in; light, since the daemon's front does it.

Hashes are compared here, before the child process (`conversion`) opens anything. demucs names a checkpoint
`<signature>-<first digits of its hash>.th`, and bags of several know it by its signature.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from unmix_models import child
from unmix_models.catalogue.entry import Model, WeightFile
from unmix_models.errors import InvalidWeights

if TYPE_CHECKING:
    from unmix_models.tensor_shapes import Shapes

SUFFIXES = (".th", ".safetensors", ".yaml")
"""What a folder to import may hold: checkpoints, and bags that name several."""


def recognise(shapes: "Shapes") -> bool:
    """Both branches and the transformer between them, as only HTDemucs has them."""
    branches = {"encoder.0.conv.weight", "tencoder.0.conv.weight"} <= shapes.keys()
    return branches and any(name.startswith("crosstransformer.") for name in shapes)


def install(model: Model, source: Path, target: Path, stop: Callable[[], bool]) -> None:
    """Check what the catalogue knows of the files in `source`, then let a child convert them into `target`.

    When `stop()` is true the child is ended. Raises InvalidWeights.
    """
    for file in model.files:
        _check(file, source)
    if model.files:
        from unmix_models.separate.htdemucs.bag_file import BagFile  # noqa: PLC0415  # YAML, which the front does not load

        names = tuple(signature(file.name) for file in model.files)
        BagFile(names, model.bag or None).write(source / f"{model.name}.yaml")
    step = "unmix_models.separate.htdemucs.conversion"
    child.run(step, source, target, model.name, name=model.name, stop=stop)


def signature(file_name: str) -> str:
    """A checkpoint's name in bags: what stands before the hash."""
    return Path(file_name).stem.partition("-")[0]


def _check(file: WeightFile, folder: Path) -> None:
    """A legacy checkpoint must be the catalogue's, to the bit; its safetensors twin holds no code and may differ."""
    path = folder / file.name
    if path.is_file():
        file.check(path)
    elif not (folder / f"{signature(file.name)}.safetensors").is_file():
        raise InvalidWeights(f"{file.name} is missing; download it again, or import a folder that holds it.")
