"""The task of removing noise: its fields, what they may be, and its message."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self

from unmix.v1 import audio_pb2
from unmix.words.faults import FieldError
from unmix.words.text import MOST_NAME, as_text, check_text, shown

MOST_DECIBELS = 100
"""The highest limit of attenuation; nothing can be heard beyond it."""
_FOR_MUSIC = "wiener"
"""The model that lowers steady noise, and nothing else."""


class DenoiseStem(StrEnum):
    """The two parts that denoising makes; their sum is the input."""

    CLEAN = "clean"
    NOISE = "noise"


class Music(StrEnum):
    """What becomes of music under and between speech."""

    KEEP = "keep"
    """It stays; only noise that is known to lie under it is lowered."""
    REMOVE = "remove"
    """It goes with the noise."""


_STEMS = {
    DenoiseStem.CLEAN: audio_pb2.DENOISE_STEM_CLEAN,
    DenoiseStem.NOISE: audio_pb2.DENOISE_STEM_NOISE,
}
_STEMS_OF_PROTO = {value: stem for stem, value in _STEMS.items()}
_MUSIC = {Music.KEEP: audio_pb2.MUSIC_KEEP, Music.REMOVE: audio_pb2.MUSIC_REMOVE}
_MUSIC_OF_PROTO = {value: music for music, value in _MUSIC.items()} | {
    audio_pb2.MUSIC_UNSPECIFIED: Music.KEEP
}


@dataclass(frozen=True, slots=True)
class DenoiseTask:
    """Remove noise from speech or music."""

    model: str = "auto"
    """A denoise model's name; `auto` is the best installed one for what each stretch of the recording holds."""
    attenuation_limit_db: float | None = None
    """The most that noise is lowered, in dB, 0 to 100; None is the model's own default."""
    stems: tuple[DenoiseStem, ...] = (DenoiseStem.CLEAN,)
    """Which parts to return."""
    music: Music = Music.KEEP
    """What becomes of music under and between speech."""
    kind: Literal["denoise"] = "denoise"

    def check(self) -> None:
        """Raises FieldError."""
        check_text(self.model, "task.model")
        limit = self.attenuation_limit_db
        if limit is not None and not 0 <= limit <= MOST_DECIBELS:
            raise FieldError(
                "task.attenuation_limit_db",
                f"The strength is {limit:g} dB; choose 0 to {MOST_DECIBELS:g} dB.",
            )
        odd = [stem for stem in self.stems if stem not in set(DenoiseStem)]
        if odd:
            raise FieldError(
                "task.stems", f"There is no stem '{shown(odd[0])}'; choose clean, noise or both."
            )
        if not self.stems:
            raise FieldError("task.stems", "No stem is named; choose clean, noise or both.")
        if self.music not in set(Music):
            raise FieldError("task.music", f"There is no music '{shown(self.music)}'; choose keep or remove.")
        if self.music == Music.REMOVE and self.model == _FOR_MUSIC:
            raise FieldError(
                "task.music",
                f"The model {self.model} removes no music; choose another model, or keep the music.",
            )

    def needs(self) -> tuple[str, ...]:
        """Stems that the model must have: none, every denoiser has both."""
        return ()

    def outputs(self) -> tuple[str, ...]:
        """The stems that come, by name."""
        return tuple(map(str, dict.fromkeys(self.stems)))

    def to_proto(self) -> audio_pb2.DenoiseTask:
        """Its message."""
        return audio_pb2.DenoiseTask(
            model=as_text(self.model, MOST_NAME),
            attenuation_limit_db=self.attenuation_limit_db,
            stems=[_STEMS[stem] for stem in self.stems],
            music=_MUSIC[self.music],
        )

    @classmethod
    def from_proto(cls, message: audio_pb2.DenoiseTask) -> Self:
        """The task that a message describes. Raises FieldError for a stem, or for music, that does not exist."""
        unknown = [value for value in message.stems if value not in _STEMS_OF_PROTO]
        if unknown:
            raise FieldError("task.stems", f"There is no stem {unknown[0]}; choose clean, noise or both.")
        if message.music not in _MUSIC_OF_PROTO:
            raise FieldError("task.music", f"There is no music {message.music}; leave it out.")
        stems = tuple(dict.fromkeys(_STEMS_OF_PROTO[value] for value in message.stems))
        return cls(
            model=message.model or "auto",
            attenuation_limit_db=message.attenuation_limit_db
            if message.HasField("attenuation_limit_db")
            else None,
            stems=stems or (DenoiseStem.CLEAN,),
            music=_MUSIC_OF_PROTO[message.music],
        )
