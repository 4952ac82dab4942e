"""Which installed model separates what is asked for, and what to pull where none does."""

from collections.abc import Sequence

from . import catalogue
from .catalogue import Choice, Model, Task
from .errors import ModelMissing
from .stem_names import parse_stem
from .weights import Weights


def choose_separator(name: str, stems: Sequence[str], weights: Weights) -> Choice:
    """The named model, or the best installed one that has every stem.

    Signal processing (`quality: low`) is never chosen unless it is named. Raises UnknownModel, and ModelMissing
    with what to pull.
    """
    models, installed = weights.models(), weights.installed()
    if not catalogue.is_auto(name):
        model = catalogue.find(name, Task.SEPARATE, models)
        if name not in installed:
            raise ModelMissing(f"'{name}' is not installed; get it with: unmix models pull {name}")
        return Choice(model, "asked for")
    wanted = {parse_stem(stem).stem for stem in stems}
    separators = sorted(
        (model for model in models.values() if model.task is Task.SEPARATE and model.quality == "high"),
        key=lambda model: -model.rank,
    )
    fitting = [model for model in separators if wanted <= set(model.stems)]
    usable = [model for model in fitting if model.name in installed]
    if usable:
        return Choice(usable[0], _reason(usable[0], fitting))
    raise ModelMissing(_missing(wanted, separators, fitting))


def _reason(chosen: Model, fitting: Sequence[Model]) -> str:
    better = [model.name for model in fitting if model.rank > chosen.rank]
    more = f"; {better[0]} is better: unmix models pull {better[0]}" if better else ""
    return f"best installed model for these stems{more}"


def _missing(wanted: set[str], separators: Sequence[Model], fitting: Sequence[Model]) -> str:
    if fitting:
        # The one that most people mean, not the largest.
        usual = next((model for model in fitting if model.name == "htdemucs"), fitting[0])
        stems = f" for {', '.join(sorted(wanted))}" if wanted else ""
        lacks = wanted - {"drums", "bass", "other", "vocals"}
        rough = "" if lacks else ", or use --model dsp, which needs no download and is of low quality"
        return f"No separation model{stems} is installed; get one with: unmix models pull {usual.name}{rough}"
    known = sorted({stem for model in separators for stem in model.stems})
    unknown = ", ".join(sorted(wanted - set(known))) or ", ".join(sorted(wanted))
    return f"No model that unmix can run separates {unknown}; stems are: {', '.join(known)}."
