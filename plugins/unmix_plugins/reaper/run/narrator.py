"""What the script inside REAPER is told: one JSON object a line."""

import json
from typing import TextIO


class NobodyListens(Exception):
    """The events cannot be written any more."""


class Narrator:
    """Writes events; in ASCII, so that every pipe and every locale carries them."""

    def __init__(self, out: TextIO) -> None:
        """Write to `out`."""
        self._out = out

    def say(self, event: str, **facts: object) -> None:
        """Write one event at once. Raises NobodyListens."""
        try:
            self._out.write(json.dumps({"event": event, **facts}, allow_nan=False) + "\n")
            self._out.flush()
        except OSError as error:
            raise NobodyListens from error
