"""An item of the selection, from the first look at it to its result."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from reaper_python import *

from .messages import Trouble
from .piece import Piece, piece_of
from .playing import Playing, playing_of
from .pointers import STATE, guid_of_item, guid_of_take, is_alive, is_null, takes_of

TAKE_VALUES = (
    "D_VOL", "D_PAN", "D_PANLAW", "D_PLAYRATE", "D_PITCH", "B_PPITCH", "I_CHANMODE", "I_PITCHMODE",
    "I_STRETCHFLAGS", "F_STRETCHFADESIZE", "I_TAKEFX_NCH", "I_CUSTOMCOLOR",
)  # fmt: skip
MOVED_BY_INSERTION = ("D_POSITION", "D_LENGTH", "B_LOOPSRC")
TOGGLE_ENVELOPE = {"Volume": 40693, "Pan": 40694, "Mute": 40695, "Pitch": 41612}
"""The envelopes that a take has of its own, and the actions that give it one."""
IDENTITY = re.compile(r"(?m)^[ \t]*(?:IGUID|GUID|FXID|EGUID)\b.*\n")
"""Lines of an item's state that no two items may share."""


class Output(NamedTuple):
    """A file that the client wrote for an item."""

    stem: str
    path: str


class Baked(NamedTuple):
    """A take that REAPER rendered: effects, rate and pitch are in its file, and `values` is what is left to do."""

    playing: Playing
    values: List[Tuple[str, float]]


class Subject:
    """A selected item, known by its GUIDs: pointers die whenever the user undoes something."""

    def __init__(self, item: str, take: str, name: str) -> None:
        """Look at it. Raises Trouble where it cannot be worked on."""
        if is_null(take):
            raise Trouble("it is empty")
        if RPR_GetMediaItemInfo_Value(item, "B_ALLTAKESPLAY") and RPR_CountTakes(item) > 1:
            raise Trouble("all its takes play at once: turn that off first")
        self.item = item
        self.take = take
        self.name = name
        self.item_guid = guid_of_item(item)
        self.take_guid = guid_of_take(take)
        self.playing = playing_of(item, take)
        self.baked: Optional[Baked] = None
        self.piece: Optional[Piece] = None
        self.outputs: List[Output] = []
        # What an insertion may change of the item, and its takes.
        self.place: List[Tuple[str, float]] = []
        self.takes: List[str] = []
        # What a new take needs besides its file to sound as the old one does.
        self.values: List[Tuple[str, float]] = []
        self.effects = 0
        self.envelopes: Dict[str, str] = {}

    @property
    def id(self) -> str:
        return self.item_guid + self.take_guid

    def cut(self, project_rate: float) -> None:
        """Decide which frames are processed. Raises Trouble where none is played."""
        playing = self.baked.playing if self.baked else self.playing
        self.piece = piece_of(playing, RPR_GetMediaItemInfo_Value(self.item, "D_POSITION"), project_rate)

    def order(self) -> Dict[str, Any]:
        """Return the item as JOB.json has it."""
        piece = self.piece
        order = {"id": self.id, "name": self.name, "source": piece.path, "reverse": piece.reverse}
        is_part = not piece.is_whole_file
        return {
            **order,
            "first_frame": piece.first if is_part else None,
            "frames": piece.frames if is_part else None,
        }

    def renew(self, project: str, items: Dict[str, str]) -> None:
        """Find item and take again, and see how the take plays now. Raises Trouble where they are not what they were.

        `items` are those of the project by their GUIDs, or none while the pointers may still be good.
        """
        self.item = items.get(self.item_guid, self.item)
        if not is_alive(self.item) or guid_of_item(self.item) != self.item_guid:
            raise Trouble("it was deleted meanwhile.")
        if RPR_GetItemProjectContext(self.item) != project:
            raise Trouble("it is in another project now.")
        self.take = RPR_GetActiveTake(self.item)
        if not is_alive(self.take) or guid_of_take(self.take) != self.take_guid:
            raise Trouble("another of its takes plays now.")
        if not self.playing.is_like(playing_of(self.item, self.take)):
            raise Trouble("it was changed meanwhile: run the action on it again.")
        self.place = [(key, RPR_GetMediaItemInfo_Value(self.item, key)) for key in MOVED_BY_INSERTION]
        self.takes = takes_of(self.item)
        self.values = self.baked.values if self.baked else values_of(self.take)
        self.effects = 0 if self.baked else RPR_TakeFX_GetCount(self.take)
        self.envelopes = {} if self.baked else envelopes_of(self.take)


def values_of(take: str) -> List[Tuple[str, float]]:
    return [(key, RPR_GetMediaItemTakeInfo_Value(take, key)) for key in TAKE_VALUES]


def envelopes_of(take: str) -> Dict[str, str]:
    """Return the states of a take's own envelopes, by name; those of its effects are not among them."""
    found = {}
    for name in TOGGLE_ENVELOPE if RPR_CountTakeEnvelopes(take) else ():
        envelope = RPR_GetTakeEnvelopeByName(take, name)
        if not is_null(envelope):
            found[name] = IDENTITY.sub("", RPR_GetEnvelopeStateChunk(envelope, "", STATE, 0)[2])
    return found


def name_of(item: str, take: str) -> str:
    """Return what the user knows an item by: its take's name, or where it is."""
    name = "" if is_null(take) else RPR_GetTakeName(take)
    position = RPR_GetMediaItemInfo_Value(item, "D_POSITION")
    return name or f"item at {position:.3f} s"
