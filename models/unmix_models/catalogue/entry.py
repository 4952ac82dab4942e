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
    """Bytes; 0 where the catalogue does not know."""
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
    """A .tar.gz that holds the files, a folder (ending in /) of the files, or empty for what ships with unmix."""
    files: tuple[WeightFile, ...] = ()
    architecture: str = ""
    """`htdemucs` marks demucs checkpoints, which are converted when they are installed."""
    bag: tuple[tuple[float, ...], ...] = ()
    """Of several networks: the weight of each, in the order of `files`, in each stem."""

    @property
    def download_bytes(self) -> int:
        """Bytes of all weight files together; 0 where one of them is not known."""
        return sum(file.size for file in self.files) if all(file.size for file in self.files) else 0


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

_HTDEMUCS_LICENCE = (
    "unclear: the author says not MIT, for scientific purposes (facebookresearch/demucs#327, #508); "
    "others label the same files MIT"
)
_HTDEMUCS_URL = "https://dl.fbaipublicfiles.com/demucs/hybrid_transformer/"
_FOUR_STEMS = ("drums", "bass", "other", "vocals")

_SEPARATORS = (
    Model(
        name="htdemucs_ft",
        task=Task.SEPARATE,
        description="Hybrid Transformer Demucs, one network for each stem: better, at four times the work.",
        licence=_HTDEMUCS_LICENCE,
        stems=_FOUR_STEMS,
        sample_rate=44100,
        rank=30,
        url=_HTDEMUCS_URL,
        architecture="htdemucs",
        bag=tuple(tuple(float(row == column) for column in range(4)) for row in range(4)),
        files=(
            WeightFile(
                "f7e0c4bc-ba3fe64a.th",
                84141271,
                "ba3fe64ae8ef66ac9a4857222ce48efbdc5eb3ad375cb79dd13debee5aaa4066",
            ),
            WeightFile(
                "d12395a8-e57c48e6.th", 0, "e57c48e6b0e38af4f7118d7bd08c49f0a0c0edf7d09143bdd902ea0d237303e6"
            ),
            WeightFile(
                "92cfc3b6-ef3bcb9c.th", 0, "ef3bcb9c8b40d14ae5d51b6db2587339cc12c6b77c0be151ce6d69002e087bf2"
            ),
            WeightFile(
                "04573f0d-f3cf25b2.th", 0, "f3cf25b222c4eed7cd49dd8b2c9597d50c18bd154090f7b919cfa5f93cf22c49"
            ),
        ),
    ),
    Model(
        name="htdemucs",
        task=Task.SEPARATE,
        description="Hybrid Transformer Demucs (Rouard et al. 2022): drums, bass, other, vocals.",
        licence=_HTDEMUCS_LICENCE,
        stems=_FOUR_STEMS,
        sample_rate=44100,
        rank=20,
        url=_HTDEMUCS_URL,
        architecture="htdemucs",
        files=(
            WeightFile(
                "955717e8-8726e21a.th",
                84141911,
                "8726e21a993978c7ba086d3872e7608d7d5bfca646ca4aca459ffda844faa8b4",
            ),
        ),
    ),
    Model(
        name="htdemucs_6s",
        task=Task.SEPARATE,
        description="Hybrid Transformer Demucs with guitar and piano as stems of their own.",
        licence=_HTDEMUCS_LICENCE,
        stems=(*_FOUR_STEMS, "guitar", "piano"),
        sample_rate=44100,
        rank=10,
        url=_HTDEMUCS_URL,
        architecture="htdemucs",
        files=(
            WeightFile(
                "5c90dfd2-34c22ccb.th", 0, "34c22ccb381c6f9fdbf324f04e1e2fe21aaaf293f5ded163a162697ff9a02ddd"
            ),
        ),
    ),
    Model(
        name="dsp",
        task=Task.SEPARATE,
        description="Stems by signal processing alone: needs no download and sounds like it.",
        licence="MIT (part of unmix)",
        stems=("drums", "bass", "vocals", "other"),
        sample_rate=44100,
        quality="low",
    ),
)

CATALOGUE: Mapping[str, Model] = {model.name: model for model in (*_ENTRIES, *_SEPARATORS)}


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen model and why."""

    model: Model
    reason: str
    """One sentence for the summary."""


def find(name: str, task: Task | None = None, models: Mapping[str, Model] = CATALOGUE) -> Model:
    """The entry of this name.

    Raises UnknownModel, naming those that exist, when there is none or it is for another task.
    """
    model = models.get(name)
    if model is None or (task is not None and model.task is not task):
        known = ", ".join(sorted(m.name for m in models.values() if task in (None, m.task)))
        able = f" that can {task}" if task else ""
        raise UnknownModel(f"There is no model '{name}'{able}; choose one of: {known}.")
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
