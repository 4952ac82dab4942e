"""Which models exist: data about each, and how one is chosen.

This module stays light: the daemon's front reads it without numpy or an inference runtime.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .errors import ModelMissing, UnknownModel


class Task(StrEnum):
    """What a model is for."""

    DENOISE = "denoise"
    SEPARATE = "separate"
    ISOLATE = "isolate"


class Content(StrEnum):
    """What a recording mostly holds, as far as the choice of a denoiser goes."""

    SPEECH = "speech"
    """Also noise alone, and what is too short to tell: no music that could come to harm."""
    MUSIC = "music"
    """Also singing that holds its notes."""
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a model's folder."""

    name: str
    size: int
    """Bytes."""
    sha256: str
    """Lower-case hexadecimal."""


@dataclass(frozen=True, slots=True)
class Model:
    """A catalogue entry."""

    name: str
    task: Task
    description: str
    licence: str
    """Of the weights, as their author states it; shown before a download."""
    stems: tuple[str, ...]
    sample_rate: int | None
    """Hz the model works at; None: any."""
    good_for: frozenset[Content] = frozenset()
    rank: int = 0
    """Among models for the same content the highest installed one is `auto`'s choice."""
    needs_profile: bool = False
    """It wants a first look at the recording, such as the level of its noise."""
    quality: str = "high"
    """`low` marks a method without a trained model."""
    url: str = ""
    """A .tar.gz that holds the files, or empty for what ships with unmix."""
    files: tuple[WeightFile, ...] = ()

    @property
    def download_bytes(self) -> int:
        """Bytes of all weight files together."""
        return sum(file.size for file in self.files)


_DENOISE_STEMS = ("clean", "noise")

_ENTRIES = (
    Model(
        name="deepfilternet3",
        task=Task.DENOISE,
        description="Full-band speech enhancement (Schröter et al. 2023): the best voice quality here.",
        licence="MIT OR Apache-2.0 (github.com/Rikorose/DeepFilterNet)",
        stems=_DENOISE_STEMS,
        sample_rate=48000,
        good_for=frozenset({Content.SPEECH, Content.SILENCE}),
        rank=20,
        url="https://github.com/Rikorose/DeepFilterNet/raw/main/models/DeepFilterNet3_onnx.tar.gz",
        files=(
            WeightFile(
                "enc.onnx", 1954042, "7c5399d3da8a50ebef1c1a0ae421b33376aa5e45d0e92df16da7e83c9c131916"
            ),
            WeightFile(
                "erb_dec.onnx", 3292397, "ab669a1d10afe20911728b33053a452071042317a90581092b325da7b2f9d895"
            ),
            WeightFile(
                "df_dec.onnx", 3340803, "23114ce3b0f6464b763ee62f7bb8aab6b2a129a21eabd5bcfe59413db05f278a"
            ),
        ),
    ),
    Model(
        name="rnnoise",
        task=Task.DENOISE,
        description="Recurrent noise suppression for speech (Valin 2018): ships with unmix, works offline.",
        licence="BSD-3-Clause (xiph.org RNNoise, in the pyrnnoise wheel)",
        stems=_DENOISE_STEMS,
        sample_rate=48000,
        good_for=frozenset({Content.SPEECH, Content.SILENCE}),
        rank=10,
    ),
    Model(
        name="wiener",
        task=Task.DENOISE,
        description="Wiener filter for steady noise under music, such as hiss; leaves the music alone.",
        licence="MIT (part of unmix)",
        stems=_DENOISE_STEMS,
        sample_rate=None,
        good_for=frozenset({Content.MUSIC}),
        rank=10,
        needs_profile=True,
    ),
)

CATALOGUE: Mapping[str, Model] = {model.name: model for model in _ENTRIES}


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen model and why."""

    model: Model
    reason: str
    """One sentence for the summary."""


def find(name: str, task: Task | None = None) -> Model:
    """The entry of this name.

    Raises UnknownModel, naming those that exist, when there is none or it is for another task.
    """
    model = CATALOGUE.get(name)
    if model is None or (task is not None and model.task is not task):
        known = ", ".join(sorted(m.name for m in CATALOGUE.values() if task in (None, m.task)))
        kind = f"{task} " if task else ""
        raise UnknownModel(f"There is no {kind}model named '{name}'; choose one of: {known}.")
    return model


def is_auto(name: str) -> bool:
    """True when the choice is left to unmix."""
    return name in ("", "auto")


def choose(name: str, task: Task, content: Content | None, installed: Iterable[str]) -> Choice:
    """Settle on a model: the named one, or the best installed one for `content`.

    Raises UnknownModel or ModelMissing.
    """
    here = set(installed)
    if not is_auto(name):
        model = find(name, task)
        if model.name not in here:
            raise ModelMissing(f"'{name}' is not installed; get it with: unmix models pull {name}")
        return Choice(model, "asked for")
    fitting = [
        model
        for model in CATALOGUE.values()
        if model.task is task and (content is None or content in model.good_for)
    ]
    ranked = sorted(fitting, key=lambda model: -model.rank)
    usable = [model for model in ranked if model.name in here]
    if not usable:
        names = " or ".join(model.name for model in ranked) or "none exists"
        raise ModelMissing(f"No {task} model is installed; get one with: unmix models pull {names}")
    reason = f"best installed model for {content}" if content else "best installed model"
    better = [model.name for model in ranked if model.rank > usable[0].rank]
    if better:
        reason += f"; {better[0]} is better: unmix models pull {better[0]}"
    return Choice(usable[0], reason)
