# ruff: noqa: N802 - the functions are named as REAPER names them
"""Tracks: which there are, what they are called, and how they sound."""

from typing import TYPE_CHECKING

from fake_reaper.functions.strings import get_or_set
from fake_reaper.marshal import Reference
from fake_reaper.model import values
from fake_reaper.model.item import Item
from fake_reaper.model.project import Project
from fake_reaper.model.track import Track

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper

GUID_ADDRESS = 0x00007F30_00001000
"""Where some GUID is; REAPER finds no GUID* valid that a script hands back, so it does not matter whose."""


def CountTracks(_reaper: "FakeReaper", project: Project) -> int:
    return len(project.tracks)


def GetNumTracks(reaper: "FakeReaper") -> int:
    return len(reaper.active.tracks)


def GetTrack(_reaper: "FakeReaper", project: Project, index: int) -> Track | None:
    return project.tracks[index] if 0 <= index < len(project.tracks) else None


def CountSelectedTracks(_reaper: "FakeReaper", project: Project) -> int:
    return sum(bool(track.selected) for track in project.tracks)


def GetSelectedTrack(_reaper: "FakeReaper", project: Project, index: int) -> Track | None:
    selected = [track for track in project.tracks if track.selected]
    return selected[index] if 0 <= index < len(selected) else None


def IsTrackSelected(_reaper: "FakeReaper", track: Track) -> int:
    return track.selected


def SetTrackSelected(_reaper: "FakeReaper", track: Track, selected: int) -> None:
    track.selected = int(bool(selected))


def SetOnlyTrackSelected(reaper: "FakeReaper", track: Track | None) -> None:
    for other in (track.project if track else reaper.active).tracks:
        other.selected = int(other is track)


def InsertTrackAtIndex(reaper: "FakeReaper", index: int, _defaults: int) -> None:
    project = reaper.active
    project.add_track(index=max(0, index))
    reaper.changed(project)


def DeleteTrack(reaper: "FakeReaper", track: Track) -> None:
    project = track.project
    project.tracks.remove(track)
    reaper.changed(project)


def ReorderSelectedTracks(reaper: "FakeReaper", before: int, _make_folder: int) -> int:
    project = reaper.active
    moved = [track for track in project.tracks if track.selected]
    head = [track for track in project.tracks[:before] if not track.selected]
    tail = [track for track in project.tracks[before:] if not track.selected]
    project.tracks = head + moved + tail
    reaper.changed(project)
    return int(bool(moved))


def GetParentTrack(_reaper: "FakeReaper", track: Track) -> Track | None:
    return track.parent


def GetTrackDepth(_reaper: "FakeReaper", track: Track) -> int:
    return track.depth


def GetTrackName(_reaper: "FakeReaper", track: Track, name: Reference, _size: int) -> int:
    name.write(track.name or f"Track {track.index + 1}")
    return 1


def GetMediaTrackInfo_Value(_reaper: "FakeReaper", track: Track, key: str) -> float:
    return values.get(track, key)


def SetMediaTrackInfo_Value(reaper: "FakeReaper", track: Track, key: str, value: float) -> int:
    done = values.put(track, key, value)
    if done and key != "I_SELECTED":
        reaper.changed(track.project)
    return int(done)


def GetSetMediaTrackInfo_String(
    reaper: "FakeReaper", track: Track, key: str, text: Reference, is_set: int
) -> int:
    return get_or_set(reaper, track, track.project, key, text, is_set, {"P_NAME": "name"})


def GetTrackGUID(_reaper: "FakeReaper", _track: Track) -> int:
    return GUID_ADDRESS


def GetTrackColor(_reaper: "FakeReaper", track: Track) -> int:
    return track.color


def SetTrackColor(reaper: "FakeReaper", track: Track, color: int) -> None:
    track.color = color | 0x1000000
    reaper.changed(track.project)


def CountTrackMediaItems(_reaper: "FakeReaper", track: Track) -> int:
    return len(track.items)


def GetTrackNumMediaItems(_reaper: "FakeReaper", track: Track) -> int:
    return len(track.items)


def GetTrackMediaItem(_reaper: "FakeReaper", track: Track, index: int) -> Item | None:
    return track.items[index] if 0 <= index < len(track.items) else None


def TrackFX_GetCount(_reaper: "FakeReaper", track: Track) -> int:
    return len(track.effects)


def TrackList_AdjustWindows(_reaper: "FakeReaper", _minor: int) -> None:
    return
