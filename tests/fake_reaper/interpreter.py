"""Python inside REAPER: one `__main__` for all scripts, no console, and the code that scripts leave for later."""

import gc
import linecache
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from fake_reaper.guard import Guard

LONG = 200
"""Code longer than this is shown in tracebacks by its file's name, as the file itself."""


class Run(NamedTuple):
    """One piece of a script's code that ran in REAPER's window.

    `seconds` is how long the window stood still by the script's doing, `busy` how long this thread computed.
    """

    code: str
    seconds: float
    busy: float


@dataclass(eq=False)
class Script:
    """One run of one file; it lives for as long as it defers."""

    path: Path
    interpreter: "Interpreter"
    deferred: list[str] = field(default_factory=list)
    at_exit: list[str] = field(default_factory=list)
    makes_undo_point: bool = True
    """REAPER makes a point of its own for a script that neither defers nor makes one."""

    def source(self) -> str:
        """Return the file's text; UnicodeDecodeError where it is not ASCII, which old systems could not read."""
        return self.path.read_text(encoding="ascii")


class Interpreter:
    """Executes code as REAPER does, in a `__main__` that knows neither its file nor, at first, any function.

    What scripts import from their own folder stays imported here, and nowhere else in the process.
    """

    def __init__(self, functions: Mapping[str, Any], guard: Guard, *, knows_file: bool) -> None:
        self.main = ModuleType("__main__")
        self._library = ModuleType("reaper_python")
        self._library.__dict__.update(functions)
        self._guard = guard
        self._knows_file = knows_file
        self._imported: dict[str, ModuleType] = {}

    def execute(self, script: Script, code: str, injected: Mapping[str, Any]) -> Run:
        """Run code in `__main__`, with these functions put there as well; whatever it raises comes out."""
        shown = f"<{code if len(code) < LONG else script.path.name}>"
        linecache.cache[shown] = (len(code), None, code.splitlines(keepends=True), shown)
        self.main.__dict__.update(injected)
        if self._knows_file:
            self.main.__dict__["__file__"] = str(script.path)
        began, busy = time.perf_counter(), time.thread_time()
        gc.disable()  # it would look through all that the tests and the stand-in have made, which REAPER does not have
        try:
            with self._in_place(script), self._guard.watching(script.path.parent):
                exec(compile(code, shown, "exec"), self.main.__dict__)  # noqa: S102 - this is what REAPER does
        finally:
            gc.enable()
        return Run(code, time.perf_counter() - began, time.thread_time() - busy)

    @contextmanager
    def _in_place(self, script: Script) -> Iterator[None]:
        """Make the process look as it does inside REAPER, and as before afterwards."""
        modules = {"__main__": self.main, "reaper_python": self._library, **self._imported}
        before = {name: sys.modules.get(name) for name in modules}
        known = set(sys.modules)
        names = ("argv", "stdin", "stdout", "stderr", "path")
        system = {name: getattr(sys, name) for name in names}
        sys.modules.update(modules)
        sys.stdin = sys.stdout = sys.stderr = None  # a program with windows has no console
        sys.path = list(sys.path)
        sys.argv = [str(script.path)]
        if not self._knows_file:
            del sys.argv
        try:
            yield
        finally:
            for name, value in system.items():
                setattr(sys, name, value)
            self._imported = self._taken_back(set(sys.modules) - known, script.path.parent)
            for name, module in before.items():
                if module is None:
                    sys.modules.pop(name, None)
                else:
                    sys.modules[name] = module

    def _taken_back(self, names: set[str], folder: Path) -> dict[str, ModuleType]:
        """Take out of the process what was imported from scripts' folders, unless the script dropped it."""
        return {name: sys.modules.pop(name) for name in names if self._is_of_scripts(name, folder)}

    def _is_of_scripts(self, name: str, folder: Path) -> bool:
        file = getattr(sys.modules[name], "__file__", None)
        return name in self._imported or (file is not None and Path(file).is_relative_to(folder))
