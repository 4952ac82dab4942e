"""What a take plays of which file: sections, loop, rate and stretch markers."""

import math
import os
from typing import List, NamedTuple, Tuple

from reaper_python import *

from .messages import Trouble
from .pointers import file_of, is_null


class Layer(NamedTuple):
    """A section of a source, in frames of the source below it."""

    first: int
    frames: int
    reverse: bool


class Playing(NamedTuple):
    """What a take plays. As long as this stays the same a result is good; times are in seconds."""

    path: str
    sample_rate: int
    file_frames: int
    layers: Tuple[Layer, ...]
    """The outermost section first; none where the source is the file."""
    loop: bool
    start: float
    rate: float
    length: float
    markers: Tuple[Tuple[float, float, float], ...]
    """Where each stretch marker is in the take and in the source, and its slope."""

    @property
    def frames(self) -> int:
        """How many the take's source has."""
        return self.layers[0].frames if self.layers else self.file_frames

    def is_like(self, other: "Playing") -> bool:
        """Whether nothing was changed. An undo reads times from text, and their last digits may differ."""
        mine, theirs = (sum(each.markers, each[5:8]) for each in (self, other))
        is_near = len(mine) == len(theirs) and all(abs(one - two) < 1e-9 for one, two in zip(mine, theirs))
        return self[:5] == other[:5] and is_near


def playing_of(item: str, take: str) -> Playing:
    """Read what a take plays. Raises Trouble where that is no audio file."""
    source = RPR_GetMediaItemTake_Source(take)
    if is_null(source):
        raise Trouble("it is empty")
    if RPR_TakeIsMIDI(take):
        raise Trouble("it is MIDI, not audio")
    sections = []
    is_section, _, *section = RPR_PCM_Source_GetSectionInfo(source, 0.0, 0.0, 0)
    while is_section and len(sections) < 16:
        sections.insert(0, section)
        source = RPR_GetMediaSourceParent(source)
        is_section, _, *section = RPR_PCM_Source_GetSectionInfo(source, 0.0, 0.0, 0)
    path, sample_rate, file_frames = facts_of(source)
    layers: List[Layer] = []
    for offset, length, reverse in sections:
        frames = layers[0].frames if layers else file_frames
        first = min(frames, max(0, round(offset * sample_rate)))
        frames = min(frames - first, round(length * sample_rate)) if length > 0 else frames - first
        layers.insert(0, Layer(first, frames, bool(reverse)))
    markers = []
    for index in range(RPR_GetTakeNumStretchMarkers(take)):
        _, _, _, position, source_position = RPR_GetTakeStretchMarker(take, index, 0.0, 0.0)
        markers.append((position, source_position, RPR_GetTakeStretchMarkerSlope(take, index)))
    return Playing(
        path,
        sample_rate,
        file_frames,
        tuple(layers),
        RPR_GetMediaItemInfo_Value(item, "B_LOOPSRC") != 0,
        RPR_GetMediaItemTakeInfo_Value(take, "D_STARTOFFS"),
        RPR_GetMediaItemTakeInfo_Value(take, "D_PLAYRATE"),
        RPR_GetMediaItemInfo_Value(item, "D_LENGTH"),
        tuple(markers),
    )


def facts_of(source: str) -> Tuple[str, int, int]:
    """Return a source's file, sample rate and frames. Raises Trouble where they cannot be known."""
    path = file_of(source)
    if not path:
        raise Trouble("it plays no file")
    if not os.path.isfile(path):
        raise Trouble(f"its file is missing: {path}")
    sample_rate = RPR_GetMediaSourceSampleRate(source)
    seconds, _, is_in_quarter_notes = RPR_GetMediaSourceLength(source, 0)
    if sample_rate <= 0 or not 0 < seconds < math.inf or is_in_quarter_notes:
        raise Trouble("its file is offline or cannot be read: set it online first")
    return os.path.abspath(path), sample_rate, round(seconds * sample_rate)
