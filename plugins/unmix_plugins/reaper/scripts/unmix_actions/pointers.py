"""REAPER's pointers: which are alive, and what they lead to."""

import os
import re
from typing import List

from reaper_python import *

TEXT, STATE = 4096, 4 << 20
"""Bytes that REAPER may write into a text, and into an item's state."""
POINTER = re.compile(r"\((\w+\*)\)0x([0-9A-F]{16})\Z")


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
