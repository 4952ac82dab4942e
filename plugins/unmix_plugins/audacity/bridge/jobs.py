"""Clicks whose result is still to come, or to be fetched: what `unmix audacity status` lists."""

import logging
import threading
from pathlib import Path

from unmix_plugins.audacity.bridge.click import Click, Handed, State
from unmix_plugins.audacity.effect.operations import Order
from unmix_plugins.errors import NotFound, NotPossibleNow

_log = logging.getLogger(__name__)


class Jobs:
    """Keeps clicks and their files until they are done with; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clicks: dict[str, Click] = {}
        self._imports: dict[Path, Click] = {}
        self._count = 0

    def put(self, click: Click) -> None:
        """Keep a click, under a number of its own."""
        with self._lock:
            if click not in self._clicks.values():
                self._count += 1
                self._clicks[str(self._count)] = click

    def put_import(self, click: Click, path: Path) -> None:
        """Keep a click's files until Audacity has imported `path`."""
        with self._lock:
            self._imports[path] = click

    def forget(self, path: Path) -> None:
        """Audacity has imported `path`."""
        with self._lock:
            click = self._imports.pop(path, None)
        if click:
            self.remove(click)

    def all(self) -> dict[str, Click]:
        """Every click that is not done, the oldest first."""
        with self._lock:
            return {number: click for number, click in self._clicks.items() if click.state is not State.DONE}

    def get(self, number: str) -> Click:
        """One click. Raises NotFound."""
        with self._lock:
            if number not in self._clicks:
                raise NotFound(f"There is no job {number}: `unmix audacity status` lists them.")
            return self._clicks[number]

    def find(self, handed: Handed, order: Order | None) -> Click | None:
        """The click that handed over the same samples for the same `order`, or for any; one that is ready first."""
        same = [
            click
            for click in self.all().values()
            if not click.is_over and order in {None, click.order} and click.matches(handed)
        ]
        return min(same, key=lambda click: not click.can_be_fetched, default=None)

    def claim(self, click: Click) -> bool:
        """Begin to put a click's result back; False when that has been done, or another thread is at it."""
        with self._lock:
            is_over = click.state in {State.WRITING, State.DONE, State.FAILED}
            if is_over or click not in self._clicks.values():
                return False
            click.state = State.WRITING
            return True

    def dismiss(self, number: str) -> None:
        """Throw a click's result away. Raises NotFound, and NotPossibleNow while it is being put back."""
        click = self.get(number)
        with self._lock:
            if click.state is State.WRITING:
                raise NotPossibleNow("This is being put into Audacity right now: undo it there.")
            self._clicks.pop(number, None)
        click.work.cancel()
        self.remove(click)

    def remove(self, click: Click) -> None:
        """Be done with a click and delete its files."""
        with self._lock:
            self._clicks = {number: kept for number, kept in self._clicks.items() if kept is not click}
        click.ended.set()
        for path in click.files():
            try:
                if path.is_dir():
                    path.rmdir()
                else:
                    path.unlink(missing_ok=True)
            except OSError as error:
                _log.warning("%s cannot be deleted (%s).", path, error)
