# ruff: noqa: N802 - the functions are named as REAPER names them
"""Undo, the window's refresh, and what is kept between scripts."""

from typing import TYPE_CHECKING, Any

from fake_reaper.model.facts import facts
from fake_reaper.model.project import Project

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper

TRACKS, ITEMS = 1, 4
"""The flags of an undo point that hold tracks and items; -1 holds all."""


def Undo_BeginBlock(reaper: "FakeReaper") -> None:
    Undo_BeginBlock2(reaper, reaper.active)


def Undo_BeginBlock2(reaper: "FakeReaper", project: Project) -> None:
    project.history.begin()
    reaper.made_undo_point()


def Undo_EndBlock(reaper: "FakeReaper", label: str, flags: int) -> None:
    Undo_EndBlock2(reaper, reaper.active, label, flags)


def Undo_EndBlock2(reaper: "FakeReaper", project: Project, label: str, flags: int) -> None:
    if project.history.depth == 1:
        _check_flags(reaper, project, flags)
    if not project.history.end(label, keep=flags != 0):
        reaper.note("An undo block was ended that was not begun.")


def _check_flags(reaper: "FakeReaper", project: Project, flags: int) -> None:
    """Note where an undo point would not hold what was changed since the block was opened."""
    before, now = facts(project.history.latest), facts(project.tracks)
    for what, part, bit in (("tracks", _tracks, TRACKS), ("items", _items, ITEMS)):
        if part(before) != part(now) and not flags & bit:
            reaper.note(f"An undo point with the flags {flags} leaves out the {what} that were changed.")


def _tracks(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**track, "items": None, "selected": None} for track in known]


def _items(known: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [[{**item, "selected": None} for item in track["items"]] for track in known]


def Undo_OnStateChange(reaper: "FakeReaper", label: str) -> None:
    Undo_OnStateChange2(reaper, reaper.active, label)


def Undo_OnStateChange2(reaper: "FakeReaper", project: Project, label: str) -> None:
    reaper.made_undo_point()
    if project.history.depth == 0:
        project.history.add(label)


def Undo_OnStateChangeEx(reaper: "FakeReaper", label: str, _states: int, _track: int) -> None:
    Undo_OnStateChange2(reaper, reaper.active, label)


def Undo_OnStateChangeEx2(
    reaper: "FakeReaper", project: Project, label: str, _states: int, _track: int
) -> None:
    Undo_OnStateChange2(reaper, project, label)


def Undo_CanUndo2(_reaper: "FakeReaper", project: Project) -> str | None:
    return project.history.labels[-1] if project.history.labels else None


def Undo_CanRedo2(_reaper: "FakeReaper", project: Project) -> str | None:
    return project.history.undone[0] if project.history.undone else None


def Undo_DoUndo2(_reaper: "FakeReaper", project: Project) -> int:
    return int(project.history.undo())


def Undo_DoRedo2(_reaper: "FakeReaper", project: Project) -> int:
    return int(project.history.redo())


def PreventUIRefresh(reaper: "FakeReaper", count: int) -> None:
    reaper.refresh_prevented += count
    if reaper.refresh_prevented < 0:
        reaper.note("The window's refresh was let go more often than it was held.")
        reaper.refresh_prevented = 0


def UpdateArrange(_reaper: "FakeReaper") -> None:
    return


def UpdateTimeline(_reaper: "FakeReaper") -> None:
    return


def SetExtState(reaper: "FakeReaper", section: str, key: str, value: str, persist: int) -> None:
    reaper.ext_state[section.upper(), key.upper()] = value
    if persist:
        reaper.persistent_ext_state[section.upper(), key.upper()] = value


def GetExtState(reaper: "FakeReaper", section: str, key: str) -> str:
    return reaper.ext_state.get((section.upper(), key.upper()), "")


def HasExtState(reaper: "FakeReaper", section: str, key: str) -> int:
    return int((section.upper(), key.upper()) in reaper.ext_state)


def DeleteExtState(reaper: "FakeReaper", section: str, key: str, persist: int) -> None:
    reaper.ext_state.pop((section.upper(), key.upper()), None)
    if persist:
        reaper.persistent_ext_state.pop((section.upper(), key.upper()), None)
