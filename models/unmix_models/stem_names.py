"""Names of stems as users say them: `vocals`, its complement `-vocals`, and `instrumental`."""

from collections.abc import Sequence
from dataclasses import dataclass

from unmix_models.errors import UnsupportedFormat

_ALIASES = {"instrumental": ("vocals", True), "accompaniment": ("vocals", True)}


@dataclass(frozen=True, slots=True)
class StemChoice:
    """One output: a stem of the model, or the mixture without it."""

    name: str
    """Of the output."""
    stem: str
    """Of the model."""
    complement: bool


def parse_stems(names: Sequence[str], stems: Sequence[str]) -> tuple[StemChoice, ...]:
    """What `names` mean for a model with these `stems`; none means every stem.

    Raises UnsupportedFormat when the model lacks one.
    """
    chosen: dict[str, StemChoice] = {}
    for name in names or stems:
        choice = parse_stem(name)
        if choice.stem not in stems:
            raise UnsupportedFormat(f"This model has no stem '{choice.stem}'; it has: {', '.join(stems)}.")
        chosen[choice.name] = choice
    return tuple(chosen.values())


def parse_stem(name: str) -> StemChoice:
    """`vocals`, `-vocals` (its file is called `no_vocals`), `instrumental` (the same, by its usual name)."""
    plain = name.strip().lower()
    if plain in _ALIASES:
        stem, complement = _ALIASES[plain]
        return StemChoice(plain, stem, complement)
    if plain.startswith("-"):
        return StemChoice(f"no_{plain[1:]}", plain[1:], complement=True)
    return StemChoice(plain, plain, complement=False)
