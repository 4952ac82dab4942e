"""Separation without a trained model."""

from unmix_models.catalogue.entry import Model

TASK = "separate"

MODELS = (
    Model(
        name="dsp",
        family="dsp",
        task=TASK,
        description="Stems by signal processing alone: needs no download and sounds like it.",
        licence="MIT (part of unmix)",
        stems=("drums", "bass", "vocals", "other"),
        sample_rate=44100,
        quality="low",
    ),
)
