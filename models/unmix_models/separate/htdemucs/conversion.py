"""From what demucs publishes or trains to a model's folder: `main` runs in a child, since pickles are involved.

The source holds checkpoints (`.th` or `.safetensors`) and perhaps a bag `.yaml`; the target, which exists, receives
`.safetensors` files, `<NAME>.yaml`, and `model.json`: what the network says of itself. The whole model is
made once, so a folder that comes out of here can be loaded.
"""

import shutil
from pathlib import Path

from unmix_models.catalogue.description import Description
from unmix_models.errors import InvalidWeights
from unmix_models.separate.htdemucs import bag_file, checkpoint, legacy, separator
from unmix_models.separate.htdemucs.bag_file import BagFile
from unmix_models.separate.htdemucs.installation import signature


def main(source: str, target: str, name: str) -> None:
    """In the child. Raises InvalidWeights."""
    convert(Path(source), Path(target), name)


def convert(source: Path, target: Path, name: str) -> None:
    """Convert and check the bag's members, and nothing else in the folder. Raises InvalidWeights."""
    found = {signature(path.name): path for path in sorted(source.iterdir()) if _is_checkpoint(path)}
    if not found:
        raise InvalidWeights("The folder holds neither .th nor .safetensors checkpoints of demucs.")
    bag = _bag(source, name, list(found))
    for member in dict.fromkeys(bag.models):
        _convert_checkpoint(found[member], target / f"{member}.safetensors")
    bag.write(target / f"{name}.yaml")
    checkpoints = checkpoint.read(target / f"{name}.yaml")
    separator.load(checkpoints, name=name, precision="float32").close()
    members = checkpoints.members
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


def _bag(source: Path, name: str, signatures: list[str]) -> BagFile:
    """The folder's bag of this name, else its only checkpoint, else the first bag whose members are there."""
    bags = sorted(source.glob("*.yaml"), key=lambda path: (path.stem != name, path.name))
    if len(signatures) == 1 and not any(path.stem == name for path in bags):
        return BagFile(tuple(signatures))
    for path in bags:
        bag = bag_file.read(path)
        if set(bag.models) <= set(signatures):
            return bag
    raise InvalidWeights(f"The folder holds {len(signatures)} checkpoints and no .yaml that names them.")
