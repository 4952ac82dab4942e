"""The keys under which REAPER gives out numbers about tracks, items and takes: D_POSITION, B_MUTE and so on.

The letter tells the type: B and I and C are whole numbers, D and F are not, IP and P only can be read.
"""

import re
from collections.abc import Mapping
from typing import Any

from fake_reaper.model.item import Item
from fake_reaper.model.take import Take
from fake_reaper.model.track import Track

ITEM = {
    "B_ALLTAKESPLAY": "all_takes_play",
    "B_LOOPSRC": "loop_source",
    "B_MUTE": "mute",
    "B_MUTE_ACTUAL": "mute",
    "B_UISEL": "selected",
    "C_BEATATTACHMODE": "beat_mode",
    "C_FADEINSHAPE": "fade_in_shape",
    "C_FADEOUTSHAPE": "fade_out_shape",
    "C_LOCK": "lock",
    "D_FADEINDIR": "fade_in_curve",
    "D_FADEINLEN": "fade_in",
    "D_FADEINLEN_AUTO": "fade_in_auto",
    "D_FADEOUTDIR": "fade_out_curve",
    "D_FADEOUTLEN": "fade_out",
    "D_FADEOUTLEN_AUTO": "fade_out_auto",
    "D_LENGTH": "length",
    "D_POSITION": "position",
    "D_SNAPOFFSET": "snap_offset",
    "D_VOL": "volume",
    "F_FREEMODE_H": "free_height",
    "F_FREEMODE_Y": "free_y",
    "I_CURTAKE": "active",
    "I_CUSTOMCOLOR": "color",
    "I_FIXEDLANE": "lane",
    "I_GROUPID": "group",
}
TAKE = {
    "B_PPITCH": "preserve_pitch",
    "D_PAN": "pan",
    "D_PANLAW": "pan_law",
    "D_PITCH": "pitch",
    "D_PLAYRATE": "play_rate",
    "D_STARTOFFS": "start_offset",
    "D_VOL": "volume",
    "F_STRETCHFADESIZE": "stretch_fade",
    "I_CHANMODE": "channel_mode",
    "I_CUSTOMCOLOR": "color",
    "I_PITCHMODE": "pitch_mode",
    "I_STRETCHFLAGS": "stretch_flags",
}
TRACK = {
    "B_MAINSEND": "main_send",
    "B_MUTE": "mute",
    "B_PHASE": "phase",
    "D_PAN": "pan",
    "D_VOL": "volume",
    "I_CUSTOMCOLOR": "color",
    "I_FOLDERCOMPACT": "folder_compact",
    "I_FOLDERDEPTH": "folder_depth",
    "I_FREEMODE": "lane_mode",
    "I_HEIGHTOVERRIDE": "height",
    "I_NCHAN": "channels",
    "I_SELECTED": "selected",
    "I_SOLO": "solo",
}
KEYS: Mapping[type, Mapping[str, str]] = {Item: ITEM, Take: TAKE, Track: TRACK}
OTHERS: Mapping[type, Mapping[str, float]] = {
    Item: {"C_AUTOSTRETCH": -1.0, "C_MUTE_SOLO": 0.0, "I_LASTH": 40.0, "I_LASTY": 0.0},
    Take: {"I_LASTH": 40.0, "I_LASTY": 0.0, "I_RECPASSID": 0.0, "I_TAKEFX_NCH": 2.0},
    Track: {
        "B_AUTO_RECARM": 0.0,
        "B_HEIGHTLOCK": 0.0,
        "B_SHOWINMIXER": 1.0,
        "B_SHOWINTCP": 1.0,
        "B_SOLO_DEFEAT": 0.0,
        "C_BEATATTACHMODE": -1.0,
        "C_LANESCOLLAPSED": 0.0,
        "C_MAINSEND_NCH": 0.0,
        "C_MAINSEND_OFFS": 0.0,
        "D_DUALPANL": -1.0,
        "D_DUALPANR": 1.0,
        "D_PANLAW": -1.0,
        "D_WIDTH": 1.0,
        "I_AUTOMODE": 0.0,
        "I_FXEN": 1.0,
        "I_MIDIHWOUT": -1.0,
        "I_NUMFIXEDLANES": 1.0,
        "I_PANMODE": -1.0,
        "I_PERFFLAGS": 0.0,
        "I_RECARM": 0.0,
        "I_RECINPUT": -1.0,
        "I_RECMODE": 0.0,
        "I_RECMON": 0.0,
        "I_RECMONITEMS": 0.0,
        "I_VUMODE": 0.0,
    },
}
"""Keys that are kept as they are set and mean nothing here, with what they are at first."""


def get(thing: Any, key: str) -> float:
    """Return the number under a key; 0 where there is no such key, as REAPER does."""
    attribute = KEYS[type(thing)].get(key)
    if attribute is not None:
        return float(getattr(thing, attribute))
    if key in OTHERS[type(thing)]:
        return thing.other.get(key, OTHERS[type(thing)][key])
    return float(_READ_ONLY.get((type(thing), key), lambda _: 0)(thing))


def put(thing: Any, key: str, value: float) -> bool:
    """Set the number under a key; False where there is no such key, or it can only be read."""
    attribute = KEYS[type(thing)].get(key)
    number = value if key[0] in "DF" else int(value)
    if attribute is not None:
        setattr(thing, attribute, number)
    elif key in OTHERS[type(thing)]:
        thing.other[key] = number
    else:
        return _put_lane(thing, key, number)
    if attribute == "position":
        thing.track.sort()
    return True


def _put_lane(thing: Any, key: str, number: float) -> bool:
    lanes = re.fullmatch(r"C_LANEPLAYS:(\d+)", key)
    if not isinstance(thing, Track) or lanes is None:
        return False
    lane = int(lanes[1])
    thing.lanes_playing = (thing.lanes_playing - {lane}) | ({lane} if number else set())
    return True


_READ_ONLY = {
    (Item, "IP_ITEMNUMBER"): lambda item: item.track.items.index(item),
    (Item, "C_LANEPLAYS"): lambda item: item.lane_plays,
    (Take, "IP_TAKENUMBER"): lambda take: take.index,
    (Track, "IP_TRACKNUMBER"): lambda track: track.index + 1,
}
