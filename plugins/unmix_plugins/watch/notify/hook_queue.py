"""The thread that calls hooks, so that a slow server or program holds up no recording."""

import queue
import threading
from contextlib import suppress
from dataclasses import dataclass

from unmix_plugins.watch.config.folder import Hook
from unmix_plugins.watch.notify.hook import HookEvent, HookFailed, call_hook

_MOST = 256
"""Events that wait for their turn: a server that is down must not fill the memory."""


@dataclass(frozen=True, slots=True)
class HookOutcome:
    """What became of a call."""

    event: HookEvent
    problem: str | None
    """Why nobody was told; None when somebody was."""


class HookQueue:
    """Calls one after the other, in the order in which they were put."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[Hook, HookEvent] | None] = queue.Queue(_MOST)
        self._outcomes: queue.SimpleQueue[HookOutcome] = queue.SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hooks", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, patience: float = 5.0) -> None:
        """Call what is left, as far as that goes without waiting between attempts, and end."""
        self._over.set()
        with suppress(queue.Full):  # it will look whether it is over when there is room again
            self._waiting.put_nowait(None)
        self._thread.join(patience)

    def put(self, hook: Hook, event: HookEvent) -> bool:
        """Have `hook` called; returns at once. False when too many wait: ask again later."""
        try:
            self._waiting.put_nowait((hook, event))
        except queue.Full:
            return False
        return True

    def take(self) -> list[HookOutcome]:
        """What was called since the last call of this, or could not be."""
        outcomes: list[HookOutcome] = []
        while not self._outcomes.empty():
            outcomes.append(self._outcomes.get())
        return outcomes

    def _run(self) -> None:
        while not (self._over.is_set() and self._waiting.empty()):
            order = self._waiting.get()
            if order is None:
                return
            hook, event = order
            problem: str | None = None
            try:
                call_hook(hook, event, self._over.wait)
            except HookFailed as error:
                problem = str(error)
            self._outcomes.put(HookOutcome(event, problem))
