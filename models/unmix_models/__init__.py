"""Audio in, audio out: media, resampling, models. Knows no wire, no jobs, no SQL.

This module imports nothing, so that the daemon's front can read `unmix_models.catalogue` without
loading numpy, a codec or an inference runtime.
"""
