"""The process behind `window.py`: a Tk window that shows what stdin says and writes what its buttons ask."""

import json
import sys
import threading
import tkinter
from collections.abc import Callable, Mapping
from tkinter import ttk
from typing import Any

_WIDTH = 360
_POLL = 100
"""Milliseconds."""

_BUTTONS: Mapping[str, tuple[tuple[str, Mapping[str, Any]], ...]] = {
    "working": (("Cancel", {"do": "cancel"}),),
    "waiting": (("Put back now", {"do": "collect"}), ("Throw away", {"do": "dismiss"})),
    "ready": (
        ("Put back", {"do": "collect"}),
        ("As new tracks", {"do": "collect", "as_new_track": True}),
        ("Throw away", {"do": "dismiss"}),
    ),
    "changed": (
        ("Put back", {"do": "collect"}),
        ("As new tracks", {"do": "collect", "as_new_track": True}),
        ("Throw away", {"do": "dismiss"}),
    ),
    "failed": (("Close", {"do": "dismiss"}),),
}


class _Row:
    """One click."""

    def __init__(self, parent: tkinter.Misc, ask: Callable[[Mapping[str, Any]], None]) -> None:
        self.frame = ttk.Frame(parent, padding=8)
        self.frame.pack(fill="x")
        self._title = ttk.Label(self.frame, wraplength=_WIDTH)
        self._title.pack(anchor="w")
        self._bar = ttk.Progressbar(self.frame, length=_WIDTH, maximum=1.0)
        self._bar.pack(fill="x", pady=4)
        self._text = ttk.Label(self.frame, wraplength=_WIDTH)
        self._text.pack(anchor="w")
        self._buttons = ttk.Frame(self.frame)
        self._buttons.pack(anchor="e")
        self._ask = ask
        self._state = ""

    def show(self, job: Mapping[str, Any]) -> None:
        self._title["text"] = job["title"]
        self._bar["value"] = job["fraction"]
        self._text["text"] = job["message"] or _remaining(job)
        if job["state"] == self._state:
            return
        self._state = job["state"]
        for button in self._buttons.winfo_children():
            button.destroy()
        for label, request in _BUTTONS.get(self._state, ()):
            wanted = {**request, "job": job["id"]}
            ttk.Button(self._buttons, text=label, command=lambda wanted=wanted: self._ask(wanted)).pack(
                side="right", padx=2
            )


def _remaining(job: Mapping[str, Any]) -> str:
    percent = f"{100 * job['fraction']:.0f} %"
    seconds = job["remaining_seconds"]
    return percent if seconds is None else f"{percent}, about {seconds:.0f} s left"


def main() -> None:
    """Show windows until stdin ends."""
    root = tkinter.Tk(className="unmix")
    root.title("Unmix")
    root.resizable(width=False, height=False)
    root.protocol("WM_DELETE_WINDOW", root.iconify)
    rows: dict[str, _Row] = {}
    said: list[list[Mapping[str, Any]] | None] = []

    def ask(request: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(request) + "\n")
        sys.stdout.flush()

    def read() -> None:
        for line in sys.stdin:
            said.append(json.loads(line))
        said.append(None)

    def show() -> None:
        while said:
            jobs = said.pop(0)
            if jobs is None:
                root.destroy()
                return
            for gone in rows.keys() - {job["id"] for job in jobs}:
                rows.pop(gone).frame.destroy()
            for job in jobs:
                if job["id"] not in rows:
                    rows[job["id"]] = _Row(root, ask)
                rows[job["id"]].show(job)
        root.after(_POLL, show)

    threading.Thread(target=read, daemon=True).start()
    show()
    root.mainloop()


if __name__ == "__main__":
    main()
