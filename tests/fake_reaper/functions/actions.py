# ruff: noqa: N802 - the functions are named as REAPER names them
"""Actions by their number, and media inserted as from the menu."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from fake_reaper.model.item import Item
from fake_reaper.model.project import Project
from fake_reaper.model.source import TYPES, Source
from fake_reaper.model.take import Take
from fake_reaper.renderer import render_take

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper

ADD_AS_TAKES = 3
WAYS = 3
"""The bits of InsertMedia's mode that say where to; the others are not modelled."""


def InsertMedia(reaper: "FakeReaper", path: str, mode: int) -> int:
    file = Path(path)
    if mode & ~WAYS:
        reaper.note(f"The stand-in does not model InsertMedia's mode {mode}.")
    if not file.is_file() or file.suffix.lower() not in TYPES:
        return 0
    project = reaper.active
    if mode & WAYS == ADD_AS_TAKES:
        return _add_as_takes(reaper, project, file)
    track = next((t for t in project.tracks if t.selected), None) if mode & WAYS == 0 else None
    track = track or project.add_track()
    source = Source.from_file(file)
    fade = reaper.switches.default_fade
    item = track.add_item(project.cursor, source.seconds, source, fade_in=fade, fade_out=fade)
    _select_only(project, [item])
    project.cursor = item.end
    reaper.changed(project)
    return 1


def _add_as_takes(reaper: "FakeReaper", project: Project, file: Path) -> int:
    for item in project.selected_items:
        item.active = item.add_take(Source.from_file(file), name=file.name).index
    if project.selected_items:
        reaper.changed(project)
    return int(bool(project.selected_items))


def Main_OnCommand(reaper: "FakeReaper", command: int, flag: int) -> None:
    Main_OnCommandEx(reaper, command, flag, reaper.active)


def Main_OnCommandEx(reaper: "FakeReaper", command: int, _flag: int, project: Project) -> None:
    """Carry an action out; outside an undo block it makes an undo point of its own."""
    if command not in ACTIONS:
        reaper.note(f"The stand-in does not know the action {command}.")
        return
    label, carry_out = ACTIONS[command]
    carry_out(reaper, project)
    if label:
        project.touch()
        reaper.made_undo_point()
        if project.history.depth == 0:
            project.history.add(label)


def NamedCommandLookup(reaper: "FakeReaper", name: str) -> int:
    return reaper.command_number(name) if name.startswith("_") else int(name) if name.isdigit() else 0


def ReverseNamedCommandLookup(reaper: "FakeReaper", command: int) -> str | None:
    names = {number: name for name, number in reaper.commands.items()}
    return names[command].removeprefix("_") if command in names else None


def GetToggleCommandState(reaper: "FakeReaper", command: int) -> int:
    return reaper.toggles.get((0, command), -1)


def GetToggleCommandStateEx(reaper: "FakeReaper", section: int, command: int) -> int:
    return reaper.toggles.get((section, command), -1)


def SetToggleCommandState(reaper: "FakeReaper", section: int, command: int, state: int) -> int:
    reaper.toggles[section, command] = state
    return 1


def RefreshToolbar(_reaper: "FakeReaper", _command: int) -> None:
    return


def RefreshToolbar2(_reaper: "FakeReaper", _section: int, _command: int) -> None:
    return


def AddRemoveReaScript(reaper: "FakeReaper", add: int, _section: int, path: str, _commit: int) -> int:
    if add and Path(path).is_file():
        return reaper.command_number(f"_RS{path}")
    return 0 if add else int(reaper.commands.pop(f"_RS{path}", 0) > 0)


def _select_only(project: Project, items: list[Item]) -> None:
    for item in project.items:
        item.selected = int(item in items)


def _unselect_items(_reaper: "FakeReaper", project: Project) -> None:
    _select_only(project, [])


def _select_items(_reaper: "FakeReaper", project: Project) -> None:
    _select_only(project, project.items)


def _unselect_tracks(_reaper: "FakeReaper", project: Project) -> None:
    for track in project.tracks:
        track.selected = 0


def _remove_items(_reaper: "FakeReaper", project: Project) -> None:
    for item in project.selected_items:
        item.delete()


def _duplicate_items(_reaper: "FakeReaper", project: Project) -> None:
    """Put the copies behind the last selected item, at the distances that they had, and select them."""
    items = project.selected_items
    if not items:
        return
    later = max(item.end for item in items) - min(item.position for item in items)
    copies = [item.duplicate() for item in items]
    for copy in copies:
        copy.move(copy.position + later)
    _select_only(project, copies)


def _render_to_new_take(_reaper: "FakeReaper", project: Project) -> None:
    """Write what the active take plays, its effects included, to a file, and play that from now on.

    Volume and fades of the item stay with the item; whatever the take itself does is in the file.
    """
    for item in project.selected_items:
        take = item.take
        if take is None or take.source is None or not take.source.plays:
            continue
        file = _free_name(project.media_folder, take)
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, render_take(take), project.sample_rate, subtype="FLOAT")
        item.active = item.add_take(Source.from_file(file), name=f"{take.name} - render").index


def _free_name(folder: Path, take: Take) -> Path:
    numbered = (folder / f"{take.name or 'untitled'} render {n:03}.wav" for n in range(1, 1000))
    return next(path for path in numbered if not path.exists())


def _duplicate_take(_reaper: "FakeReaper", project: Project) -> None:
    for item in project.selected_items:
        if item.take is not None:
            item.takes.insert(item.active + 1, item.take.copy_to(item))
            item.active += 1


def _delete_take(_reaper: "FakeReaper", project: Project) -> None:
    for item in project.selected_items:
        if item.takes:
            del item.takes[item.active]
            item.active = min(item.active, max(0, len(item.takes) - 1))


def _crop_to_take(_reaper: "FakeReaper", project: Project) -> None:
    for item in project.selected_items:
        item.takes, item.active = [item.take], 0


def _reverse(_reaper: "FakeReaper", project: Project) -> None:
    for item in project.selected_items:
        take = item.take
        if take is None or take.source is None:
            continue
        source = take.source
        if source.reverse:
            source.reverse = False
        else:
            source.belong_to(None)
            take.source = None
            take.play(Source.section(source, reverse=True))


def _set_offline(project: Project, *, offline: bool) -> None:
    for item in project.selected_items:
        if item.take is not None and item.take.source is not None:
            item.take.source.file.offline = offline


def _nothing(_reaper: "FakeReaper", _project: Project) -> None:
    return


Action = Callable[["FakeReaper", Project], object]
ACTIONS: dict[int, tuple[str, Action]] = {
    40006: ("Remove items", _remove_items),
    40029: ("", lambda _, project: project.history.undo()),
    40030: ("", lambda _, project: project.history.redo()),
    40047: ("", _nothing),  # builds missing peaks
    40129: ("Delete active take from items", _delete_take),
    40131: ("Crop to active take in items", _crop_to_take),
    40182: ("Select all items", _select_items),
    40289: ("Unselect all items", _unselect_items),
    40297: ("Unselect all tracks", _unselect_tracks),
    40439: ("Set selected media online", lambda _, project: _set_offline(project, offline=False)),
    40440: ("Set selected media offline", lambda _, project: _set_offline(project, offline=True)),
    40639: ("Duplicate active take", _duplicate_take),
    41051: ("Toggle take reverse", _reverse),
    41295: ("Duplicate items", _duplicate_items),
    41999: ("Render items to new take", _render_to_new_take),
}
"""Label of the undo point ("" for none) and what is done, by REAPER's number."""
