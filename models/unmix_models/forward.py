"""A forward pass that somebody else may run, so that passes of several runs share a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Network(Protocol):
    """What computes segments of several streams together."""

    def forward(self, segments: Sequence[Any]) -> Sequence[Any]:
        """The outputs in order. Raises OutOfMemory."""
        ...


@dataclass(frozen=True, slots=True)
class Forward:
    """A pass that a run waits for; whoever drives the run computes `model.forward` and sends it the output."""

    model: Network
    segment: Any
