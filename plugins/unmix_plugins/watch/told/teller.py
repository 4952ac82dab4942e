"""The thread that tells hooks, so that a slow server or program holds up no recording."""

import queue
import threading
from contextlib import suppress
from dataclasses import dataclass

from unmix_plugins.watch.config.folder import Hook
from unmix_plugins.watch.told.hook import Ending, HookFailed, tell

_MOST = 256
"""Endings that wait to be told: a server that is down must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of telling."""

    ending: Ending
    problem: str | None
    """Why nobody was told; None when somebody was."""


class Teller:
    """Tells one after the other, in the order in which it was asked to."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[Hook, Ending] | None] = queue.Queue(_MOST)
        self._told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hooks", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, patience: float = 5.0) -> None:
        """Tell what is left, as far as that goes without waiting between attempts, and end."""
        self._over.set()
        with suppress(queue.Full):  # it will look whether it is over when there is room again
            self._waiting.put_nowait(None)
        self._thread.join(patience)

    def tell(self, hook: Hook, ending: Ending) -> bool:
        """Have `hook` told; returns at once. False when too many wait: ask again later."""
        try:
            self._waiting.put_nowait((hook, ending))
        except queue.Full:
            return False
        return True

    def take(self) -> list[Told]:
        """What has been told since the last call, or could not be."""
        told: list[Told] = []
        while not self._told.empty():
            told.append(self._told.get())
        return told

    def _run(self) -> None:
        while not (self._over.is_set() and self._waiting.empty()):
            order = self._waiting.get()
            if order is None:
                return
            hook, ending = order
            problem: str | None = None
            try:
                tell(hook, ending, self._over.wait)
            except HookFailed as error:
                problem = str(error)
            self._told.put(Told(ending, problem))
