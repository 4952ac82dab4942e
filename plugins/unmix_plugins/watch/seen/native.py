"""What the operating system tells of a folder, through watchdog: inotify, FSEvents, ReadDirectoryChanges."""

import sys
import threading
import warnings
from contextlib import suppress
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
]
if sys.platform != "linux":
    # Linux says when a file was closed after writing; to be told of each write would cost half a core per copy.
    _EVENTS.append(FileModifiedEvent)


class Native(FileSystemEventHandler):
    """Collects the names that something has happened to."""

    def __init__(self, source: Path, *, recursive: bool) -> None:
        """Watch `source`. Raises OSError when the system takes no more watches, or the folder is none."""
        self._source = source
        self._real = source.resolve()  # inotify would watch a link, and not the folder that it names
        self._lock = threading.Lock()
        self._files: set[str] = set()
        self._folders: set[str] = set()
        # A folder that is made and filled at once is found twice, which is right, and told in kilobytes.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        self._observer: BaseObserver = Observer()
        try:
            self._observer.schedule(self, str(self._real), recursive=recursive, event_filter=_EVENTS)
            self._observer.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the threads that listen."""
        self._observer.stop()
        with suppress(RuntimeError):  # never started
            self._observer.join()

    @property
    def is_alive(self) -> bool:
        """False when the system has stopped telling, as when the folder was removed."""
        return self._observer.is_alive() and all(emitter.is_alive() for emitter in self._observer.emitters)

    def drain(self) -> tuple[set[Path], set[Path]]:
        """Files and folders that something has happened to since the last call; they may be gone again."""
        with self._lock:
            files, self._files = self._files, set()
            folders, self._folders = self._folders, set()
        return self._named(files), self._named(folders)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called by watchdog from its own thread."""
        name = event.dest_path or event.src_path
        name = name if isinstance(name, str) else name.decode("utf-8", "surrogateescape")
        with self._lock:
            (self._folders if event.is_directory else self._files).add(name)

    def _named(self, names: set[str]) -> set[Path]:
        """As the user calls them; without what was moved to elsewhere."""
        paths = map(Path, names)
        return {
            self._source / path.relative_to(self._real) for path in paths if path.is_relative_to(self._real)
        }
