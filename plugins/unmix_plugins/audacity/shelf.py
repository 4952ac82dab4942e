"""Clicks whose result is still to come, or to be fetched: what `unmix audacity status` lists."""

import threading
from pathlib import Path

from unmix_plugins.audacity.click import Click, State
from unmix_plugins.audacity.float_wave import FloatWave
from unmix_plugins.audacity.operations import Order
from unmix_plugins.audacity.request import TrackRequest
from unmix_plugins.errors import NotFound


class Shelf:
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
        """Every click that is kept, the oldest first."""
        with self._lock:
            return dict(self._clicks)

    def get(self, number: str) -> Click:
        """One click. Raises NotFound."""
        with self._lock:
            if number not in self._clicks:
                raise NotFound(f"There is no job {number}: `unmix audacity status` lists them.")
            return self._clicks[number]

    def find(self, order: Order | None, request: TrackRequest, wave: FloatWave) -> Click | None:
        """A click whose result is there, and that handed over the same samples for the same `order`, or for any."""
        ready = [click for click in self.all().values() if click.state is State.READY]
        return next(
            (click for click in ready if order in {None, click.order} and click.matches(request, wave)), None
        )

    def remove(self, click: Click) -> None:
        """Be done with a click and delete its files."""
        with self._lock:
            self._clicks = {number: kept for number, kept in self._clicks.items() if kept is not click}
        click.ended.set()
        for path in click.files():
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
