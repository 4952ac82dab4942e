"""Changes to a project: all of one action is one undo point, or nothing of it is left."""

import uuid
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from reaper_python import *

ALL_STATES = -1


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
