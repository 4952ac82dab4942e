"""Checkpoints of separation networks on disk, as far as that goes without loading PyTorch.

Converting and checking happen in a child process (`unmix_models.separate.installation`), because old
checkpoints are pickles; hashes are compared here, before it starts.
"""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from .catalogue import Model, Task, WeightFile
from .errors import InvalidWeights

DESCRIPTION = "model.json"
"""Written by the child: stems, sample rate, number of parameters."""
SUFFIXES = (".th", ".safetensors", ".yaml")
"""What a folder to import may hold."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SECONDS = 600


def imported_model(name: str) -> Model:
    """An entry for a network that the user brings. Raises InvalidWeights when the name will not do."""
    if not _NAME.fullmatch(name):
        raise InvalidWeights(
            f"'{name}' is no name for a model; use up to 64 of a-z, 0-9, dot, dash, underscore."
        )
    return Model(
        name=name,
        task=Task.SEPARATE,
        description="Imported from a folder.",
        licence="as its author states; imported by you",
        stems=(),
        sample_rate=None,
        architecture="htdemucs",
    )


def imported_models(folder: Path, catalogue: Collection[str]) -> Mapping[str, Model]:
    """What lies below the weights folder under names that are not the catalogue's."""
    found: dict[str, Model] = {}
    for path in sorted(folder.glob(f"*/{DESCRIPTION}")):
        name = path.parent.name
        if name in catalogue or not _NAME.fullmatch(name):
            continue
        try:
            said = json.loads(path.read_text("utf-8"))
            stems, rate = tuple(map(str, said["stems"])), int(said["sample_rate"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        found[name] = replace(imported_model(name), stems=stems, sample_rate=rate)
    return found


def install_network(model: Model, source: Path, target: Path) -> None:
    """Check what the catalogue knows of the files in `source`, then let a child convert them into `target`.

    Raises InvalidWeights.
    """
    for file in model.files:
        _check(file, source)
    if model.files:
        bag: dict[str, object] = {"models": [file.name.partition("-")[0] for file in model.files]}
        if model.bag:
            bag["weights"] = [list(row) for row in model.bag]
        (source / f"{model.name}.yaml").write_text(json.dumps(bag), "utf-8")  # JSON is YAML
    command = [sys.executable, "-m", "unmix_models.separate.installation", source, target, model.name]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise InvalidWeights(f"'{model.name}' took too long to convert; download it again.") from error
    if child.returncode:
        reason = (child.stderr.strip().splitlines() or [f"the converter ended with {child.returncode}"])[-1]
        raise InvalidWeights(f"'{model.name}' was not installed: {reason.rstrip('.')}. Check the files.")


def _check(file: WeightFile, folder: Path) -> None:
    """A legacy checkpoint must be the catalogue's, to the bit; its safetensors twin holds no code and may differ."""
    path = folder / file.name
    if not path.is_file():
        twin = folder / f"{file.name.partition('-')[0]}.safetensors"
        if twin.is_file():
            return
        raise InvalidWeights(f"{file.name} is missing; download it again, or import a folder that holds it.")
    with path.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest() != file.sha256:
            raise InvalidWeights(
                f"{file.name} is not the file that the catalogue names (SHA-256 {file.sha256[:12]}…); "
                "download it again from the official release."
            )
