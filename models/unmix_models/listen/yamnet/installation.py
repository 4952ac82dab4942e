"""How YAMNet's file is taken in; light, since the daemon's front does it.

The file is compared by its hash here, before a child process (`conversion`) reads it.
"""

from collections.abc import Callable
from pathlib import Path

from unmix_models import child
from unmix_models.catalogue.entry import Model
from unmix_models.errors import InvalidWeights

NETWORK = "yamnet.onnx"
"""What it becomes."""


def install(model: Model, source: Path, target: Path, stop: Callable[[], bool]) -> None:
    """Check the model's file in `source`, and let a child convert it into `target`, until `stop()` is true.

    Raises InvalidWeights.
    """
    (file,) = model.files
    path = source / file.name
    if not path.is_file():
        raise InvalidWeights(f"{file.name} is missing; download it again, or import a folder that holds it.")
    file.check(path)
    child.run("unmix_models.listen.yamnet.conversion", path, target, name=model.name, stop=stop)
