"""Files that are on their way: each takes its place in the queue when it is here, and not before.

So clients that begin uploads and send nothing keep nobody out. What they hold is a descriptor for each, and these are
counted here.
"""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from unmix_daemon.errors import Busy

_ALL = 256
_OF_ONE_CLIENT = 128
"""Half of all, so that one that does not finish its uploads leaves room for others."""


class Arrivals:
    """Counts them, by who sends them."""

    def __init__(self) -> None:
        """Nothing is on its way."""
        self._senders: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many there are."""
        return self._senders.total()

    @contextmanager
    def one_more(self, client: str) -> Generator[None]:
        """A file of this client is on its way while the block runs. Raises Busy."""
        if len(self) >= _ALL:
            raise Busy(f"{_ALL} files are being sent, and no more are taken; try again in a moment.")
        if self._senders[client] >= _OF_ONE_CLIENT:
            raise Busy(f"{_OF_ONE_CLIENT} files of '{client}' are being sent; finish one before the next.")
        self._senders[client] += 1
        try:
            yield
        finally:
            self._senders[client] -= 1
            if not self._senders[client]:
                del self._senders[client]
