"""Weight files: where they are on this machine, and how they get there; light, since the daemon's front reads it."""

from unmix_models.weights.folder import LARGEST_FILE, Weights
from unmix_models.weights.networks import importable_suffixes, imported_model
from unmix_models.weights.progress import PullProgress

__all__ = ["LARGEST_FILE", "PullProgress", "Weights", "importable_suffixes", "imported_model"]
