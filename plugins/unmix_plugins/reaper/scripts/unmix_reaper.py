# What REAPER's Python 3.6 knows, and that REAPER is a border: nothing may be raised into it.
# ruff: noqa: B904, B905, BLE001, D102, D103, F821, PTH100, PTH107, PTH113, PTH117, PTH118, PTH119, PTH120, PTH123
# ruff: noqa: PTH208, S110, SIM105, SIM115, UP006, UP035, UP045
# pyright: basic, reportUndefinedVariable=false, reportOptionalMemberAccess=false
"""What of unmix runs inside REAPER: it reads the selected items, has `unmix` work, and places the results.

REAPER's window stands still while this runs, so all work is done in slices that are deferred. Native packages and
threads crash Python inside REAPER, so models, gRPC and audio are the business of a process of its own, and this is
one file, in ASCII, that needs nothing but Python 3.6.

REAPER is not trusted: a stale pointer silently becomes NULL, and NULL means the project in front; users edit while
they wait; and an exception that gets out, SystemExit above all, ends more than a script.
"""

import json
import math
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import traceback
import uuid
from contextlib import contextmanager
from typing import Any, Callable, Dict, Generator, Iterator, List, NamedTuple, Optional, Set, Tuple

TITLE = "Unmix"
SECTION = "unmix"
"""Of REAPER's ExtState, where the settings are and these three: what runs, what shall end, and what was told."""
RUNNING, CANCEL, TOLD = "running", "cancel", "told"
SLICE = 0.012
"""Seconds of work in one go; deferred code runs about 30 times a second."""
WAIT = object()
"""What a generator yields when there is nothing to do before the next slice."""
STALE = 10.0
"""Seconds without a sign of life after which an action is taken for dead."""
PATIENCE = 5.0
"""Seconds for `unmix` to end by itself."""
ATTEMPTS = 10
"""How often the items are looked at again because the project changed meanwhile."""
FEW = 12
"""Takes that can be named in one slice: a name costs a buffer of 4 MiB, up to 3 ms."""
MOST_LINES = 20
TINY = 1e-6
"""Of a frame: more than floats lose, less than can be heard."""
TEXT, STATE = 4096, 4 << 20
"""Bytes that REAPER may write into a text, and into an item's state."""
JOB_FOLDER, DAY = "unmix-reaper-", 86400
OF_REAPERS_PYTHON = ("PYTHONHOME", "PYTHONPATH", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")
RENDER_TO_NEW_TAKE = 41999
TOGGLE_ENVELOPE = {"Volume": 40693, "Pan": 40694, "Mute": 40695, "Pitch": 41612}
AS_NEW_TAKE = 3
"""Of InsertMedia: add the file to the selected items."""
ALL_STATES = -1
FIXED_LANES = 2.0
YES_OR_NO, YES = 4, 6
VERBS = {
    "denoise": "denoised %s",
    "separate": "separated %s",
    "vocals": "split %s into vocals and instrumental",
}

TAKE_VALUES = (
    "D_VOL", "D_PAN", "D_PANLAW", "D_PLAYRATE", "D_PITCH", "B_PPITCH", "I_CHANMODE", "I_PITCHMODE",
    "I_STRETCHFLAGS", "F_STRETCHFADESIZE", "I_TAKEFX_NCH", "I_CUSTOMCOLOR",
)  # fmt: skip
SET_BY_REAPER = ("D_VOL", "D_PLAYRATE")
"""Those that REAPER may set for each file that it inserts: it can normalize media, and fit loops to the tempo."""
MOVED_BY_INSERTION = ("D_POSITION", "D_LENGTH", "B_LOOPSRC")
ITEM_VALUES = (
    "D_POSITION", "D_LENGTH", "D_SNAPOFFSET", "D_VOL", "B_MUTE", "B_LOOPSRC", "C_BEATATTACHMODE", "I_CUSTOMCOLOR",
    "D_FADEINLEN", "D_FADEOUTLEN", "D_FADEINLEN_AUTO", "D_FADEOUTLEN_AUTO", "D_FADEINDIR", "D_FADEOUTDIR",
    "C_FADEINSHAPE", "C_FADEOUTSHAPE",
)  # fmt: skip
POINTER = re.compile(r"\((\w+\*)\)0x([0-9A-F]{16})\Z")
IDENTITY = re.compile(r"(?m)^[ \t]*(?:IGUID|GUID|FXID|EGUID)\b.*\n")
"""Lines of an item's state that no two items may share."""

Slices = Generator[Any, None, Any]
"""Work that can be interrupted wherever it yields."""


class Trouble(Exception):
    """What the user is told in a sentence: about one item, or about the whole action."""


class Cancelled(Exception):
    """The user wants no result any more."""


class SourceRefused(Exception):
    """A take does not play what it was told to."""


# REAPER's pointers and texts


def is_null(pointer: str) -> bool:
    match = POINTER.match(str(pointer))
    return match is None or int(match.group(2), 16) == 0


def is_alive(pointer: str) -> bool:
    """Whether the thing is still there. ValidatePtr takes a bare number; ValidatePtr2 fails where void* is unknown."""
    match = POINTER.match(str(pointer))
    return match is not None and RPR_ValidatePtr(int(match.group(2), 16), match.group(1)) == 1


def guid_of_item(item: str) -> str:
    return RPR_GetSetMediaItemInfo_String(item, "GUID", "", 0)[3]


def guid_of_take(take: str) -> str:
    return RPR_GetSetMediaItemTakeInfo_String(take, "GUID", "", 0)[3]


def file_of(source: str) -> str:
    return RPR_GetMediaSourceFileName(source, "", TEXT)[1]


def is_same_file(one: str, other: str) -> bool:
    return one == other or plain(one) == plain(other)


def plain(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))


def project_in_front() -> str:
    return RPR_EnumProjects(-1, "", TEXT)[0]


def selected_items(project: str) -> List[str]:
    return [RPR_GetSelectedMediaItem(project, index) for index in range(RPR_CountSelectedMediaItems(project))]


def select_only(project: str, items: List[str]) -> None:
    RPR_SelectAllMediaItems(project, 0)
    for item in items:
        RPR_SetMediaItemSelected(item, 1)


def takes_of(item: str) -> List[str]:
    return [RPR_GetTake(item, index) for index in range(RPR_CountTakes(item))]


def tell(text: str) -> None:
    """Say something that the user has to confirm."""
    RPR_ShowMessageBox(text, TITLE, 0)


def show(text: str) -> None:
    """Say something in the line of help below the tracks, all that Python can write to without a window."""
    RPR_Help_Set(f"{TITLE}: {text}" if text else "", 1)


# Settings


class Setting(NamedTuple):
    """A line of the dialog. A value that does not match the pattern is not used, wherever it comes from."""

    key: str
    caption: str
    default: str
    pattern: str
    rule: str

    def allows(self, value: str) -> bool:
        return re.match(rf"(?:{self.pattern})\Z", value) is not None


MODEL = r"[A-Za-z0-9_.+-]{1,64}", "the name of a model, or auto"
LIMIT = r"|100|\d{1,2}(\.\d{1,6})?", "0 to 100, or empty"
STEMS = r"|-?[a-z0-9_]{1,40}( -?[a-z0-9_]{1,40})*", "names such as vocals -drums, or empty for all"
SETTINGS = (
    Setting("denoise_model", "Denoise: model", "auto", *MODEL),
    Setting("attenuation_limit_db", "Denoise: lower noise by at most (dB)", "", *LIMIT),
    Setting("separate_model", "Separate: model", "auto", *MODEL),
    Setting("stems", "Separate: stems with blanks between", "", *STEMS),
    Setting("render_first", "Render take FX first", "no", "yes|no", "yes or no"),
    Setting("device", "Device", "auto", r"[a-z]{1,16}(:\d{1,3})?", "auto, cpu or cuda:0"),
)


def read_settings() -> Dict[str, str]:
    found = {}
    for setting in SETTINGS:
        value = RPR_GetExtState(SECTION, setting.key)
        found[setting.key] = value if setting.allows(value) else setting.default
    return found


def ask_for_settings() -> None:
    """Let the user change the settings; none is kept unless all make sense. Raises Trouble."""
    before = read_settings()
    captions = ",".join([setting.caption for setting in SETTINGS] + ["extrawidth=160"])
    values = ",".join(before[setting.key] for setting in SETTINGS)
    answer = RPR_GetUserInputs(TITLE + ": Settings", len(SETTINGS), captions, values, TEXT)
    if not answer[0]:
        return
    given = [" ".join(value.split()) for value in answer[4].split(",")]
    if len(given) != len(SETTINGS):
        raise Trouble("No setting was changed, as none can have a comma: put blanks between stems.")
    for setting, value in zip(SETTINGS, given):
        if not setting.allows(value):
            raise Trouble(f'No setting was changed: "{setting.caption}" must be {setting.rule}.')
    for setting, value in zip(SETTINGS, given):
        RPR_SetExtState(SECTION, setting.key, value, 1)


def task_of(action: str, settings: Dict[str, str]) -> Dict[str, Any]:
    """Return the task as JOB.json has it."""
    if action == "denoise":
        limit = float(settings["attenuation_limit_db"]) if settings["attenuation_limit_db"] else None
        model = settings["denoise_model"]
        return {"kind": "denoise", "model": model, "attenuation_limit_db": limit, "stems": ["clean"]}
    stems = ["vocals", "-vocals"] if action == "vocals" else list(dict.fromkeys(settings["stems"].split()))
    return {"kind": "separate", "model": settings["separate_model"], "stems": stems}


# What an item plays, and which frames that needs


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


class Piece(NamedTuple):
    """The frames of a file that are processed for an item."""

    path: str
    first: int
    frames: int
    is_whole_file: bool
    """The client is not told how long it is then: REAPER and its decoder may not agree on that."""
    reverse: bool
    start: float
    """Where a take has to start in the result, in seconds."""


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


def piece_of(playing: Playing, position: float, project_rate: float) -> Piece:
    """Return the frames that an item at `position` needs; `project_rate` is 0 where nobody knows it.

    An item plays `length` seconds from `start`, `rate` times as fast. The first frame is the one that the start lies
    in (floor), the end is rounded up. Where REAPER interpolates, as it plays at another rate or between two frames,
    one more on each side is read, too. So the result begins on a frame and mostly before the item does; the rest of
    the start offset remains, and every sample lands where it was. Items that go around their source, and those
    with stretch markers, play anywhere in it and get all of it: all their times then stay as they are.
    """
    rate, frames = playing.sample_rate, playing.frames
    grid = project_rate or rate
    step = playing.rate * rate / grid
    low, high = playing.start * rate, (playing.start + playing.length * playing.rate) * rate
    begin, end = math.ceil(position * grid - TINY), math.ceil((position + playing.length) * grid - TINY)
    at = low + (begin - position * grid) * step  # what the first of the project's samples reads
    last = at + (end - begin - 1) * step
    interpolates = not (is_whole(at) and is_whole(last) and is_whole(step))
    reads_to = math.ceil(last - TINY) if interpolates else round(last)
    if playing.markers or (playing.loop and (at < -TINY or reads_to >= frames)):
        first, end = 0, frames
    else:
        guard = 1 if interpolates or not project_rate else 0
        first = max(0, math.floor(low + TINY) - guard)
        end = min(frames, math.ceil(high - TINY) + guard)
    if end <= first or playing.rate <= 0:
        raise Trouble("it plays nothing of its file")
    start = playing.start if first == 0 else (low - first) / rate
    count, reverse = end - first, False
    is_whole_file = not playing.layers and count == frames
    for layer in playing.layers:
        first = layer.first + (layer.frames - first - count if layer.reverse else first)
        reverse = reverse != layer.reverse
    start = 0.0 if abs(start * rate) < TINY else start
    return Piece(playing.path, first, count, is_whole_file, reverse, start)


def is_whole(frames: float) -> bool:
    return abs(frames - round(frames)) < TINY


# An item of the selection, from the first look at it to its result


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


# Changes to the project


@contextmanager
def undo_block(project: str, label: str, flags: int = ALL_STATES) -> Iterator[None]:
    """Make one undo point of what is done inside, or take all of it back; the window is not drawn meanwhile."""
    failed = f"{label}, failed ({uuid.uuid4()})"
    RPR_Undo_BeginBlock2(project)
    try:
        RPR_PreventUIRefresh(1)
        try:
            yield
        finally:
            insist(lambda: RPR_PreventUIRefresh(-1))
    except BaseException:
        insist(lambda: RPR_Undo_EndBlock2(project, failed, ALL_STATES))
        if RPR_Undo_CanUndo2(project) == failed:
            RPR_Undo_DoUndo2(project)
        raise
    insist(lambda: RPR_Undo_EndBlock2(project, label, flags))


def insist(call: Callable[[], Any]) -> Any:
    """Call again if it fails: REAPER would hold its window or undo back for good, or a file would be forgotten."""
    try:
        return call()
    except BaseException:
        return call()


def bake(project: str, subject: Subject, made: Set[str]) -> Baked:
    """Render an item's take with its effects, and leave the project as it was; the file's path goes to `made`.

    The action would add a take to the item itself, so it gets a copy of it, on a track of its own.
    """
    selected = selected_items(project)
    last = RPR_CountTracks(project)
    with undo_block(project, TITLE + ": render take FX", 0):
        RPR_InsertTrackAtIndex(last, 0)
        track = RPR_GetTrack(project, last)
        twin = RPR_AddMediaItemToTrack(track)
        state = RPR_GetItemStateChunk(subject.item, "", STATE, 0)[2]
        if not RPR_SetItemStateChunk(twin, IDENTITY.sub("", state), 0):
            raise Trouble("REAPER could not copy it to render its take FX")
        RPR_SetMediaItemInfo_Value(twin, "B_MUTE", 0.0)
        RPR_SetMediaItemInfo_Value(twin, "I_GROUPID", 0.0)  # or all of the group would be rendered
        select_only(project, [twin])
        RPR_Main_OnCommandEx(RENDER_TO_NEW_TAKE, 0, project)
        path = insist(lambda: file_of(RPR_GetMediaItemTake_Source(RPR_GetActiveTake(twin))))
        if not path or is_same_file(path, subject.playing.path):
            raise Trouble("REAPER could not render its take FX")
        made.add(path)
        take = RPR_GetActiveTake(twin)
        baked = Baked(playing_of(twin, take), values_of(take))
        RPR_DeleteTrack(track)
        select_only(project, selected)
    return baked


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


# The process that does the work


class Client:
    """`unmix reaper-run` with one job. It speaks into a file: a pipe would make the reader wait."""

    def __init__(self, command: List[str], job: Dict[str, Any]) -> None:
        """Start it. Raises Trouble."""
        self._rest = b""
        self.folder = tempfile.mkdtemp(prefix=JOB_FOLDER)
        try:
            self._process = self._start(command, job)
            self._said = open(os.path.join(self.folder, "events"), "rb")
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _start(self, command: List[str], job: Dict[str, Any]) -> "subprocess.Popen[Any]":
        path = os.path.join(self.folder, "JOB.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(job, file)
        options: Dict[str, Any] = {"start_new_session": True}
        if os.name == "nt":
            options = {"creationflags": 0x08000200}  # no console, and a group of its own
        # What tells REAPER's own Python where its library is would break another one.
        environment = {key: value for key, value in os.environ.items() if key not in OF_REAPERS_PYTHON}
        events = open(os.path.join(self.folder, "events"), "wb")
        errors = open(os.path.join(self.folder, "errors"), "wb")
        with events, errors:
            options.update(stdin=subprocess.DEVNULL, stdout=events, stderr=errors)
            try:
                arguments = [*command, "reaper-run", path]
                return subprocess.Popen(arguments, cwd=tempfile.gettempdir(), env=environment, **options)
            except (OSError, ValueError) as error:
                raise Trouble(f"{command[0]} cannot be started ({error}): run `unmix reaper install` again.")

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def events(self) -> Optional[List[Dict[str, Any]]]:
        """Return what was said since the last call, as far as it makes sense; None if nothing was."""
        new = self._said.read(1 << 15)
        if not new:
            return None
        *lines, self._rest = (self._rest + new).split(b"\n")
        self._rest = self._rest if len(self._rest) < 1 << 20 else b""
        return [event for event in map(parsed, lines) if isinstance(event, dict)]

    def last_words(self) -> str:
        """Return the last line of its errors."""
        with open(os.path.join(self.folder, "errors"), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TEXT))
            lines = [line.strip() for line in file.read().decode("utf-8", "replace").split("\n")]
        return next((line for line in reversed(lines) if line), "it said nothing")

    def stop(self, kindly: bool = True) -> None:
        """Ask it and all that it started to end, or end them."""
        try:
            if self.has_ended:
                return
            if os.name == "nt":
                self._process.terminate()  # what a launcher started watches the launcher, and ends by itself
            else:
                os.killpg(self._process.pid, signal.SIGTERM if kindly else signal.SIGKILL)
        except OSError:
            pass  # it ended just now

    def close(self) -> None:
        self._said.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def client_command(script: str) -> List[str]:
    """Return how to start `unmix`, which the installation wrote beside this script. Raises Trouble."""
    path = os.path.join(os.path.dirname(script), "unmix_reaper.json")
    try:
        with open(path, encoding="utf-8") as file:
            command = json.load(file)["client"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        command = None
    if (
        not isinstance(command, list)
        or not command
        or not all(word and isinstance(word, str) for word in command)
    ):
        raise Trouble(f"REAPER cannot find unmix, as {path} does not say where: run `unmix reaper install`.")
    return command


def remove_old_folders() -> None:
    """Remove the folders of jobs whose REAPER was killed."""
    for name in os.listdir(tempfile.gettempdir()):
        path = os.path.join(tempfile.gettempdir(), name)
        try:
            if name.startswith(JOB_FOLDER) and time.time() - os.lstat(path).st_mtime > DAY:
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass  # another run removed it just now


def remove_file(path: str) -> None:
    """Remove a file, and what REAPER keeps beside it to draw it."""
    for each in (path, path + ".reapeaks"):
        try:
            os.remove(each)
        except OSError:
            pass


# One run of an action


class Job:
    """From the selection to the results. REAPER calls `tick` until the generator `work` has come to its end."""

    def __init__(self, action: str, script: str, jobs: Dict[str, "Job"]) -> None:
        """Read what can be wrong before anything is done. Raises Trouble."""
        self.action = action
        self.jobs = jobs
        self.token = uuid.uuid4().hex
        self.command = client_command(script)
        self.settings = read_settings()
        self.project = project_in_front()
        self.project_rate = 0.0
        if RPR_GetSetProjectInfo(self.project, "PROJECT_SRATE_USE", 0.0, 0):
            self.project_rate = RPR_GetSetProjectInfo(self.project, "PROJECT_SRATE", 0.0, 0)
        self.output_folder = RPR_GetProjectPathEx(self.project, "", TEXT)[1]
        self.subjects: Dict[str, Subject] = {}
        """Those that are worked on, by their ids."""
        self.placed = 0
        self.problems: List[str] = []
        self.notes: List[str] = []
        self.client: Optional[Client] = None
        self.closing: Dict[str, Any] = {}
        """The client's last event."""
        self.sources: Dict[str, List[str]] = {}
        """New ones for each file that no take has yet."""
        self.unused: Set[str] = set()
        """Files that are removed in the end, unless takes play them."""
        self.shown = ""
        self.message = ""
        """What the user has to confirm in the end."""
        self.is_closing = False
        """It cannot be cancelled any more."""
        self.is_over = False
        self.work = self.whole()

    # What REAPER calls

    def tick(self) -> None:
        """Do a slice of the work and ask for the next."""
        try:
            if not self.is_over and self.advance():
                RPR_defer(f'unmix_jobs["{self.token}"].tick()')
            else:
                self.clear()
                if self.message:
                    tell(self.message)
        except BaseException as error:
            self.leave()
            confess(error)

    def advance(self) -> bool:
        """Work until time is up or there is nothing to do now; False when all is done."""
        RPR_SetExtState(SECTION, RUNNING, f"{os.getpid()} {self.token} {time.monotonic()}", 0)
        until = time.monotonic() + SLICE
        try:
            if not self.is_closing and RPR_GetExtState(SECTION, CANCEL) == self.token:
                step = self.work.throw(Cancelled())
            else:
                step = next(self.work)
            while step is not WAIT and time.monotonic() < until:
                step = next(self.work)
        except StopIteration:
            return False
        return True

    def leave(self) -> None:
        """The script ends: it is done, it failed, or REAPER ends it."""
        try:
            self.jobs.pop(self.token, None)
            self.clear()
        except BaseException:
            pass  # there is nobody to tell any more

    def clear(self) -> None:
        """End the client, and remove every file that is of no use now."""
        if self.is_over:
            return
        self.is_over = True
        if self.client is not None:
            self.client.stop()
            self.client.close()
        for path in self.unused:
            remove_file(path)
        for source in filter(is_alive, self.new_sources()):
            RPR_PCM_Source_Destroy(source)
        RPR_DeleteExtState(SECTION, RUNNING, 0)
        RPR_DeleteExtState(SECTION, CANCEL, 0)

    # The work

    def whole(self) -> Slices:
        try:
            yield from self.collect()
            yield from self.render_effects()
            if self.subjects:
                yield from self.process()
                yield from self.place()
            self.report()
        except (Cancelled, Trouble) as error:
            self.is_closing = True
            yield from self.end_client()
            self.message = str(error)
            show("" if self.message else "cancelled, and nothing was changed")

    def collect(self) -> Slices:
        """Look at every selected item."""
        items = selected_items(self.project)
        if not items:
            raise Trouble("Select the items that unmix shall work on, and run the action again.")
        for number, item in enumerate(items, 1):
            self.say(f"looking at item {number} of {len(items)}")
            name = f"item {number} of the selection"
            try:
                take = RPR_GetActiveTake(item)
                name = name_of(item, take)
                subject = Subject(item, take, name)
                envelopes = RPR_CountTakeEnvelopes(take)
                if self.settings["render_first"] == "no" or not (envelopes or RPR_TakeFX_GetCount(take)):
                    subject.cut(self.project_rate)
                    if envelopes > len(envelopes_of(take)):
                        self.notes.append(f"{name}: automation of its take FX is not in the new take.")
                self.subjects[subject.id] = subject
            except Exception as error:
                self.complain(name, error)
            yield

    def render_effects(self) -> Slices:
        """Have REAPER render effects, one item at a time; it does not let go of its window for so long."""
        for subject in [each for each in self.subjects.values() if each.piece is None]:
            self.say(f"rendering the take FX of {subject.name}")
            yield WAIT
            self.check_project()
            try:
                subject.renew(self.project, {})
                subject.baked = bake(self.project, subject, self.unused)
                subject.cut(self.project_rate)
            except Exception as error:
                del self.subjects[subject.id]
                self.complain(subject.name, error)

    def process(self) -> Slices:
        """Have `unmix` work, and listen until it has said all. Raises Trouble or Cancelled."""
        if not os.path.isabs(self.output_folder):
            raise Trouble("REAPER has no folder for this project's media: save the project first.")
        self.say("starting")
        job = {
            "version": 1,
            "task": task_of(self.action, self.settings),
            "device": self.settings["device"],
            "output_folder": self.output_folder,
            "items": [subject.order() for subject in self.subjects.values()],
        }
        self.client = Client(self.command, job)
        has_ended = False
        while not self.closing:
            events = self.client.events()
            for event in events or ():
                self.hear(event)
            if events is None and has_ended:
                break
            has_ended = self.client.has_ended  # what it said before that is read once more
            yield WAIT if events is None else None
        kind = self.closing.get("event")
        if kind == "cancelled":
            raise Cancelled
        if kind == "failed":
            raise Trouble(text_in(self.closing, "message") or "unmix failed and did not say why.")
        if kind != "finished":
            said = self.client.last_words()
            raise Trouble(f"unmix ended too early ({said}), nothing was changed: run `unmix reaper doctor`.")
        yield from self.end_client(PATIENCE)

    def hear(self, event: Dict[str, Any]) -> None:
        """Take in what the client says. What is not understood is passed over: a later one may say more."""
        kind, id_, notes, outputs = (event.get(key) for key in ("event", "id", "notes", "outputs"))
        subject = self.subjects.get(id_) if isinstance(id_, str) else None
        self.notes += [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []
        if kind == "progress":
            self.say(words_of(event))
        elif kind == "item" and subject is not None:
            subject.outputs = []
            for entry in outputs if isinstance(outputs, list) else ():
                self.take_output(subject, entry if isinstance(entry, dict) else {})
        elif kind == "item_failed" and subject is not None:
            del self.subjects[subject.id]
            self.complain(subject.name, Trouble(text_in(event, "message") or "it failed"))
        elif kind in ("finished", "failed", "cancelled"):
            self.closing = event

    def take_output(self, subject: Subject, entry: Dict[str, Any]) -> None:
        """Note a file that was written for an item, if it is where it should be, and as long as it should be."""
        path, piece, frames = text_in(entry, "path"), subject.piece, entry.get("frames")
        if not os.path.isabs(path) or not is_same_file(os.path.dirname(path), self.output_folder):
            return
        if is_same_file(path, piece.path) or not os.path.isfile(path):
            return
        self.unused.add(path)
        off = frames - piece.frames if isinstance(frames, int) else math.inf
        # Decoders do not agree on the last frames of a lossy file.
        if off == 0 or (piece.is_whole_file and abs(off) < subject.playing.sample_rate / 10):
            subject.outputs.append(Output(text_in(entry, "stem"), path))
            if off:
                self.notes.append(
                    f"{subject.name}: the result is {off:+} frames longer than the file in REAPER."
                )

    def place(self) -> Slices:
        """Put the results into the project, all in one undo block, or none. Raises Trouble."""
        for subject in self.subjects.values():
            if not subject.outputs:
                self.complain(subject.name, Trouble("unmix made nothing of it that can be used"))
        subjects = [subject for subject in self.subjects.values() if subject.outputs]
        if not subjects:
            return
        self.say("placing the results")
        count = sum(len(subject.outputs) for subject in subjects)
        # Python's REAPER may refuse new sources. It names what it inserts itself, which suits many takes.
        for by_insertion in (False, True) if count <= FEW else (True, False):
            try:
                if not by_insertion:
                    yield from self.make_sources(subjects)
                ready, lost = yield from self.renewed(subjects)
            except Trouble as trouble:
                raise Trouble(f"{trouble} {self.keep(subjects)}")
            if not ready or self.change(ready, by_insertion, count <= FEW or not by_insertion):
                break
        else:
            raise Trouble("REAPER took none of the results, and nothing was changed. " + self.keep(subjects))
        self.placed = len(ready)
        for subject, error in lost:
            self.complain(subject.name, error, self.keep([subject]))

    def change(self, subjects: List[Subject], by_insertion: bool, gives_names: bool) -> bool:
        """Change the project. False if REAPER refuses sources, and nothing was changed. Raises Trouble."""
        if not by_insertion and not all(map(is_alive, self.new_sources())):
            return False
        kept = self.keep(subjects)  # takes may play the files from here on, whatever happens
        selected = selected_items(self.project)
        placer = Placer(self.project, None if by_insertion else self.sources, gives_names)
        try:
            with undo_block(self.project, f"{TITLE}: {self.done(len(subjects))}"):
                (placer.denoised if self.action == "denoise" else placer.separated)(subjects)
                select_only(self.project, selected)
        except SourceRefused:
            return False
        except BaseException as error:
            raise Trouble(f"The results could not be placed ({in_words(error)}), nothing was changed. {kept}")
        RPR_TrackList_AdjustWindows(0)
        RPR_UpdateArrange()
        return True

    def make_sources(self, subjects: List[Subject]) -> Slices:
        """Make a source for each new take."""
        for output in [output for subject in subjects for output in subject.outputs]:
            source = RPR_PCM_Source_CreateFromFile(output.path)
            self.sources.setdefault(output.path, []).append(source)
            if is_alive(source) and not is_same_file(file_of(source), output.path):
                raise Trouble(f"REAPER cannot read {output.path}, and nothing was changed.")
            yield

    def new_sources(self) -> List[str]:
        return [source for sources in self.sources.values() for source in sources]

    def renewed(self, subjects: List[Subject]) -> Slices:
        """Return those that are still what they were, and the others with what is wrong. Raises Trouble.

        This takes several slices, and users edit. So it is done again until the project did not change meanwhile.
        """
        for _ in range(ATTEMPTS):
            self.check_project()
            state = RPR_GetProjectStateChangeCount(self.project)
            lost = yield from self.renew_each(subjects, {})
            if lost:
                items = {}
                for index in range(RPR_CountMediaItems(self.project)):
                    item = RPR_GetMediaItem(self.project, index)
                    items[guid_of_item(item)] = item
                    yield
                lost = yield from self.renew_each([subject for subject, _ in lost], items)
            self.check_project()
            if RPR_GetProjectStateChangeCount(self.project) == state:
                gone = [subject for subject, _ in lost]
                return [subject for subject in subjects if subject not in gone], lost
        raise Trouble("The project never came to rest, as while recording, and nothing was changed.")

    def renew_each(self, subjects: List[Subject], items: Dict[str, str]) -> Slices:
        lost = []
        for subject in subjects:
            try:
                subject.renew(self.project, items)
            except Exception as error:
                lost.append((subject, error))
            yield
        return lost

    def check_project(self) -> None:
        """Raise Trouble if changes would go to another project: much of REAPER only knows the one in front."""
        if not is_alive(self.project) or project_in_front() != self.project:
            raise Trouble("The project was closed or is not in front any more, and nothing was changed.")

    def end_client(self, patience: float = 0.0) -> Slices:
        """Let the client end by itself for some seconds, then ask it to, then make it."""
        for stop, seconds in ((None, patience), (True, PATIENCE), (False, PATIENCE)) if self.client else ():
            if stop is not None:
                self.client.stop(kindly=stop)
            until = time.monotonic() + seconds
            while not self.client.has_ended and time.monotonic() < until:
                yield WAIT

    # What the user hears

    def say(self, text: str) -> None:
        if text != self.shown:
            self.shown = text
            show(text)

    def done(self, count: int) -> str:
        return VERBS[self.action] % ("1 item" if count == 1 else f"{count} items")

    def complain(self, name: str, error: Exception, more: str = "") -> None:
        """Note why there is nothing for an item."""
        self.problems.append((f"{name}: {in_words(error)} {more}").strip())

    def keep(self, subjects: List[Subject]) -> str:
        """Let the results of these stay where they are, and say where that is."""
        paths = sorted({output.path for subject in subjects for output in subject.outputs})
        self.unused.difference_update(paths)
        names = ", ".join(some([os.path.basename(path) for path in paths]))
        return f"The results are kept in {self.output_folder}: {names}."

    def report(self) -> None:
        """Say what was done; a window opens only for what the user has to know."""
        summary = self.done(self.placed)
        model, device = text_in(self.closing, "model"), text_in(self.closing, "device")
        summary += f" by {model} on {device}" if model and device else ""
        notes = some(list(dict.fromkeys(self.notes)))
        show(summary)
        if self.problems:
            heading = summary[:1].upper() + summary[1:] + ", but not:"
            self.message = "\n".join([heading, "", *some(self.problems), "", *notes]).strip()
        elif notes and RPR_GetExtState(SECTION, TOLD) != repr(notes):
            RPR_SetExtState(SECTION, TOLD, repr(notes), 0)  # the same notes after every action are a nuisance
            RPR_ShowConsoleMsg("\n".join([f"{TITLE}: {summary}", *notes, ""]))


def some(lines: List[str]) -> List[str]:
    """Return not more lines than a window can show."""
    return lines[:MOST_LINES] + ["..."] * (len(lines) > MOST_LINES)


def in_words(error: BaseException) -> str:
    return str(error) if isinstance(error, Trouble) else f"{type(error).__name__}: {error}"


def text_in(entries: Dict[str, Any], key: str) -> str:
    value = entries.get(key)
    return value if isinstance(value, str) else ""


def number_in(entries: Dict[str, Any], key: str) -> float:
    """Return a number that is not negative, or -1."""
    value = entries.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        return -1
    return value


def words_of(progress: Dict[str, Any]) -> str:
    """Return the client's progress in one line."""
    words = text_in(progress, "stage") or "working"
    index, items, fraction, left = (
        number_in(progress, key) for key in ("index", "items", "fraction", "remaining_seconds")
    )
    words += f" item {index:.0f} of {items:.0f}" if index >= 0 and items >= 0 else ""
    words += f", {100 * min(1, fraction):.0f} %" if fraction >= 0 else ""
    if left < 0:
        return words
    return words + (f", {left:.0f} s left" if left < 90 else f", {left / 60:.0f} min left")


# What the actions call


def run(action: str, main: Dict[str, Any]) -> None:
    """Do an action; deferred code is executed in `main`. Nothing that goes wrong comes out of it."""
    try:
        RPR_defer("0")  # REAPER makes an undo point for scripts that neither defer nor make one
        if action == "settings":
            ask_for_settings()
        elif action == "cancel":
            cancel()
        else:
            start(action, run.__code__.co_filename, main)
    except BaseException as error:
        confess(error)


def start(action: str, script: str, main: Dict[str, Any]) -> None:
    """Begin a job, unless one runs; then the user may cancel that."""
    if running_job():
        if RPR_ShowMessageBox("unmix still works on the last action. Cancel that?", TITLE, YES_OR_NO) == YES:
            cancel()
        return
    remove_old_folders()
    jobs = main.setdefault("unmix_jobs", {})
    job = Job(action, script, jobs)
    jobs[job.token] = job
    RPR_atexit(f'"{job.token}" in unmix_jobs and unmix_jobs["{job.token}"].leave()')
    job.tick()


def cancel() -> None:
    token = running_job()
    if token:
        RPR_SetExtState(SECTION, CANCEL, token, 0)
    show("cancelling" if token else "nothing to cancel")


def running_job() -> str:
    """Return the token of the job that runs, or nothing; one without a sign of life for a while has crashed."""
    words = RPR_GetExtState(SECTION, RUNNING).split()
    try:
        process, token, seen = words
        return token if int(process) == os.getpid() and time.monotonic() - float(seen) < STALE else ""
    except ValueError:
        return ""


def confess(error: BaseException) -> None:
    """Tell the user what ended the action."""
    try:
        if isinstance(error, Trouble):
            tell(str(error))
        else:
            RPR_ShowConsoleMsg("".join(traceback.format_exception(type(error), error, error.__traceback__)))
            tell(f"The script of unmix failed ({in_words(error)}). The console says where: please report it.")
    except BaseException:
        pass  # not even a message can be shown
