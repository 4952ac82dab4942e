"""How a task is read, computed and written; the same for every task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from unmix.v1 import audio_pb2
from unmix.words.faults import FieldError
from unmix.words.formats import DEPTHS, FORMATS
from unmix.words.text import MOST_FILE_NAME, MOST_NAME, as_text, check_text, shown
from unmix.words.times import check_duration, duration_to_proto, seconds_of

MOST_LABELS = 16
MOST_LABEL_BYTES = 1024
MOST_ALSO_FORMATS = 4
_MOST_FRAMES = (1 << 63) - 1


class Priority(IntEnum):
    """Who goes first; within one priority clients take turns."""

    UNSPECIFIED = 0
    """Interactive for calls that are waited for, batch for durable jobs."""
    BATCH = 1
    FOLDER = 2
    INTERACTIVE = 3


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a recording, in frames of its own sample rate."""

    first_frame: int
    frames: int
    """0: all up to the end."""


@dataclass(frozen=True, slots=True)
class Options:
    """What every task has."""

    file_name: str = ""
    """For messages and job lists only. A client's empty one is replaced by the source's own name."""
    size_bytes: int | None = None
    """As declared by the client; None: not known."""
    format: str = ""
    """Output format such as `wav` or `mp3`. Empty: as the input."""
    also_formats: tuple[str, ...] = ()
    """Each stem is written in these as well; such an output is called `<stem>_<format>`."""
    depth: str = ""
    """Sample depth such as `s24` or `f32`. Empty: as the input."""
    device: str = "auto"
    """`cpu`, `cuda:0`, `mps`; `auto` is the best that is there."""
    keep_alive: float | None = None
    """Seconds that the model stays loaded; 0: unload at once, negative: keep, None: the daemon's default."""
    priority: Priority = Priority.UNSPECIFIED
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """The client's own notes, returned as they are."""
    section: Section | None = None
    """The part to process and return, exact to the frame; None: all of the recording."""

    def check(self) -> None:
        """Raises FieldError. Whether a format can hold the recording shows when that is opened."""
        check_text(self.file_name, "options.file_name", MOST_FILE_NAME)
        for name in ("format", "depth", "device"):
            check_text(getattr(self, name), f"options.{name}")
        size = sum(
            len(as_text(key).encode()) + len(as_text(value).encode()) for key, value in self.labels.items()
        )
        if len(self.labels) > MOST_LABELS or size > MOST_LABEL_BYTES:
            raise FieldError(
                "options.labels",
                f"Labels are at most {MOST_LABELS} entries and {MOST_LABEL_BYTES} bytes; send less.",
            )
        check_duration(self.keep_alive, "options.keep_alive")
        if self.format and self.format.lower() not in FORMATS:
            raise _no_format("options.format", self.format)
        if self.depth and self.depth not in DEPTHS:
            raise FieldError(
                "options.depth",
                f"There is no sample depth '{shown(self.depth)}': choose one of {', '.join(DEPTHS)}.",
            )
        odd = [name for name in self.also_formats if name not in FORMATS]
        if odd:
            raise _no_format("options.also_formats", odd[0])
        if len(self.also_formats) > MOST_ALSO_FORMATS or len({*self.also_formats}) < len(self.also_formats):
            raise FieldError(
                "options.also_formats",
                f"Further formats are at most {MOST_ALSO_FORMATS}, each once; leave some out.",
            )
        section = self.section
        if section and (section.first_frame < 0 or section.frames < 0):
            raise FieldError(
                "options.section",
                f"The section begins at frame {section.first_frame} and has {section.frames} frames; neither"
                " number may be negative.",
            )
        if section and max(section.first_frame, section.frames) > _MOST_FRAMES:
            raise FieldError(
                "options.section",
                f"The section begins at frame {section.first_frame} and has {section.frames} frames: no recording"
                " is that long.",
            )

    def to_proto(self) -> audio_pb2.JobOptions:
        """Its message."""
        section = self.section
        return audio_pb2.JobOptions(
            file_name=as_text(self.file_name, MOST_FILE_NAME),
            size_bytes=self.size_bytes,
            format=as_text(self.format, MOST_NAME),
            also_formats=[as_text(name, MOST_NAME) for name in self.also_formats[:MOST_ALSO_FORMATS]],
            depth=as_text(self.depth, MOST_NAME),
            device=as_text(self.device, MOST_NAME),
            keep_alive=duration_to_proto(self.keep_alive),
            priority=audio_pb2.Priority.ValueType(self.priority.value),
            labels={as_text(key): as_text(value) for key, value in self.labels.items()},
            section=section and audio_pb2.Section(first_frame=section.first_frame, frames=section.frames),
        )

    @classmethod
    def from_proto(cls, message: audio_pb2.JobOptions) -> Self:
        """The options that a message describes."""
        section = message.section if message.HasField("section") else None
        return cls(
            file_name=message.file_name,
            size_bytes=message.size_bytes if message.HasField("size_bytes") else None,
            format=message.format,
            also_formats=tuple(message.also_formats),
            depth=message.depth,
            device=message.device or "auto",
            keep_alive=seconds_of(message.keep_alive) if message.HasField("keep_alive") else None,
            priority=Priority(message.priority)
            if message.priority in set(Priority)
            else Priority.UNSPECIFIED,
            labels=dict(message.labels),
            section=section and Section(section.first_frame, section.frames),
        )


def _no_format(field: str, name: str) -> FieldError:
    return FieldError(
        field, f"There is no output format '{shown(name)}': choose one of {', '.join(FORMATS)}."
    )
