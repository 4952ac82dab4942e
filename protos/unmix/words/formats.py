"""Formats that results are written in, and sample depths. `unmix_models.media` writes them; a test holds both alike."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """An output format."""

    name: str
    extension: str
    """Of its files, without the dot."""
    suffixes: tuple[str, ...] = ()
    """Endings of names, without the dot, by which a source of this format is known before it is opened."""


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format("wav", "wav", ("wav", "wave")),
        Format("flac", "flac", ("flac",)),
        Format("aiff", "aiff", ("aiff", "aif")),
        Format("alac", "m4a"),  # a source that ends in .m4a may be either
        Format("mp3", "mp3", ("mp3",)),
        Format("m4a", "m4a", ("m4a",)),
        Format("ogg", "ogg", ("ogg", "oga")),
        Format("opus", "opus", ("opus",)),
        Format("webm", "webm", ("webm",)),
    )
}
"""By name, in the order in which they are told."""

DEPTHS = ("u8", "s16", "s24", "s32", "f32", "f64")
"""How one sample is stored."""


def extension_of_suffix(suffix: str) -> str | None:
    """The extension of a result that keeps the format of a source named so; None where that is not known."""
    plain = suffix.lower().removeprefix(".")
    return next((one.extension for one in FORMATS.values() if plain in one.suffixes), None)
