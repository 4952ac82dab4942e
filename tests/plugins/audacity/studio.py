"""The real Audacity with our effects, a real daemon, and a bridge between them, in folders with difficult names."""

import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from daemons import Daemon, eventually
from plugins.audacity import arrangement
from plugins.audacity.arrangement import RATE, Audio, Labels
from plugins.audacity.aup3 import SavedProject
from plugins.audacity.bridge_runs import Bridge, install_effects
from plugins.audacity.comparison import difference
from plugins.audacity.real_audacity import Audacity
from unmix_plugins.audacity.effect import choices
from unmix_plugins.audacity.effect.choices import Choices
from unmix_plugins.audacity.program.editor import Editor

DENOISE_MODEL = "rnnoise"
SEPARATE_MODEL = "dsp"
"""What the effects without a dialog use here; neither needs a download."""
AT_ONCE = 60.0
"""Seconds that effects wait for work, more than a busy machine needs for any that is meant to be done at once."""


class Studio:
    """One program for many tests; each opens a project of its own in it."""

    def __init__(self, folder: Path, display: str) -> None:
        self.folder = folder
        self.state = folder / "an unmix state – Jörg’s"
        self.daemon = Daemon(self.state)
        self.audacity = Audacity(folder / "home", display, shared=[folder])
        install_effects(self.audacity.plug_ins, self.state)
        self._project = folder
        self._running: Bridge | None = None
        self._long = 0.0

    def __enter__(self) -> Self:
        self.daemon.start()
        with self.daemon.client() as client:
            client.models.load(DENOISE_MODEL)  # which a worker is started for
        self.make_fit()
        return self

    def __exit__(self, *_: object) -> None:
        if self._running:
            self._running.stop()
        self.audacity.kill()
        self.daemon.__exit__(None, None, None)

    @property
    def bridge(self) -> Bridge:
        assert self._running
        return self._running

    @property
    def editor(self) -> Editor:
        return Editor(self.audacity.pipe)

    def make_fit(self) -> None:
        """Replace what another test has left in a dialog, silent, at work or dead; the project has no tracks then."""
        is_fit = self.audacity.is_fit()
        if self._running and not (is_fit and self._running.is_idle()):
            self._running.kill()
            self._running = None
        if not is_fit:
            self.audacity.start_anew()
            self._project = self.folder / f"Проект Łódź {len(list(self.folder.glob('*.aup3')))}.aup3"
            self.audacity.save(self._project)

    def begin(self, *, long: float = AT_ONCE) -> None:
        """Have a bridge, for which work is late that is expected to take `long` seconds; nothing is chosen yet."""
        if self._running is None or self._long != long:
            if self._running:
                self._running.stop()
            self.audacity.release()
            self._running = Bridge(self.state, self.audacity.pipes, long=long).start()
            self._long = long
            self.audacity.connect()  # beside the bridge, which sends nothing unless something is late
        choices.save(self.bridge.folder, Choices(denoise_model=DENOISE_MODEL, separate_model=SEPARATE_MODEL))

    def open(self, *tracks: Audio | Labels) -> None:
        """Have nothing but these tracks."""
        self.audacity.clear()
        path = self.folder / "arranged.aup"
        arrangement.write(path, tracks)
        self.audacity.import_files(path)
        self.command(f"SetProject: Rate={RATE}")

    def select(self, positions: Sequence[int], start: float, end: float) -> None:
        for count, position in enumerate(positions):
            self.editor.select(position, start, end, add=count > 0)

    def save(self) -> SavedProject:
        self.command("Save:")
        return self.audacity.saved(self._project, refresh=False)

    def command(self, text: str) -> None:
        self.audacity.pipe.command(text)

    def click(self, label: str) -> None:
        """Choose one of our effects with the mouse."""
        self.audacity.click_menu("Effect", "Unmix", label)

    def run(self, label: str) -> None:
        """Choose one of our effects through the pipe; what it does at once is done then."""
        self.audacity.choose(label)

    def run_late(self, label: str) -> None:
        """Choose one through the pipe whose result the bridge will put in later."""
        with self.nothing_is_worked_on():
            self.run(label)

    @contextmanager
    def nothing_is_worked_on(self) -> Generator[None]:
        """Within this no result comes, and so the bridge sends nothing.

        Replies carry no name: one that the test waits for might be taken by the bridge, were that to wait as well.
        """
        workers = self.daemon.workers()
        assert workers
        for worker in workers:
            worker.suspend()
        try:
            yield
        finally:
            for worker in workers:
                worker.resume()

    def changed(self, before: SavedProject, act: Callable[[], object]) -> SavedProject:
        """The project after `act` and what follows from it."""
        self.wait_for_change(before, act)
        eventually(lambda: not self.bridge.jobs())
        return self.save()

    def wait_for_change(self, before: SavedProject, act: Callable[[], object]) -> None:
        """Return as soon as the project is another than `before`; the bridge may still be busy with it."""
        known = self._not_put_in()
        act()
        eventually(lambda: self.differs_from(before) or self._is_still_awaited(known), 300.0)

    def _is_still_awaited(self, known: Mapping[str, str]) -> bool:
        """False; fails the test at once, with the reason, when the bridge will not put in what is waited for."""
        told = {job: reason for job, reason in self._not_put_in().items() if job not in known}
        assert not told
        return False

    def _not_put_in(self) -> dict[str, str]:
        """Why, of each job from which nothing will come by itself."""
        stands = {job["id"]: f"{job['state']}: {job['message']}" for job in self.bridge.jobs()}
        return {job: said for job, said in stands.items() if said.startswith(("ready", "changed", "failed"))}

    def history(self) -> tuple[str, str]:
        """What can be undone, and what redone."""
        labels = {item.command: item.label for item in self.editor.menu_items()}
        return labels["Undo"], labels["Redo"]

    def differs_from(self, before: SavedProject) -> bool | None:
        """Whether the project, as Audacity saved it by itself, is another; None when it is just being written.

        Nothing is asked through the pipe, which the bridge may be using.
        """
        with suppress(sqlite3.Error, TypeError):
            return bool(difference(before, self.audacity.saved(self._project, refresh=False)))
        return None
