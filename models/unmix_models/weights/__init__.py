"""Weight files: where they are on this machine, and how they get there; light, since the daemon's front reads it."""

from unmix_models.weights.download import PullProgress
from unmix_models.weights.folder import Weights
from unmix_models.weights.networks import importable_suffixes, imported_model

__all__ = ["PullProgress", "Weights", "importable_suffixes", "imported_model"]
