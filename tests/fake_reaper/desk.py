"""One example at hand: its project, REAPER around it, and scripts written as text."""

import textwrap
from pathlib import Path
from typing import Any

from fake_reaper.examples import one
from fake_reaper.fake import FakeReaper


class Desk:
    """A project with an item of one kind; REAPER's functions can be called by name, without RPR_."""

    def __init__(self, folder: Path, kind: str = "plain", **switches: Any) -> None:
        self.folder = folder
        self.project, self.item = one(folder / "project", kind)
        self.reaper = FakeReaper(self.project, **switches)
        self._functions = self.reaper.namespace()

    def __getattr__(self, name: str) -> Any:
        return self._functions[f"RPR_{name}"]

    @property
    def source(self) -> str:
        """The pointer to what the first item's active take plays."""
        return self.GetMediaItemTake_Source(self.GetActiveTake(self.GetMediaItem(0, 0)))

    def pointer(self, thing: object) -> str:
        """Return the pointer to a thing as a script sees it."""
        return self.reaper.pointers.pointer_to(thing)

    def run(self, code: str, name: str = "script.py") -> list[str]:
        """Run a script that has all functions, and return what was shown so far."""
        path = self.folder / name
        path.write_text("from reaper_python import *\n" + textwrap.dedent(code), encoding="ascii")
        self.reaper.run_script(path)
        return self.reaper.messages
