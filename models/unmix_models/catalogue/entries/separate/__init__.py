"""Separation models, a module for each family."""

from unmix_models.catalogue.entries.separate import dsp, htdemucs

__all__ = ["MODELS"]

MODELS = (*htdemucs.MODELS, *dsp.MODELS)
