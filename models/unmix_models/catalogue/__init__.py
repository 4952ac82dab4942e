"""Which models exist, and which of them does a task; light, since the daemon's front reads it."""

from unmix_models.catalogue.choice import Choice, choose, find, is_auto, not_installed
from unmix_models.catalogue.entries import CATALOGUE
from unmix_models.catalogue.entry import Model, WeightFile

__all__ = [
    "CATALOGUE",
    "Choice",
    "Model",
    "WeightFile",
    "choose",
    "find",
    "is_auto",
    "not_installed",
]
