"""What every task is to the worker: a first look, and passes over the file that write its outputs."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from unmix.words import AudioFacts, OutputStarted, Stretch
from unmix_models.catalogue import Choice
from unmix_models.forward import Forward
from unmix_models.stems import Level
from unmix_models.weights import Weights

from unmix_daemon.worker.files import RunFiles

IDLE_UNLOADED = "The device ran out of memory once; idle models were unloaded."
"""What a task tells the user when its model has no form that needs less memory."""


@dataclass(slots=True)
class Outcome:
    """What came of the passes."""

    audio: AudioFacts | None
    """None for what is no sound."""
    levels: dict[str, Level] = field(default_factory=dict[str, Level])
    """Of each output that is sound, by name."""
    notes: list[str] = field(default_factory=list[str])
    timeline: tuple[Stretch, ...] = ()
    """What was heard, and what was done there."""
    model: str | None = None
    """What the summary names, where it is not the model that was chosen: several joined by `+`, or `words.NO_MODEL`."""
    reason: str | None = None
    """Why that, where it is not why the model was chosen."""


Passes: TypeAlias = Generator[Forward | None, Any, Outcome]
"""Hands control back at every segment border, and asks for forward passes that may share a batch."""


class TaskWork(Protocol):
    """One task with one file; made for each run. Everything raises AudioError and OSError."""

    def choose(self, weights: Weights) -> Choice:
        """Look at the file, and settle on a model."""
        ...

    def outputs(self, model: Any) -> Sequence[OutputStarted]:
        """What will be written, in order."""
        ...

    def most_bytes(self, model: Any) -> int:
        """What the outputs take on the disk at most; 0 where that cannot be told before."""
        ...

    def passes(self, model: Any, files: RunFiles) -> Passes:
        """Do the work, from the start of the file; it may be asked for again after memory was short."""
        ...

    def smaller(self, model: Any) -> tuple[Any, str]:
        """The model in a form that needs less memory, where there is one, and what to tell the user."""
        ...
