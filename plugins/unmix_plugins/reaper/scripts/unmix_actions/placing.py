"""The results in the project: new takes, and tracks for stems."""

import os
from typing import Dict, List, Optional, Tuple

from reaper_python import *

from .item import TOGGLE_ENVELOPE, Output, Subject
from .pointers import TEXT, is_null, select_only, takes_of

AS_NEW_TAKE = 3
"""Of InsertMedia: add the file to the selected items."""
FIXED_LANES = 2.0
SET_BY_REAPER = ("D_VOL", "D_PLAYRATE")
"""Those that REAPER may set for each file that it inserts: it can normalize media, and fit loops to the tempo."""
ITEM_VALUES = (
    "D_POSITION", "D_LENGTH", "D_SNAPOFFSET", "D_VOL", "B_MUTE", "B_LOOPSRC", "C_BEATATTACHMODE", "I_CUSTOMCOLOR",
    "D_FADEINLEN", "D_FADEOUTLEN", "D_FADEINLEN_AUTO", "D_FADEOUTLEN_AUTO", "D_FADEINDIR", "D_FADEOUTDIR",
    "C_FADEINSHAPE", "C_FADEOUTSHAPE",
)  # fmt: skip


class SourceRefused(Exception):
    """A take does not play what it was told to."""


class Placer:
    """Puts results into a project, within an undo block that is open.

    `sources` are new ones for each file, which are known to play it; without them REAPER inserts the files as media.
    """

    def __init__(self, project: str, sources: Optional[Dict[str, List[str]]], gives_names: bool) -> None:
        self.project = project
        self.sources = sources
        self.gives_names = gives_names
        self.fresh: Dict[str, float] = {}

    def denoised(self, subjects: List[Subject]) -> None:
        """Give each item a take of its result, and let that play."""
        for subject in subjects:
            self._add_take(subject, subject.item, subject.outputs[0])

    def separated(self, subjects: List[Subject]) -> None:
        """Put a folder of stems below each track with any of the items, and mute the items.

        It goes into the track, which so becomes a folder: effects, fader and sends are then heard as before.
        """
        tracks: Dict[str, List[Subject]] = {}
        for subject in subjects:
            tracks.setdefault(RPR_GetMediaItemTrack(subject.item), []).append(subject)
        for track, members in tracks.items():
            stems = list(dict.fromkeys(output.stem for subject in members for output in subject.outputs))
            below = dict(zip(stems, self._folder(track, stems)))
            for subject in members:
                values = [(key, RPR_GetMediaItemInfo_Value(subject.item, key)) for key in ITEM_VALUES]
                if is_in_silent_lane(subject.item, track):
                    values.append(("B_MUTE", 1.0))
                for output in subject.outputs:
                    item = RPR_AddMediaItemToTrack(below[output.stem])
                    self._add_take(subject, item, output)
                    for key, value in values:
                        RPR_SetMediaItemInfo_Value(item, key, value)
                RPR_SetMediaItemInfo_Value(subject.item, "B_MUTE", 1.0)

    def _folder(self, track: str, stems: List[str]) -> List[str]:
        """Add a folder with a track for each stem, and return these.

        A depth of 1 opens a folder and -n closes n of them behind the track. So the last stem closes its folder,
        the track's own where that is new, and whatever the track used to close.
        """
        place = int(RPR_GetMediaTrackInfo_Value(track, "IP_TRACKNUMBER"))  # it counts from 1
        depth = RPR_GetMediaTrackInfo_Value(track, "I_FOLDERDEPTH")
        channels = RPR_GetMediaTrackInfo_Value(track, "I_NCHAN")
        added = []
        name = RPR_GetTrackName(track, "", TEXT)[2]
        for title in [f"{name} - stems", *map(title_of, stems)]:
            RPR_InsertTrackAtIndex(place + len(added), 0)
            added.append(RPR_GetTrack(self.project, place + len(added)))
            RPR_GetSetMediaTrackInfo_String(added[-1], "P_NAME", title, 1)
            RPR_SetMediaTrackInfo_Value(added[-1], "I_NCHAN", channels)
        RPR_SetMediaTrackInfo_Value(track, "I_FOLDERDEPTH", 1.0)
        RPR_SetMediaTrackInfo_Value(added[0], "I_FOLDERDEPTH", 1.0)
        RPR_SetMediaTrackInfo_Value(added[-1], "I_FOLDERDEPTH", -1.0 if depth > 0 else depth - 2.0)
        return added[1:]

    def _add_take(self, subject: Subject, item: str, output: Output) -> None:
        if self.sources is None:
            # A new item gets its place later.
            before, place = (subject.takes, subject.place) if item == subject.item else ([], [])
            take = self._insert(item, output.path, before, place)
        else:
            take = RPR_AddTakeToMediaItem(item)
            source = self.sources[output.path].pop()
            RPR_SetMediaItemTake_Source(take, source)
            if RPR_GetMediaItemTake_Source(take) != source:
                raise SourceRefused
        values = [*subject.values, ("D_STARTOFFS", subject.piece.start)]
        # REAPER's window stands still for all of this, so what every new take has anyway is not set.
        if not self.fresh:
            self.fresh = {key: RPR_GetMediaItemTakeInfo_Value(take, key) for key, _ in values}
        for key, value in values:
            if key in SET_BY_REAPER or self.fresh[key] != value:
                RPR_SetMediaItemTakeInfo_Value(take, key, value)
        for effect in range(subject.effects):
            RPR_TakeFX_CopyToTake(subject.take, effect, take, effect, 0)
        for position, source_position, slope in () if subject.baked else subject.playing.markers:
            index = RPR_SetTakeStretchMarker(take, -1, position, source_position)[0]
            RPR_SetTakeStretchMarkerSlope(take, index, slope)
        if self.gives_names:
            RPR_GetSetMediaItemTakeInfo_String(take, "P_NAME", os.path.basename(output.path), 1)
        RPR_SetActiveTake(take)
        for name, state in subject.envelopes.items():
            self._copy_envelope(item, take, name, state)

    def _copy_envelope(self, item: str, take: str, name: str, state: str) -> None:
        """Give the active take an envelope. Only an action can, which acts on selected items and on their groups."""
        group = RPR_GetMediaItemInfo_Value(item, "I_GROUPID")
        RPR_SetMediaItemInfo_Value(item, "I_GROUPID", 0.0)
        select_only(self.project, [item])
        RPR_Main_OnCommandEx(TOGGLE_ENVELOPE[name], 0, self.project)
        RPR_SetMediaItemInfo_Value(item, "I_GROUPID", group)
        RPR_SetEnvelopeStateChunk(RPR_GetTakeEnvelopeByName(take, name), state, 0)

    def _insert(self, item: str, path: str, before: List[str], place: List[Tuple[str, float]]) -> str:
        """Add a take to those of `before` as a user does who inserts a file; REAPER names it after the file."""
        select_only(self.project, [item])
        RPR_InsertMedia(path, AS_NEW_TAKE)
        take = RPR_GetTake(item, len(before))
        if take in before:  # a new take is the last one, but who knows
            take = next((other for other in takes_of(item) if other not in before), take)
        is_one = RPR_CountTakes(item) == len(before) + 1 and take not in before
        if not is_one or is_null(RPR_GetMediaItemTake_Source(take)):
            raise SourceRefused
        for key, value in place:
            RPR_SetMediaItemInfo_Value(item, key, value)
        return take


def is_in_silent_lane(item: str, track: str) -> bool:
    """Whether an item lies in a fixed lane that does not play: its stems would, on tracks without lanes."""
    if RPR_GetMediaTrackInfo_Value(track, "I_FREEMODE") != FIXED_LANES:
        return False
    return RPR_GetMediaItemInfo_Value(item, "C_LANEPLAYS") <= 0


def title_of(stem: str) -> str:
    """Return what people call a stem."""
    if stem in ("-vocals", "no_vocals"):
        return "instrumental"
    return ("no " + stem[1:] if stem.startswith("-") else stem).replace("_", " ")
