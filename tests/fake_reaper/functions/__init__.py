"""What REAPER's functions do to the projects, one module for each part of the table.

Each is named as REAPER names it, without RPR_, and takes the stand-in and then the function's own arguments:
things for pointers, and a `Reference` for what comes back.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from fake_reaper import table
from fake_reaper.functions import actions, dialogs, items, projects, sources, states, system, takes, tracks

PARTS: tuple[ModuleType, ...] = (actions, dialogs, items, projects, sources, states, system, takes, tracks)


def implemented() -> dict[str, Callable[..., Any]]:
    """Return what is modelled, by name."""
    known = table.load().functions
    return {name: value for part in PARTS for name, value in vars(part).items() if name in known}
