"""The entries, a module for those that belong together; data and nothing else."""

from collections.abc import Mapping

from unmix_models.catalogue.entries import denoise, listen, separate
from unmix_models.catalogue.entry import Model

__all__ = ["CATALOGUE"]

CATALOGUE: Mapping[str, Model] = {
    model.name: model for model in (*denoise.MODELS, *listen.MODELS, *separate.MODELS)
}
