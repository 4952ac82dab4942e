"""The task of splitting a mixture into stems: its fields, what they may be, and its message."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self

from unmix.v1 import audio_pb2
from unmix.words.faults import FieldError
from unmix.words.text import MOST_NAME, as_text, check_text, shown

MOST_SHIFTS = 20
MOST_STEMS = 32
MOST_OVERLAP = 0.99
"""A hundred passes over each moment. Just below 1 segments begin a frame apart, and a song would take years."""
_STEM = re.compile(r"-?[a-zA-Z0-9_]{1,40}")


class Consistency(StrEnum):
    """Whether stems add up to the mixture."""

    MIXTURE = "mixture"
    """They do: the model's error is shared out among them."""
    NONE = "none"
    """The model's raw output."""


_CONSISTENCIES = {
    Consistency.MIXTURE: audio_pb2.CONSISTENCY_MIXTURE,
    Consistency.NONE: audio_pb2.CONSISTENCY_NONE,
}
_CONSISTENCIES_OF_PROTO = {value: consistency for consistency, value in _CONSISTENCIES.items()} | {
    audio_pb2.CONSISTENCY_UNSPECIFIED: Consistency.MIXTURE
}


@dataclass(frozen=True, slots=True)
class SeparateTask:
    """Split a mixture into stems."""

    model: str = "auto"
    """A separation model's name; `auto` is the best installed one that has the stems."""
    stems: tuple[str, ...] = ()
    """`vocals`, `drums`, …; `-vocals` is the mixture without them, its output is called `no_vocals`. None: all
    stems of the model."""
    consistency: Consistency = Consistency.MIXTURE
    """How the stems relate to the mixture."""
    shifts: int = 0
    """So many passes at different places are averaged, for quality; 0: one plain pass."""
    overlap: float | None = None
    """How far segments overlap, 0 to 0.99; None is the model's own."""
    kind: Literal["separate"] = "separate"

    def check(self) -> None:
        """Raises FieldError."""
        check_text(self.model, "task.model")
        if self.overlap is not None and not 0 <= self.overlap <= MOST_OVERLAP:
            raise FieldError(
                "task.overlap", f"The overlap is {self.overlap:.12g}; choose 0 to {MOST_OVERLAP:g}."
            )
        if not 0 <= self.shifts <= MOST_SHIFTS:
            raise FieldError("task.shifts", f"There are {self.shifts} shifts; choose 0 to {MOST_SHIFTS}.")
        odd = [stem for stem in self.stems if not is_stem(stem)]
        if odd or len(self.stems) > MOST_STEMS:
            name = f"'{shown(odd[0])}'" if odd else f"A list of {len(self.stems)} names"
            raise FieldError(
                "task.stems",
                f"{name} is no stem; use names such as vocals, or -vocals for all but the vocals.",
            )
        if self.consistency not in set(Consistency):
            raise FieldError(
                "task.consistency",
                f"There is no consistency '{shown(self.consistency)}'; choose mixture or none.",
            )

    def needs(self) -> tuple[str, ...]:
        """Stems that the model must have."""
        return self.stems

    def outputs(self) -> tuple[str, ...]:
        """The outputs that come, by name; none where the model decides."""
        return tuple(dict.fromkeys(map(output_of, self.stems)))

    def to_proto(self) -> audio_pb2.SeparateTask:
        """Its message; of a task that has passed `check`."""
        return audio_pb2.SeparateTask(
            model=as_text(self.model, MOST_NAME),
            stems=[as_text(stem, MOST_NAME) for stem in self.stems[:MOST_STEMS]],
            consistency=_CONSISTENCIES[self.consistency],
            shifts=self.shifts,
            overlap=self.overlap,
        )

    @classmethod
    def from_proto(cls, message: audio_pb2.SeparateTask) -> Self:
        """The task that a message describes. Raises FieldError for a consistency that does not exist."""
        if message.consistency not in _CONSISTENCIES_OF_PROTO:
            raise FieldError(
                "task.consistency", f"There is no consistency {message.consistency}; leave it out."
            )
        return cls(
            model=message.model or "auto",
            stems=tuple(dict.fromkeys(message.stems)),
            consistency=_CONSISTENCIES_OF_PROTO[message.consistency],
            shifts=message.shifts,
            overlap=message.overlap if message.HasField("overlap") else None,
        )


def is_stem(name: str) -> bool:
    """Whether a name can be a stem's: letters, digits and underscores, perhaps behind a dash."""
    return bool(_STEM.fullmatch(name))


def output_of(asked: str) -> str:
    """What the output is called of a stem that was asked for: `no_vocals` for `-vocals`, else the stem's name."""
    plain = asked.lower()
    return f"no_{plain[1:]}" if plain.startswith("-") else plain
