"""Models that tell what a recording holds."""

from unmix_models.catalogue.entry import Model, WeightFile

TASK = "listen"

MODELS = (
    Model(
        name="own_ear",
        family="own_ear",
        task=TASK,
        description="A small network of our own over a mel spectrogram: ships with unmix.",
        licence="MIT (part of unmix)",
        stems=(),
        sample_rate=16000,
        partition=False,
        rank=5,
    ),
    Model(
        name="yamnet",
        family="yamnet",
        task=TASK,
        description="YAMNet (Plakal and Ellis 2019): tells speech, music and speech over music apart.",
        licence="Apache-2.0 (github.com/google-coral/coralmicro)",
        stems=(),
        sample_rate=16000,
        partition=False,
        rank=10,
        url="https://github.com/google-coral/coralmicro/raw/main/models/",
        files=(
            WeightFile(
                "yamnet_spectra_in.tflite",
                4047424,
                "0a266465c46718f3fcc4137366be82882a8c93bfcc4f0278581a11d11dddcdf9",
            ),
        ),
    ),
)
