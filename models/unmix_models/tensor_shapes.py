"""Names and shapes of a checkpoint's tensors, without loading one of them and without PyTorch.

Of `.safetensors` files the header says them. What `torch.save` writes is a zip file with a pickle in it, which is
read by an unpickler that knows nothing: whatever class or function the pickle names, it gets an inert stand-in
for it, so that nothing can be built or called.
"""

import json
import pickle  # only by `_Reader`, which resolves no name
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
"""Tensors by name, without their numbers."""

_LONGEST = 100 << 20
"""Bytes of a header or of a pickle without its tensors; those of real checkpoints have less than one million."""


def shapes_of(path: Path) -> Shapes:
    """The tensors in a file; none where it is no checkpoint."""
    try:
        return _of_zip(path) if zipfile.is_zipfile(path) else _of_safetensors(path)
    except Exception:  # noqa: BLE001  # a border: pickles and zips of anybody raise anything
        return {}


def _of_safetensors(path: Path) -> Shapes:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _LONGEST:
            return {}
        header = json.loads(file.read(length))
    return {name: tuple(said["shape"]) for name, said in header.items() if name != "__metadata__"}


def _of_zip(path: Path) -> Shapes:
    with zipfile.ZipFile(path) as archive:
        (entry,) = [entry for entry in archive.infolist() if entry.filename.endswith("/data.pkl")]
        if entry.file_size > _LONGEST:
            return {}
        with archive.open(entry) as file:
            saved = _Reader(file).load()
    return max((_tensors(value) for value in _levels(saved)), key=len)


def _levels(saved: object) -> list[object]:
    """A checkpoint is its tensors by name, or holds them under a name such as `state` or `state_dict`."""
    inner = list(cast("Mapping[str, object]", saved).values()) if isinstance(saved, Mapping) else []
    return [saved, *inner]


def _tensors(value: object) -> Shapes:
    if not isinstance(value, Mapping):
        return {}
    items = cast("Mapping[object, object]", value).items()
    return {
        name: found.shape for name, found in items if isinstance(name, str) and isinstance(found, _Tensor)
    }


class _Tensor:
    """Stands in for a tensor."""

    def __init__(self, storage: object, offset: object, shape: tuple[int, ...], *_: object) -> None:
        self.shape = shape


class _Inert(dict[Any, Any]):
    """Stands in for anything else: takes whatever a pickle does to an object, and holds what it is given by name."""

    def __init__(self, *_: object) -> None:
        super().__init__()

    def __setstate__(self, state: object) -> None:
        pass

    def __hash__(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]  # it may be a key
        return id(self)

    def append(self, _: object) -> None:
        """As a list."""

    def extend(self, _: object) -> None:
        """As a list."""

    def add(self, _: object) -> None:
        """As a set."""


class _Reader(pickle.Unpickler):
    """Resolves no name."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch._utils" and name in {"_rebuild_tensor", "_rebuild_tensor_v2"}:
            return _Tensor
        if module == "torch._utils" and name == "_rebuild_parameter":
            return _first
        return _Inert

    def persistent_load(self, pid: object) -> None:
        """Storages lie beside the pickle, and stay there."""


def _first(value: object, *_: object) -> object:
    return value
