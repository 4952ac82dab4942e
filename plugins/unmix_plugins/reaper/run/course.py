"""How far an action is, over all that it has to process."""

import time
from collections.abc import Sequence


class Course:
    """Parts of different lengths, one after the other; what was said to be done is never taken back."""

    def __init__(self, lengths: Sequence[int]) -> None:
        """`lengths` of the parts, in frames; the clock runs from now on."""
        self._lengths = lengths
        self._began = time.monotonic()
        self._fraction = 0.0

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    def reach(self, part: int, fraction: float) -> tuple[float, float | None]:
        """The fraction of the whole, and the seconds that are left, when `part` has come to `fraction`, 0 to 1."""
        done = sum(self._lengths[:part]) + self._lengths[part] * fraction
        self._fraction = min(1.0, max(self._fraction, done / sum(self._lengths)))
        seconds = self.seconds
        return self._fraction, seconds / self._fraction - seconds if self._fraction else None
