"""How long work takes on this machine: seconds of work for a second of audio, as measured from click to click."""

from unmix_plugins.audacity.work import Result
from unmix_plugins.audio import AudioTask, DenoiseTask

_FIRST_GUESS = {True: 0.05, False: 1.0}
"""By whether it is denoising; a separation is a large network."""


class Pace:
    """Learns from results."""

    def __init__(self) -> None:
        self._measured: dict[tuple[bool, str], float] = {}

    def expected(self, task: AudioTask, seconds: float) -> float:
        """Seconds that `task` will take with so many seconds of audio."""
        denoises = isinstance(task, DenoiseTask)
        return seconds * self._measured.get((denoises, task.model), _FIRST_GUESS[denoises])

    def learn(self, task: AudioTask, result: Result) -> None:
        """Take the last measurement for the next guess; loading a model happens once and does not count."""
        summary = result.summary
        spent = summary.processing_seconds - summary.load_seconds
        if summary.duration > 1.0 and spent > 0:
            self._measured[isinstance(task, DenoiseTask), task.model] = spent / summary.duration
