"""Conversion of demucs' `.th` files, which are pickles, to `.safetensors`; done once, in the child of an installation.

They are unpickled with `weights_only` and an allow-list: tensors, plain containers, fractions, and the
*name* of the network's class, for which an empty class stands in. Nothing else can be built or called.
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]  # untyped path

from unmix_models.errors import InvalidWeights
from unmix_models.separate.htdemucs.checkpoint import CLASS


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
    try:
        _convert(source, unfinished)
        unfinished.replace(target)
    except (MemoryError, OSError):  # of the machine, or of our limits
        raise
    except Exception as error:  # a border: pickles of anybody raise anything
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InvalidWeights(
            f"{source.name} could not be converted ({reason}); use an HTDemucs of demucs 4."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


class _HTDemucs:
    """Stands in for the network's class in the pickle."""


def _convert(source: Path, target: Path) -> None:
    size = source.stat().st_size
    _check_sizes(source, size)
    with torch.serialization.safe_globals([(_HTDemucs, CLASS), Fraction]):
        package: dict[str, Any] = torch.load(source, map_location="cpu", weights_only=True)
    if package["klass"] is not _HTDemucs or "__quantized" in package["state"]:
        raise InvalidWeights("not a plain HTDemucs")
    metadata = {
        "klass": CLASS,
        "args": json.dumps(package["args"], default=_encoded),
        "kwargs": json.dumps(package["kwargs"], default=_encoded),
    }
    tensors = _plain(package["state"], size)
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, target, metadata)


def _check_sizes(source: Path, size: int) -> None:
    """`torch.save` compresses nothing: what would unpack to more than the file's `size` is none of its."""
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > size:
                raise InvalidWeights("it unpacks to more than it is")


def _plain(state: object, size: int) -> Mapping[str, torch.Tensor]:
    """The tensors, which hold no more than the file; a stride of zero makes any size out of a single number."""
    if not isinstance(state, Mapping):
        raise InvalidWeights("no tensors by name")
    tensors: dict[str, torch.Tensor] = {}
    for name, tensor in cast("Mapping[object, object]", state).items():
        if (
            not isinstance(name, str)
            or not isinstance(tensor, torch.Tensor)
            or tensor.layout != torch.strided
        ):
            raise InvalidWeights("something else among its tensors")
        tensors[name] = tensor.detach()
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()) > size:
        raise InvalidWeights("its tensors are larger than it is")
    return tensors


def _encoded(value: object) -> dict[str, Any]:
    if not isinstance(value, Fraction):
        raise InvalidWeights(f"a hyper-parameter of type {type(value).__name__}")
    return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
