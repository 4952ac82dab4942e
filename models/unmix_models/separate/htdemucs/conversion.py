"""From what demucs publishes or trains to a model's folder; run as a child process, since pickles are involved.

    python -m unmix_models.separate.htdemucs.conversion SOURCE TARGET NAME

SOURCE holds checkpoints (`.th` or `.safetensors`) and perhaps a bag `.yaml`; TARGET, which exists, receives
`.safetensors` files, `<NAME>.yaml`, and `model.json`: what the network says of itself. The whole model is
read once, so a folder that comes out of here can be loaded. On failure the last line of stderr says why.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from unmix_models.catalogue.description import Description
from unmix_models.errors import InvalidWeights
from unmix_models.separate.htdemucs import checkpoint, legacy
from unmix_models.separate.htdemucs.installation import signature


def convert(source: Path, target: Path, name: str) -> None:
    """Convert and check the bag's members, and nothing else in the folder. Raises InvalidWeights."""
    found = {signature(path.name): path for path in sorted(source.iterdir()) if _is_checkpoint(path)}
    if not found:
        raise InvalidWeights("The folder holds neither .th nor .safetensors checkpoints of demucs.")
    bag = _bag(source, name, list(found))
    for member in dict.fromkeys(map(str, bag["models"])):
        _convert_checkpoint(found[member], target / f"{member}.safetensors")
    (target / f"{name}.yaml").write_text(json.dumps(bag), "utf-8")  # JSON is YAML
    members = checkpoint.read(target / f"{name}.yaml").members
    parameters = members[0].parameters
    Description(
        family="htdemucs",
        stems=parameters.sources,
        sample_rate=parameters.samplerate,
        partition=len(parameters.sources) > 1,  # who trains for one stem leaves the others out
        parameters=sum(tensor.numel() for member in members for tensor in member.tensors.values()),
    ).write(target)


def _is_checkpoint(path: Path) -> bool:
    return path.is_file() and path.suffix in {".th", ".safetensors"}


def _convert_checkpoint(path: Path, result: Path) -> None:
    if path.suffix == ".th":
        legacy.convert(path, result)
    else:
        shutil.copyfile(path, result)


def _bag(source: Path, name: str, signatures: list[str]) -> dict[str, Any]:
    """The folder's bag of this name, else its only checkpoint, else the first bag whose members are there."""
    bags = sorted(source.glob("*.yaml"), key=lambda path: (path.stem != name, path.name))
    if len(signatures) == 1 and not any(path.stem == name for path in bags):
        return {"models": signatures}
    for path in bags:
        try:
            bag = yaml.safe_load(path.read_text("utf-8"))
            models = [str(model) for model in bag["models"]]
        except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise InvalidWeights(f"{path.name} is no bag of demucs models.") from error
        if set(models) <= set(signatures):
            return bag
    raise InvalidWeights(f"The folder holds {len(signatures)} checkpoints and no .yaml that names them.")


if __name__ == "__main__":
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    except InvalidWeights as error:
        sys.exit(str(error))
