"""What was done with a recording, and why so."""

from dataclasses import dataclass
from typing import Self

from unmix.v1 import audio_pb2
from unmix.words.cures import BETTER_MODEL, UNTOUCHED_MUSIC, Cures, cured
from unmix.words.text import MOST_SENTENCE, MOST_SHOWN, as_text
from unmix.words.timeline import Stretch, Timeline, bounded, places, untouched_music
from unmix.words.times import seconds_told

NO_MODEL = "none"
"""In `Summary.model`, where nothing was changed."""
_MOST_NOTES = 50
_FILTER = "wiener"
"""The model that lowers noise in music whether or not it is known."""


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What only sound has."""

    frames: int
    """Of the recording, or of the section that was asked for."""
    sample_rate: int
    """Hz, of the input."""
    channels: int

    @property
    def duration(self) -> float:
        """Seconds; 0 where the rate is not known."""
        return self.frames / self.sample_rate if self.sample_rate else 0.0


@dataclass(frozen=True, slots=True)
class OutputSummary:
    """A finished output file."""

    name: str
    """By which its bytes are known: the stem's name, or `<stem>_<format>` for one in a further format."""
    stem: str
    format: str
    extension: str
    """Without the dot."""
    size_bytes: int
    sha256: str
    """Lower-case hexadecimal."""
    level_dbfs: float | None = None
    """Root mean square level over all channels; -inf for silence, None for what is no sound."""
    peak_dbfs: float | None = None
    """Highest absolute sample; -inf for silence, None for what is no sound."""

    def to_proto(self) -> audio_pb2.OutputSummary:
        """Its message."""
        return audio_pb2.OutputSummary(
            name=self.name,
            stem=self.stem,
            format=self.format,
            extension=self.extension,
            size_bytes=self.size_bytes,
            sha256=self.sha256,
            level_dbfs=self.level_dbfs,
            peak_dbfs=self.peak_dbfs,
        )

    @classmethod
    def from_proto(cls, message: audio_pb2.OutputSummary) -> Self:
        """What a message describes; a daemon of before outputs had names calls them as their stems."""
        return cls(
            name=message.name or message.stem,
            stem=message.stem,
            format=message.format,
            extension=message.extension,
            size_bytes=message.size_bytes,
            sha256=message.sha256,
            level_dbfs=message.level_dbfs if message.HasField("level_dbfs") else None,
            peak_dbfs=message.peak_dbfs if message.HasField("peak_dbfs") else None,
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """What was done."""

    model: str
    """Several joined by `+`; `NO_MODEL` where nothing was changed."""
    model_reason: str
    device: str
    device_reason: str
    precision: str
    """Arithmetic: `float32`, `bfloat16`, `float16`."""
    quality: str
    """`high` or `low`; low is a method without a trained model."""
    load_seconds: float
    """0 when the model was resident."""
    processing_seconds: float
    """Loading included."""
    outputs: tuple[OutputSummary, ...]
    audio: AudioFacts | None
    """None for what is no recording."""
    notes: tuple[str, ...] = ()
    """What the user should know, as sentences."""
    better_models: tuple[str, ...] = ()
    """Those that would have done it better and are not installed."""
    job_id: str = ""
    queued_seconds: float = 0.0
    """From queued to started."""
    timeline: Timeline = ()
    """What was heard, and what was done there; empty where nobody listened."""

    @property
    def duration(self) -> float:
        """Length of the recording in seconds; 0 for what is none."""
        return self.audio.duration if self.audio else 0.0

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of sound per second of processing, or None where nothing was measured."""
        return self.duration / self.processing_seconds if self.audio and self.processing_seconds > 0 else None

    def output(self, name: str) -> OutputSummary | None:
        """The output of this name."""
        return next((output for output in self.outputs if output.name == name), None)

    def advice(self, cures: Cures) -> tuple[str, ...]:
        """What could be done besides, where these are the cures: on models and on music."""
        return (*self.advice_on_models(cures), *self.advice_on_music(cures))

    def advice_on_music(self, cures: Cures) -> tuple[str, ...]:
        """Which music was left as it was and how to have it filtered; nothing if there is none."""
        left = untouched_music(self.timeline)
        if not left:
            return ()
        why = "no noise is known to lie under it; filter it all the same."
        sentence = f"The music{places(left)} was left as it is: {why}"
        return (cured(sentence, UNTOUCHED_MUSIC, {"model": _FILTER}, cures),)

    def advice_on_models(self, cures: Cures) -> tuple[str, ...]:
        """What would have been better, where these are the cures; nothing if nothing would."""
        if not self.better_models:
            return ()
        sentence = f"{' or '.join(self.better_models)} would be better; get it."
        return (cured(sentence, BETTER_MODEL, {"models": ",".join(self.better_models)}, cures),)

    def to_proto(self) -> audio_pb2.Summary:
        """Its message, bounded whatever a file or a model holds."""
        audio = self.audio
        return audio_pb2.Summary(
            job_id=self.job_id,
            model=as_text(self.model, MOST_SHOWN),
            model_reason=as_text(self.model_reason, MOST_SENTENCE),
            device=as_text(self.device, MOST_SHOWN),
            device_reason=as_text(self.device_reason, MOST_SENTENCE),
            precision=self.precision,
            quality=self.quality,
            frames=audio.frames if audio else 0,
            sample_rate=audio.sample_rate if audio else 0,
            channels=audio.channels if audio else 0,
            queued_seconds=self.queued_seconds,
            load_seconds=self.load_seconds,
            processing_seconds=self.processing_seconds,
            notes=[as_text(note, MOST_SENTENCE) for note in self.notes[:_MOST_NOTES]],
            better_models=[as_text(name, MOST_SHOWN) for name in self.better_models[:_MOST_NOTES]],
            timeline=[stretch.to_proto() for stretch in bounded(self.timeline)],
            outputs=[output.to_proto() for output in self.outputs],
        )

    @classmethod
    def from_proto(cls, message: audio_pb2.Summary) -> Self:
        """What a message describes."""
        heard = message.frames or message.sample_rate or message.channels
        return cls(
            job_id=message.job_id,
            model=message.model,
            model_reason=message.model_reason,
            device=message.device,
            device_reason=message.device_reason,
            precision=message.precision,
            quality=message.quality,
            audio=AudioFacts(message.frames, message.sample_rate, message.channels) if heard else None,
            queued_seconds=seconds_told(message.queued_seconds),
            load_seconds=seconds_told(message.load_seconds),
            processing_seconds=seconds_told(message.processing_seconds),
            notes=tuple(message.notes),
            better_models=tuple(message.better_models),
            timeline=tuple(map(Stretch.from_proto, message.timeline)),
            outputs=tuple(map(OutputSummary.from_proto, message.outputs)),
        )
