"""Errors as Audacity's own box shows them: what happened, what to do, and that nothing was changed."""

from unmix_plugins.audio import AudioTask, SeparateTask
from unmix_plugins.errors import UnmixError

UNCHANGED = "\n\nNothing was changed."
_WITHOUT_DOWNLOAD = "\n\nIn Audacity this is: Effect > Unmix > Separate with Options, model “Signal processing”."


def explained(error: UnmixError, task: AudioTask | None = None) -> str:
    """What to show for an error of `task`."""
    needs_model = error.reason == "MODEL_MISSING" and isinstance(task, SeparateTask)
    return f"{error}{_WITHOUT_DOWNLOAD if needs_model else ''}{UNCHANGED}"
