"""Weight files: where they are on this machine, and how they get there; light, since the daemon's front reads it."""

from unmix_models.weights.folder import Weights
from unmix_models.weights.networks import importable_suffixes, imported_model
from unmix_models.weights.progress import PullProgress

__all__ = ["PullProgress", "Weights", "importable_suffixes", "imported_model"]
