"""Checkpoints of HTDemucs: reading what demucs publishes and what demucs trains.

A checkpoint is a `.safetensors` file with the constructor's arguments in its metadata (as demucs publishes
them on Hugging Face), and a bag is a `.yaml` file beside its members. Legacy `.th` files are pickles: they
are converted first (`unmix_models.separate.htdemucs.legacy`), never read here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from unmix_models.errors import InvalidWeights
from unmix_models.separate.htdemucs import bag_file
from unmix_models.separate.htdemucs.hyper_parameters import HyperParameters

CLASS = "demucs.htdemucs.HTDemucs"
"""The only network that is run here."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One network: its hyper-parameters and the tensors of its state, named as demucs names them."""

    parameters: HyperParameters
    tensors: Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class CheckpointBag:
    """One or several networks with the same stems, and the weight of each network in each stem."""

    members: tuple[Checkpoint, ...]
    weights: tuple[tuple[float, ...], ...]
    """`[members][stems]`; the weighted mean of the members is the result."""

    def __post_init__(self) -> None:
        if not self.members:
            raise InvalidWeights("This bag names no models; download it again.")
        first = self.members[0].parameters
        for member in self.members:
            other = member.parameters
            if (other.sources, other.samplerate, other.audio_channels) != (
                first.sources,
                first.samplerate,
                first.audio_channels,
            ):
                raise InvalidWeights(
                    "The models of this bag differ in stems, rate or channels; download it again."
                )
        stems = len(first.sources)
        if len(self.weights) != len(self.members) or any(len(row) != stems for row in self.weights):
            raise InvalidWeights(
                "The weights of this bag do not fit its models and stems; download it again."
            )
        if any(sum(column) <= 0 for column in zip(*self.weights, strict=True)):
            raise InvalidWeights("No model of this bag has weight in some stem; download it again.")


def single(checkpoint: Checkpoint) -> CheckpointBag:
    """A bag of one."""
    return CheckpointBag((checkpoint,), ((1.0,) * len(checkpoint.parameters.sources),))


def read(path: Path) -> CheckpointBag:
    """A `.safetensors` checkpoint, or a `.yaml` bag of those beside it.

    Raises `InvalidWeights` for files that are not such, and `FileNotFoundError`.
    """
    if path.suffix == ".safetensors":
        return single(_read_member(path))
    if path.suffix not in {".yaml", ".yml"}:
        raise InvalidWeights(
            f"{path.name} is neither .safetensors nor a bag .yaml; convert a .th file first."
        )
    bag = bag_file.read(path)
    members = [_read_member(path.with_name(f"{name}.safetensors")) for name in bag.models]
    if bag.segment is not None:
        members = [_with_segment(member, bag.segment) for member in members]
    rows = bag.weights
    if rows is None:
        rows = tuple((1.0,) * len(member.parameters.sources) for member in members)
    return CheckpointBag(tuple(members), rows)


def from_module(module: Any) -> CheckpointBag:
    """Of a `demucs.htdemucs.HTDemucs`, or of a `demucs.apply.BagOfModels` of them, as they are in memory."""
    if hasattr(module, "models"):
        members = tuple(from_module(member).members[0] for member in module.models)
        return CheckpointBag(members, tuple(tuple(map(float, row)) for row in module.weights))
    arguments, keywords = module._init_args_kwargs  # where demucs' own export finds them
    checkpoint = Checkpoint(HyperParameters.parse(_named(arguments, keywords)), module.state_dict())
    return single(replace(checkpoint, parameters=replace(checkpoint.parameters, segment=module.segment)))


def _read_member(path: Path) -> Checkpoint:
    try:
        opened: Any = safe_open(path, framework="pt")
        with opened as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if metadata["klass"] != CLASS or "structure" in metadata:
            raise InvalidWeights(f"{path.name} holds a {metadata['klass']}; only plain HTDemucs can be run.")
        keywords = _named(json.loads(metadata["args"]), json.loads(metadata["kwargs"], object_hook=_decoded))
        return Checkpoint(HyperParameters.parse(keywords), tensors)
    except (SafetensorError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise InvalidWeights(f"{path.name} is not a checkpoint of demucs; download it again.") from error


def _named(arguments: Any, keywords: Any) -> dict[str, Any]:
    """Constructor arguments by name; only the first, the stems, is ever given by position."""
    if len(arguments) > 1:
        raise InvalidWeights("This checkpoint gives hyper-parameters without their names; export it again.")
    return {**dict(zip(("sources",), arguments, strict=False)), **keywords}


def _decoded(pairs: dict[str, Any]) -> Any:
    """JSON has no fractions; demucs writes them as an object."""
    if pairs.get("_type") == "fraction":
        return Fraction(pairs["numerator"], pairs["denominator"])
    return pairs


def _with_segment(member: Checkpoint, segment: float) -> Checkpoint:
    """A bag may shorten the segments of an HTDemucs, not lengthen them (`BagOfModels`)."""
    if segment > member.parameters.segment:
        return member
    return replace(member, parameters=replace(member.parameters, segment=segment))
