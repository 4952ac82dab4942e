"""Whether a worker goes on with its work, judged by what is heard of it."""

from unmix_daemon.worker.messages import Beat

_LONGEST_STEPS = 10
"""So many times the longest step so far are no stall: segments differ little, and a machine may be busy."""
_SILENCE = 5
"""A worker beats every second, also while it computes; it is silent for this part of the limit before it is given up.

It may be for a minute where a library is loaded from a slow disk, as the loader holds the interpreter.
"""
_LEAST_SILENCE = 3.0
"""Seconds; three beats."""
_ODD = 0.5
"""From this part of a limit on it is told."""


class StallWatch:
    """One worker process. Time passes for it only while it has work, and while somebody listens to it."""

    def __init__(self, limit: float) -> None:
        """`limit` is the setting `stall`, in seconds."""
        self._limit = limit
        self._beat: Beat | None = None
        self._silent = 0.0
        self._stuck = 0.0

    def heard(self, beat: Beat | None = None) -> None:
        """It said something; all but a beat of the same step is news."""
        self._silent = 0.0
        if beat is None or self._beat is None or beat.steps != self._beat.steps:
            self._stuck = 0.0
        self._beat = beat or self._beat

    def rest(self) -> None:
        """It has no work."""
        self._silent = self._stuck = 0.0

    def passed(self, seconds: float) -> None:
        """So many seconds passed."""
        self._silent += seconds
        self._stuck += seconds

    @property
    def stalled_seconds(self) -> float:
        """For how long it has made no step, once that is odd; 0 while it is not."""
        if self._silent > _ODD * self._longest_silence or self._stuck > _ODD * self._longest_step:
            return self._stuck
        return 0.0

    @property
    def is_over(self) -> bool:
        """Whether it will make none any more."""
        return self._silent > self._longest_silence or self._stuck > self._longest_step

    @property
    def at_work(self) -> tuple[str, ...]:
        """The tickets of the step that it does not come out of; none where it is not known that it is one's fault."""
        is_heard = self._silent <= self._longest_silence
        return self._beat.at_work if self._beat and is_heard else ()

    @property
    def _longest_step(self) -> float:
        return max(self._limit, _LONGEST_STEPS * (self._beat.longest if self._beat else 0.0))

    @property
    def _longest_silence(self) -> float:
        """Before the first beat there is nobody yet to beat: the process starts."""
        return max(self._limit / _SILENCE, _LEAST_SILENCE) if self._beat else self._longest_step
