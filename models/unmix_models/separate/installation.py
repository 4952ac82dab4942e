"""From what demucs publishes or trains to a model's folder; run as a child process, since pickles are involved.

    python -m unmix_models.separate.installation SOURCE TARGET NAME

SOURCE holds checkpoints (`.th` or `.safetensors`) and perhaps a bag `.yaml`; TARGET, which exists, receives
`.safetensors` files, `<NAME>.yaml`, and `model.json`: what the network says of itself. The whole model is
read once, so a folder that comes out of here can be loaded. On failure the last line of stderr says why.
"""

import json
import shutil
import sys
from pathlib import Path

import yaml

from unmix_models.errors import InvalidWeights
from unmix_models.separate import checkpoint, legacy

DESCRIPTION = "model.json"


def install(source: Path, target: Path, name: str) -> None:
    """Convert and check. Raises InvalidWeights."""
    signatures = [
        _install_checkpoint(path, target) for path in sorted(source.iterdir()) if _is_checkpoint(path)
    ]
    if not signatures:
        raise InvalidWeights("The folder holds neither .th nor .safetensors checkpoints of demucs.")
    bag = _bag(source, name, signatures)
    (target / f"{name}.yaml").write_text(yaml.safe_dump(bag), "utf-8")
    members = checkpoint.read(target / f"{name}.yaml").members
    parameters = members[0].parameters
    description = {
        "stems": list(parameters.sources),
        "sample_rate": parameters.samplerate,
        "parameters": sum(tensor.numel() for member in members for tensor in member.tensors.values()),
    }
    (target / DESCRIPTION).write_text(json.dumps(description), "utf-8")


def _is_checkpoint(path: Path) -> bool:
    return path.is_file() and path.suffix in {".th", ".safetensors"}


def _install_checkpoint(path: Path, target: Path) -> str:
    """Copy or convert one; return its name in a bag, which demucs takes from before the hash."""
    signature = path.stem.partition("-")[0]
    result = target / f"{signature}.safetensors"
    if path.suffix == ".th":
        legacy.convert(path, result)
    else:
        shutil.copyfile(path, result)
    return signature


def _bag(source: Path, name: str, signatures: list[str]) -> object:
    """The folder's own bag, preferably the one of this name, else a bag of its only checkpoint."""
    bags = sorted(source.glob("*.yaml"), key=lambda path: (path.stem != name, path.name))
    for path in bags:
        try:
            bag = yaml.safe_load(path.read_text("utf-8"))
            models = [str(model) for model in bag["models"]]
        except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise InvalidWeights(f"{path.name} is no bag of demucs models.") from error
        if set(models) <= set(signatures):
            return bag
    if len(signatures) == 1:
        return {"models": signatures}
    raise InvalidWeights(f"The folder holds {len(signatures)} checkpoints and no .yaml that names them.")


if __name__ == "__main__":
    try:
        install(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    except InvalidWeights as error:
        sys.exit(str(error))
