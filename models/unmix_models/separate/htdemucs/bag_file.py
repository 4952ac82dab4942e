"""A bag's `.yaml`: which checkpoints work together, with which weights. Anybody may have written it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from unmix_models.catalogue import bounds
from unmix_models.errors import InvalidWeights

_NUMBERS = 10**8
"""Signatures have eight; one without a letter is a number in YAML."""


@dataclass(frozen=True, slots=True)
class BagFile:
    """What the file says; numbers within `bounds`."""

    models: tuple[str, ...]
    """Names of checkpoints beside it, without their suffix."""
    weights: tuple[tuple[float, ...], ...] | None = None
    """`[models][stems]`; None: all alike."""
    segment: float | None = None
    """Seconds, which a bag may shorten."""

    def write(self, path: Path) -> None:
        """As JSON, which is YAML."""
        said: dict[str, object] = {"models": self.models}
        if self.weights is not None:
            said["weights"] = self.weights
        if self.segment is not None:
            said["segment"] = self.segment
        path.write_text(json.dumps(said), "utf-8")


def read(path: Path) -> BagFile:
    """Raises InvalidWeights for what is no bag, and FileNotFoundError."""
    text = bounds.text(path)
    try:
        said = yaml.load(text.decode("utf-8"), _PlainLoader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
        raise InvalidWeights(f"{path.name} is not a bag of demucs models; download it again.") from error
    if not isinstance(said, Mapping):
        raise InvalidWeights(f"{path.name} is not a bag of demucs models; download it again.")
    facts = cast("Mapping[str, object]", said)
    segment = facts.get("segment")
    return BagFile(
        models=_models(facts.get("models"), path),
        weights=_weights(facts.get("weights"), path),
        segment=None if segment is None else float(bounds.number("segment", segment)),
    )


def _models(said: object, path: Path) -> tuple[str, ...]:
    if not isinstance(said, list) or not 1 <= len(cast("list[object]", said)) <= bounds.MOST_NETWORKS:
        raise InvalidWeights(f"{path.name} names no models, or too many; download it again.")
    return tuple(_name(name, path) for name in cast("list[object]", said))


def _name(said: object, path: Path) -> str:
    name = str(said) if isinstance(said, int) and 0 <= said < _NUMBERS else said
    if not isinstance(name, str) or Path(name).name != name or not name.isprintable():
        raise InvalidWeights(f"{path.name} names models outside of its folder; download it again.")
    return name


def _weights(said: object, path: Path) -> tuple[tuple[float, ...], ...] | None:
    if said is None:
        return None
    rows = cast("Sequence[object]", said) if isinstance(said, list) else [said]
    if not all(isinstance(row, list) for row in rows):
        raise InvalidWeights(f"{path.name} gives no weights for each model and stem; download it again.")
    return tuple(
        tuple(float(bounds.number("weight", weight)) for weight in row)
        for row in cast("Sequence[Sequence[object]]", rows)
    )


class _PlainLoader(yaml.SafeLoader):
    """Without aliases: a few lines of them unfold to any number of entries."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not taken")
        return super().compose_node(parent, index)
