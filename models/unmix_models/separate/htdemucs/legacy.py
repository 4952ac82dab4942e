"""Conversion of demucs' `.th` files, which are pickles, to `.safetensors`; done once, in a child process.

The child unpickles with `weights_only` and an allow-list: tensors, plain containers, fractions, and the
*name* of the network's class, for which an empty class stands in. Nothing else can be built or called.
"""

import hashlib
import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]  # untyped path

from unmix_models.errors import InvalidWeights
from unmix_models.separate.htdemucs.checkpoint import CLASS

TIMEOUT = 300
"""Seconds that a conversion may take; 160 MB take two."""


def convert(source: Path, target: Path, *, sha256: str | None = None) -> None:
    """Write `source` as `target`, in the layout of demucs' Hugging Face repositories.

    `sha256` is checked before anything is read from the file: in full where the catalogue knows it, else the
    first digits that demucs puts into its file names (`955717e8-8726e21a.th`). Raises `InvalidWeights`.
    """
    expected = sha256 or (source.stem.rpartition("-")[2] if "-" in source.stem else "")
    with source.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if not actual.startswith(expected.lower()):
        raise InvalidWeights(
            f"{source.name} has the hash {actual[:16]}…, not {expected[:16]}…; download it again."
        )
    unfinished = target.with_name(target.name + ".part")
    command = [sys.executable, "-m", __spec__.name, str(source), str(unfinished)]
    try:
        child = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        if child.returncode:
            reason = (child.stderr.strip().splitlines() or [f"exit status {child.returncode}"])[-1]
            raise InvalidWeights(
                f"{source.name} could not be converted ({reason}); use an HTDemucs of demucs 4."
            )
        unfinished.replace(target)
    except subprocess.TimeoutExpired as error:
        raise InvalidWeights(f"{source.name} took too long to convert; download it again.") from error
    finally:
        unfinished.unlink(missing_ok=True)


class _HTDemucs:
    """Stands in for the network's class in the pickle."""


def _convert(source: Path, target: Path) -> None:
    """In the child."""
    with torch.serialization.safe_globals([(_HTDemucs, CLASS), Fraction]):
        package: dict[str, Any] = torch.load(source, map_location="cpu", weights_only=True)
    if package["klass"] is not _HTDemucs or "__quantized" in package["state"]:
        raise InvalidWeights("not a plain HTDemucs")
    metadata = {
        "klass": CLASS,
        "args": json.dumps(package["args"], default=_encoded),
        "kwargs": json.dumps(package["kwargs"], default=_encoded),
    }
    state = {name: tensor.detach().contiguous().clone() for name, tensor in package["state"].items()}
    save_file(state, target, metadata)


def _encoded(value: object) -> dict[str, Any]:
    if not isinstance(value, Fraction):
        raise InvalidWeights(f"a hyper-parameter of type {type(value).__name__}")
    return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}


if __name__ == "__main__":
    _convert(Path(sys.argv[1]), Path(sys.argv[2]))
