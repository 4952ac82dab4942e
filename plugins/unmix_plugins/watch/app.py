"""The watcher: lock → ledger → one thread for each folder, and back in reverse."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from unmix_plugins.client import Client
from unmix_plugins.errors import UnmixError
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.config.folder import ConfigError, FolderConfig, WatchConfig
from unmix_plugins.watch.disk.mounts import TargetMounts
from unmix_plugins.watch.ledger.entry import State
from unmix_plugins.watch.ledger.lock import lock_ledger
from unmix_plugins.watch.ledger.store import Ledger
from unmix_plugins.watch.notify.report import Note, Report, Tell
from unmix_plugins.watch.seen.observer import Observer
from unmix_plugins.watch.slots import Slots
from unmix_plugins.watch.steps.submission import client_name, withdraw
from unmix_plugins.watch.watched import Watched
from unmix_plugins.watch.work import Work

_TICK = 0.5
"""Seconds between two looks at the configuration."""
_TICK_ONCE = 0.1
"""Seconds between two looks at whether everything is done."""
_PAUSE_AFTER_FAULT = 5.0
_PATIENCE = 10.0
"""Seconds for a folder's thread to end; one that hangs in a dead network share is left behind."""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    work: Work
    over: threading.Event
    thread: threading.Thread


class App:
    """Watches folders until it is told to stop, or, with `once`, until everything there is done."""

    def __init__(
        self,
        config: WatchConfig,
        *,
        tell: Tell,
        once: bool = False,
        reload: Callable[[], WatchConfig | None] = lambda: None,
        connect: Callable[[str], Client] | None = None,
    ) -> None:
        """`tell` is called from several threads, one at a time.

        `reload` gives a new configuration when there is one, and raises ConfigError for one that is wrong. `connect`
        gives a client of the name that it is called with; by default it starts a daemon where none runs.
        """
        self._config = config
        self._report = tell
        self._telling = threading.Lock()
        self._once = once
        self._reload = reload
        self._connect = connect or _connect
        self._stop = threading.Event()
        self._running: list[_Running] = []

    def stop(self) -> None:
        """Have `run` end; from any thread or signal handler."""
        self._stop.set()

    def run(self) -> bool:
        """Work; returns False when some folder was left waiting for its user, with `once`.

        Raises AlreadyWatched or LedgerError. Whatever ends it, the ledger has all that is needed to go on.
        """
        with lock_ledger(self._config.state):
            ledger = Ledger(self._config.state)
            slots = Slots(self._config.look_ahead)
            try:
                self._release(ledger)
                self._start(self._config.folders, ledger, slots)
                while not self._stop.wait(_TICK_ONCE if self._once else _TICK):
                    self._take_changes(ledger, slots)
                    if self._once and all(one.work.is_idle or one.work.is_stuck for one in self._running):
                        return all(one.work.is_idle and not one.work.has_blocked for one in self._running)
                return True
            finally:
                self._end(self._running)
                ledger.close()

    def _tell(self, report: Report) -> None:
        with self._telling:
            self._report(report)

    def _start(self, folders: Iterable[FolderConfig], ledger: Ledger, slots: Slots) -> None:
        never = _never(self._config)
        for folder in folders:
            over = threading.Event()
            watched = Watched(
                folder,
                ledger.folder(folder.name),
                ledger,
                TargetMounts(ledger, folder.source, folder.own_folders),
                self._tell,
                max_attempts=self._config.max_attempts,
                is_over=over.is_set,
            )
            work = Work(watched, Observer(folder, never), slots, connect=self._connect)
            thread = threading.Thread(
                target=self._serve, args=(work, over), name=f"work {shown(folder.name)}", daemon=True
            )
            work.start()
            thread.start()
            self._running.append(_Running(work, over, thread))

    def _serve(self, work: Work, over: threading.Event) -> None:
        pause = 0.0
        while not over.wait(pause):
            try:
                pause = work.step()
            except Exception as error:  # noqa: BLE001  # a border: what failed once may work the next time
                if over.is_set():
                    return
                _log.exception("the folder %s", shown(work.folder.source))
                self._tell(
                    Note(f"{shown(work.folder.source)}: {type(error).__name__}: {error}. It goes on soon.")
                )
                pause = _PAUSE_AFTER_FAULT

    def _take_changes(self, ledger: Ledger, slots: Slots) -> None:
        """Go on with the folders as they are configured now."""
        try:
            config = self._reload()
        except ConfigError as error:
            self._tell(Note(f"{error} The old configuration stays in force."))
            return
        if config is None:
            return
        if config.state != self._config.state:
            self._tell(
                Note("Another ledger is used from the next start on: `state` cannot change meanwhile.")
            )
        old, self._config = self._config, config
        slots.limit = config.look_ahead
        is_as_before = _never(old) == _never(config) and old.max_attempts == config.max_attempts
        kept = [one for one in self._running if is_as_before and one.work.folder in config.folders]
        hanging = {
            one.work.folder.name for one in self._end([one for one in self._running if one not in kept])
        }
        self._running = kept
        self._release(ledger)
        going_on = {one.work.folder.name for one in kept} | hanging
        self._start([folder for folder in config.folders if folder.name not in going_on], ledger, slots)
        self._tell(Note(f"The configuration has changed: {len(self._running)} folders are watched now."))
        for name in hanging:  # whatever its thread still does, nobody else may do as well
            self._tell(
                Note(f"{shown(name)} hangs, in a dead network share perhaps: start unmix watch again.")
            )

    def _release(self, ledger: Ledger) -> None:
        """Take back the jobs of folders that are not watched any more."""
        watched = {folder.name for folder in self._config.folders}
        for number, name in ledger.folders().items():
            if name not in watched and ledger.in_states(number, [State.SUBMITTED], float("inf"), 1):
                try:
                    with self._connect(client_name(ledger, number)) as client:
                        withdraw(client, ledger, number)
                except UnmixError as error:
                    self._tell(
                        Note(f"{shown(name)} is not watched any more, and its jobs are still there: {error}")
                    )

    def _end(self, running: Sequence[_Running]) -> list[_Running]:
        """End these; returns those that hang."""
        for one in running:
            one.over.set()
            one.work.disconnect()
        deadline = time.monotonic() + _PATIENCE
        for one in running:
            one.thread.join(max(0.0, deadline - time.monotonic()))
            if not one.thread.is_alive():
                one.work.stop()
        return [one for one in running if one.thread.is_alive()]


def _connect(name: str) -> Client:
    return Client.connect(client_name=name)


def _never(config: WatchConfig) -> set[Path]:
    return {path for folder in config.folders for path in folder.own_folders}
