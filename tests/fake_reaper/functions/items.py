# ruff: noqa: N802 - the functions are named as REAPER names them
"""Items: which there are and are selected, where they lie, and their takes."""

from typing import TYPE_CHECKING

from fake_reaper.functions.strings import get_or_set
from fake_reaper.marshal import Reference
from fake_reaper.model import chunk, values
from fake_reaper.model.item import Item
from fake_reaper.model.project import Project
from fake_reaper.model.take import Take
from fake_reaper.model.track import Track

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper


def CountMediaItems(_reaper: "FakeReaper", project: Project) -> int:
    return len(project.items)


def GetMediaItem(_reaper: "FakeReaper", project: Project, index: int) -> Item | None:
    items = project.items
    return items[index] if 0 <= index < len(items) else None


def CountSelectedMediaItems(_reaper: "FakeReaper", project: Project) -> int:
    return len(project.selected_items)


def GetSelectedMediaItem(_reaper: "FakeReaper", project: Project, index: int) -> Item | None:
    items = project.selected_items
    return items[index] if 0 <= index < len(items) else None


def IsMediaItemSelected(_reaper: "FakeReaper", item: Item) -> int:
    return item.selected


def SetMediaItemSelected(_reaper: "FakeReaper", item: Item, selected: int) -> None:
    item.selected = int(bool(selected))


def SelectAllMediaItems(_reaper: "FakeReaper", project: Project, selected: int) -> None:
    for item in project.items:
        item.selected = int(bool(selected))


def GetMediaItemTrack(_reaper: "FakeReaper", item: Item) -> Track:
    return item.track


def GetMediaItem_Track(_reaper: "FakeReaper", item: Item) -> Track:
    return item.track


def GetItemProjectContext(_reaper: "FakeReaper", item: Item) -> Project:
    return item.track.project


def AddMediaItemToTrack(reaper: "FakeReaper", track: Track) -> Item:
    fade = reaper.switches.default_fade
    item = track.add_item(0.0, 0.0, fade_in=fade, fade_out=fade)
    reaper.changed(track.project)
    return item


def DeleteTrackMediaItem(reaper: "FakeReaper", track: Track, item: Item) -> int:
    if item.track is not track:
        return 0
    item.delete()
    reaper.changed(track.project)
    return 1


def MoveMediaItemToTrack(reaper: "FakeReaper", item: Item, track: Track) -> int:
    if item.track is track:
        return 0
    item.move(item.position, track)
    reaper.changed(track.project)
    return 1


def SplitMediaItem(reaper: "FakeReaper", item: Item, time: float) -> Item | None:
    right = item.split(time)
    if right is not None:
        reaper.changed(item.track.project)
    return right


def SetMediaItemPosition(reaper: "FakeReaper", item: Item, position: float, _refresh: int) -> int:
    return SetMediaItemInfo_Value(reaper, item, "D_POSITION", position)


def SetMediaItemLength(reaper: "FakeReaper", item: Item, length: float, _refresh: int) -> int:
    return SetMediaItemInfo_Value(reaper, item, "D_LENGTH", length)


def GetMediaItemInfo_Value(reaper: "FakeReaper", item: Item, key: str) -> float:
    if key == "P_TRACK":
        return float(reaper.pointers.address_of(item.track))
    return values.get(item, key)


def SetMediaItemInfo_Value(reaper: "FakeReaper", item: Item, key: str, value: float) -> int:
    done = values.put(item, key, value)
    if done and key != "B_UISEL":
        reaper.changed(item.track.project)
    return int(done)


def GetSetMediaItemInfo_String(
    reaper: "FakeReaper", item: Item, key: str, text: Reference, is_set: int
) -> int:
    return get_or_set(reaper, item, item.track.project, key, text, is_set, {"P_NOTES": "notes"})


def CountTakes(_reaper: "FakeReaper", item: Item) -> int:
    return len(item.takes)


def GetMediaItemNumTakes(_reaper: "FakeReaper", item: Item) -> int:
    return len(item.takes)


def GetTake(_reaper: "FakeReaper", item: Item, index: int) -> Take | None:
    return item.takes[index] if 0 <= index < len(item.takes) else None


def GetMediaItemTake(_reaper: "FakeReaper", item: Item, index: int) -> Take | None:
    return item.take if index == -1 else GetTake(_reaper, item, index)


def GetActiveTake(_reaper: "FakeReaper", item: Item) -> Take | None:
    return item.take


def AddTakeToMediaItem(reaper: "FakeReaper", item: Item) -> Take:
    take = item.add_take()
    reaper.changed(item.track.project)
    return take


def GetDisplayedMediaItemColor(_reaper: "FakeReaper", item: Item) -> int:
    return item.color or item.track.color


def GetItemStateChunk(_reaper: "FakeReaper", item: Item, text: Reference, size: int, _undo: int) -> int:
    written = chunk.write(item)
    text.write(written)
    return int(len(written.encode()) < size)


def SetItemStateChunk(reaper: "FakeReaper", item: Item, text: str, _undo: int) -> int:
    done = chunk.read(item, text)
    if done:
        item.track.sort()
        reaper.changed(item.track.project)
    return int(done)


def UpdateItemInProject(_reaper: "FakeReaper", _item: Item) -> None:
    return
