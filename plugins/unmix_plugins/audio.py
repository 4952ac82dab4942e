"""One recording's way through the daemon: what to do with it, what happens meanwhile, what came out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DenoiseStem(StrEnum):
    """The two parts that denoising makes; their sum is the input."""

    CLEAN = "clean"
    NOISE = "noise"


class Consistency(StrEnum):
    """Whether stems add up to the mixture."""

    MIXTURE = "mixture"
    """They do: the model's error is shared out among them."""
    NONE = "none"
    """The model's raw output."""


class Priority(StrEnum):
    """Who goes first; within one priority clients take turns."""

    BATCH = "batch"
    FOLDER = "folder"
    INTERACTIVE = "interactive"


@dataclass(frozen=True, slots=True)
class DenoiseTask:
    """Remove noise from speech or music."""

    model: str = "auto"
    """A denoise model's name; `auto` is the best installed one for what the recording holds."""
    attenuation_limit_db: float | None = None
    """The most that noise is lowered, in dB, 0 to 100; None is the model's own default."""
    stems: tuple[DenoiseStem, ...] = (DenoiseStem.CLEAN,)
    """Which parts to return."""


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
    """How far segments overlap, 0 to below 1; None is the daemon's default."""


AudioTask = DenoiseTask | SeparateTask
"""What can be done with one recording."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a recording, in frames of its own sample rate."""

    first_frame: int
    frames: int
    """0: all up to the end."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to read, compute and write; the same for every task."""

    file_name: str = ""
    """For messages and job lists only. Empty: the source's own name."""
    format: str = ""
    """Output format such as `wav` or `mp3`. Empty: as the input."""
    depth: str = ""
    """Sample depth such as `s24` or `f32`. Empty: as the input."""
    device: str = "auto"
    """`cpu`, `cuda:0`, `mps`; `auto` is the best that is there."""
    keep_alive: float | None = None
    """Seconds that the model stays loaded; 0: unload at once, negative: keep, None: the daemon's default."""
    priority: Priority | None = None
    """None: interactive for calls that are waited for, batch for durable jobs."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """The client's own notes, returned as they are."""
    section: Section | None = None
    """The part to process and return, exact to the frame; None: all of the recording."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The upload is complete and the job is queued."""

    job_id: str
    queue_position: int
    """Jobs that run or will run before this one."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is."""

    stage: str
    """`loading`, `analysing`, `denoising`, `separating`."""
    fraction: float
    """0 to 1, over the whole job."""
    remaining_seconds: float | None
    """At the present speed; None while unknown."""


@dataclass(frozen=True, slots=True)
class OutputStarted:
    """An output file begins."""

    stem: str
    format: str
    extension: str
    """Without the dot."""
    sample_rate: int
    """Hz."""
    channels: int


@dataclass(frozen=True, slots=True)
class OutputPiece:
    """Bytes of an output file; headers are sent again when the length is known."""

    stem: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class OutputSummary:
    """A finished output file."""

    stem: str
    size_bytes: int
    sha256: str
    """Lower-case hexadecimal."""
    format: str
    extension: str
    """Without the dot."""
    level_dbfs: float
    """Root mean square level over all channels; -inf for silence."""
    peak_dbfs: float
    """Highest absolute sample; -inf for silence."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What was done, and why so."""

    job_id: str
    model: str
    model_reason: str
    device: str
    device_reason: str
    frames: int
    sample_rate: int
    """Hz, of the input."""
    channels: int
    queued_seconds: float
    load_seconds: float
    """0 when the model was resident."""
    processing_seconds: float
    """Loading included."""
    outputs: tuple[OutputSummary, ...]
    notes: tuple[str, ...]
    """What the user should know, as sentences."""
    quality: str
    """`high` or `low`; low is a method without a trained model."""
    precision: str

    @property
    def duration(self) -> float:
        """Length of the recording in seconds; 0 where the rate is not known."""
        return self.frames / self.sample_rate if self.sample_rate else 0.0

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of sound per second of processing, or None where nothing was measured."""
        return self.duration / self.processing_seconds if self.processing_seconds > 0 else None


Event = Accepted | Progress | OutputStarted | OutputPiece | Summary
"""One step of a running job; the summary is the last."""
