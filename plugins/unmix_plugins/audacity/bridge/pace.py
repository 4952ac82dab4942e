"""How long work takes on this machine: seconds of work for a second of audio, as measured from click to click."""

from unmix.words import DenoiseTask, Task

from unmix_plugins.audacity.bridge.work import Result

_FIRST_GUESS = {DenoiseTask().kind: 0.05}
"""By the kind of task."""
_GUESS_OF_OTHERS = 1.0
"""Large networks."""


class Pace:
    """Learns from results."""

    def __init__(self) -> None:
        self._measured: dict[tuple[str, str], float] = {}

    def expected(self, task: Task, seconds: float) -> float:
        """Seconds that `task` will take with so many seconds of audio."""
        guess = _FIRST_GUESS.get(task.kind, _GUESS_OF_OTHERS)
        return seconds * self._measured.get((task.kind, task.model), guess)

    def learn(self, task: Task, result: Result) -> None:
        """Take the last measurement for the next guess; loading a model happens once and does not count."""
        summary = result.summary
        spent = summary.processing_seconds - summary.load_seconds
        if summary.duration > 1.0 and spent > 0:
            self._measured[task.kind, task.model] = spent / summary.duration
