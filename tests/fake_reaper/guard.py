"""What a script must not do inside REAPER: import foreign code, start threads, sleep."""

import _thread
import builtins
import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

ALLOWED = frozenset({*sys.stdlib_module_names, "__main__", "reaper_python"})


class Guard:
    """Watches the thread that runs a script, and only while it is not in one of REAPER's own functions.

    Another import of a native package crashes REAPER, so a script may import the standard library and files
    from its own folder, and nothing else. Each refusal raises in the script and is noted as a problem.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._thread: int | None = None
        self._folder = Path()
        self._in_host = 0

    @contextmanager
    def watching(self, folder: Path) -> Iterator[None]:
        """Refuse until the end of the block what a script that lies in this folder must not do."""
        replaced = [
            (builtins, "__import__", self._import(builtins.__import__)),
            (importlib, "import_module", self._import(importlib.import_module)),
            (threading.Thread, "start", self._refusing(threading.Thread.start, "a thread")),
            (_thread, "start_new_thread", self._refusing(_thread.start_new_thread, "a thread")),
            (time, "sleep", self._refusing(time.sleep, "a sleep")),
        ]
        originals = [(owner, name, getattr(owner, name)) for owner, name, _ in replaced]
        self._thread, self._folder = threading.get_ident(), folder
        for owner, name, substitute in replaced:
            setattr(owner, name, substitute)
        try:
            yield
        finally:
            for owner, name, original in originals:
                setattr(owner, name, original)
            self._thread = None

    @contextmanager
    def host(self) -> Iterator[None]:
        """Let REAPER itself, which the script called, do as it likes."""
        self._in_host += 1
        try:
            yield
        finally:
            self._in_host -= 1

    @property
    def _watched(self) -> bool:
        return threading.get_ident() == self._thread and not self._in_host

    def _import(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(name: str, *arguments: Any, **named: Any) -> ModuleType:
            if self._watched and not self._may_import(name, *arguments):
                self._note(f"The script imported {name} inside REAPER.")
                raise ImportError(f"{name} is not part of the standard library.")
            return original(name, *arguments, **named)

        return guarded

    def _may_import(self, name: str, importer: object = None, *others: Any) -> bool:
        """Whether a name is allowed, or asked for by the standard library, or relative to what was allowed."""
        asks = importer.get("__name__", "") if isinstance(importer, dict) else ""
        relative = name.startswith(".") or (len(others) > 2 and others[2] > 0)
        root = name.partition(".")[0]
        return (
            relative
            or root in ALLOWED
            or asks.partition(".")[0] in sys.stdlib_module_names
            or self._beside_the_script(root)
        )

    def _beside_the_script(self, name: str) -> bool:
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None) if module else None
        if file is not None:
            return Path(file).is_relative_to(self._folder)
        return (self._folder / f"{name}.py").is_file() or (self._folder / name).is_dir()

    def _refusing(self, original: Callable[..., Any], what: str) -> Callable[..., Any]:
        def guarded(*arguments: Any, **named: Any) -> Any:
            if self._watched:
                self._note(f"The script started {what} inside REAPER.")
                raise RuntimeError(f"A script cannot start {what} inside REAPER.")
            return original(*arguments, **named)

        return guarded
