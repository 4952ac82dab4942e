"""Which model does a task: the one that was named, or the best that is installed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from unmix_models.catalogue.entries import CATALOGUE
from unmix_models.catalogue.entry import Model
from unmix_models.errors import ModelMissing, UnknownModel
from unmix_models.stem_names import parse_stem


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen model and why."""

    model: Model
    reason: str
    """One sentence for the summary."""
    better: tuple[str, ...] = ()
    """Models that would be better and are not installed."""


class Shelf(Protocol):
    """What there is to choose from; `unmix_models.weights.Weights` is one."""

    def models(self) -> Mapping[str, Model]:
        """Every model that is known, by name."""
        ...

    def installed(self) -> frozenset[str]:
        """Names of those that can run; some may be unknown to this version."""
        ...


def find(name: str, task: str | None = None, models: Mapping[str, Model] = CATALOGUE) -> Model:
    """The entry of this name.

    Raises UnknownModel, naming those that exist, when there is none or it is for another task.
    """
    model = models.get(name)
    if model is None or task not in (None, model.task):
        known = ", ".join(sorted(m.name for m in models.values() if task in (None, m.task)))
        able = f" that can {task}" if task else ""
        raise UnknownModel(f"There is no model '{name}'{able}; choose one of: {known}.", model=name)
    return model


def is_auto(name: str) -> bool:
    """True when the choice is left to unmix."""
    return name in ("", "auto")


def not_installed(model: Model, **facts: str) -> ModelMissing:
    """The error that names a model, and what there is besides."""
    what = {"package": model.package} if model.package else {"model": model.name}
    return ModelMissing(f"'{model.name}' is not installed; get it.", **what, **facts)


def choose(name: str, task: str, weights: Shelf, *, stems: Sequence[str] = ()) -> Choice:
    """Settle on a model: the named one, or the best installed one that has every one of `stems`.

    `stems` are as users write them, none for whatever there is. A method without a trained model (`quality: low`) is
    never chosen unless it is named. Raises UnknownModel, and ModelMissing with what to get.
    """
    models, installed = weights.models(), weights.installed()
    able = [model for model in models.values() if model.task == task]
    wanted = {parse_stem(stem).stem for stem in stems}
    if not is_auto(name):
        model = find(name, task, models)
        if name not in installed:
            raise not_installed(model, **_alternative(able, wanted))
        usual = [other.name for other in models.values() if other.usual and other.task == task]
        rough = model.quality == "low" and not installed.intersection(usual)
        return Choice(model, "asked for", tuple(usual) if rough else ())
    fitting = sorted(
        (model for model in able if model.quality == "high" and model.auto and wanted <= set(model.stems)),
        key=lambda model: -model.rank,
    )
    for model in fitting:
        if model.name in installed:
            return _best(model, fitting[0], wanted)
    raise _missing(task, wanted, able, fitting)


def _best(chosen: Model, best: Model, wanted: Collection[str]) -> Choice:
    reason = f"best installed model{' for these stems' if wanted else ''}"
    return Choice(chosen, reason, (best.name,) if best.rank > chosen.rank else ())


def _missing(
    task: str, wanted: Collection[str], able: Sequence[Model], fitting: Sequence[Model]
) -> ModelMissing:
    stems = f" {', '.join(sorted(wanted))}" if wanted else ""
    if fitting:
        usual = [model for model in fitting if model.usual] or fitting
        return ModelMissing(
            f"No model that can {task}{stems} is installed; get one.",
            models=",".join(model.name for model in usual),
            **_alternative(able, wanted),
        )
    if not able:
        return ModelMissing(f"unmix has no model that can {task}; a newer version may have one.")
    known = sorted({stem for model in able for stem in model.stems})
    unknown = ", ".join(sorted(set(wanted) - set(known))) or stems.strip()
    return ModelMissing(f"No model that unmix has can {task} {unknown}; stems are: {', '.join(known)}.")


def _alternative(able: Sequence[Model], wanted: Collection[str]) -> dict[str, str]:
    """What would do it now, in low quality."""
    rough = [model.name for model in able if model.quality == "low" and set(wanted) <= set(model.stems)]
    return {"alternative": rough[0]} if rough else {}
