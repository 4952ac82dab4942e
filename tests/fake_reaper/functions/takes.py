# ruff: noqa: N802 - the functions are named as REAPER names them
"""Takes: their names, how they play their source, and where they stretch it."""

from typing import TYPE_CHECKING

from fake_reaper.functions.strings import get_or_set
from fake_reaper.marshal import Reference
from fake_reaper.model import values
from fake_reaper.model.item import Item
from fake_reaper.model.project import Project
from fake_reaper.model.source import Source
from fake_reaper.model.take import StretchMarker, Take
from fake_reaper.model.track import Track

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper


def GetTakeName(_reaper: "FakeReaper", take: Take) -> str:
    return take.name


def TakeIsMIDI(_reaper: "FakeReaper", take: Take) -> int:
    return int(take.is_midi)


def GetMediaItemTake_Item(_reaper: "FakeReaper", take: Take) -> Item:
    return take.item


def GetMediaItemTake_Track(_reaper: "FakeReaper", take: Take) -> Track:
    return take.item.track


def GetMediaItemTake_Source(_reaper: "FakeReaper", take: Take) -> Source | None:
    return take.source


def SetMediaItemTake_Source(reaper: "FakeReaper", take: Take, source: Source | None) -> int:
    if source is None:
        return 0
    in_use = source.take is not None
    take.play(source.copy() if in_use else source)
    reaper.changed(take.item.track.project)
    return 1


def SetActiveTake(reaper: "FakeReaper", take: Take) -> None:
    take.item.active = take.index
    reaper.changed(take.item.track.project)


def GetMediaItemTakeInfo_Value(reaper: "FakeReaper", take: Take, key: str) -> float:
    pointed = {"P_TRACK": take.item.track, "P_ITEM": take.item, "P_SOURCE": take.source}
    if key in pointed:
        return float(reaper.pointers.address_of(pointed[key]))
    return values.get(take, key)


def SetMediaItemTakeInfo_Value(reaper: "FakeReaper", take: Take, key: str, value: float) -> int:
    done = values.put(take, key, value)
    if done:
        reaper.changed(take.item.track.project)
    return int(done)


def GetSetMediaItemTakeInfo_String(
    reaper: "FakeReaper", take: Take, key: str, text: Reference, is_set: int
) -> int:
    return get_or_set(reaper, take, take.item.track.project, key, text, is_set, {"P_NAME": "name"})


def GetMediaItemTakeByGUID(_reaper: "FakeReaper", _project: Project, _guid: None) -> None:
    return


def GetTakeNumStretchMarkers(_reaper: "FakeReaper", take: Take) -> int:
    return len(take.stretch_markers)


def GetTakeStretchMarker(
    _reaper: "FakeReaper", take: Take, index: int, position: Reference, source_position: Reference
) -> int:
    if not 0 <= index < len(take.stretch_markers):
        return -1
    position.write(take.stretch_markers[index].position)
    source_position.write(take.stretch_markers[index].source_position)
    return index


def SetTakeStretchMarker(
    reaper: "FakeReaper", take: Take, index: int, position: float, source_position: Reference
) -> int:
    """Move a marker, or add one for an index below 0; a script in Python cannot leave the source's out."""
    if index >= len(take.stretch_markers):
        return -1
    slope = 0.0 if index < 0 else take.stretch_markers.pop(index).slope
    marker = StretchMarker(position, source_position.value, slope)
    take.stretch_markers.append(marker)
    take.stretch_markers.sort(key=lambda known: known.position)
    reaper.changed(take.item.track.project)
    return take.stretch_markers.index(marker)


def GetTakeStretchMarkerSlope(_reaper: "FakeReaper", take: Take, index: int) -> float:
    markers = take.stretch_markers
    return markers[index].slope if 0 <= index < len(markers) else 0.0


def SetTakeStretchMarkerSlope(reaper: "FakeReaper", take: Take, index: int, slope: float) -> int:
    if not 0 <= index < len(take.stretch_markers):
        return 0
    take.stretch_markers[index] = take.stretch_markers[index]._replace(slope=slope)
    reaper.changed(take.item.track.project)
    return 1


def DeleteTakeStretchMarkers(reaper: "FakeReaper", take: Take, index: int, count: Reference) -> int:
    found = take.stretch_markers[index : index + max(1, count.value)] if index >= 0 else []
    if found:
        del take.stretch_markers[index : index + len(found)]
        reaper.changed(take.item.track.project)
    return len(found)


def CountTakeEnvelopes(_reaper: "FakeReaper", take: Take) -> int:
    return len(take.envelopes)


def GetNumTakeMarkers(_reaper: "FakeReaper", _take: Take) -> int:
    return 0


def TakeFX_GetCount(_reaper: "FakeReaper", take: Take) -> int:
    return len(take.effects)


def TakeFX_GetFXName(_reaper: "FakeReaper", take: Take, index: int, name: Reference, _size: int) -> int:
    if not 0 <= index < len(take.effects):
        return 0
    name.write(take.effects[index].name)
    return 1


def TakeFX_CopyToTake(
    reaper: "FakeReaper", take: Take, index: int, other: Take, other_index: int, is_move: int
) -> None:
    if not 0 <= index < len(take.effects):
        return
    other.effects.insert(max(0, other_index), take.effects[index])
    if is_move:
        del take.effects[index]
    reaper.changed(take.item.track.project)
