"""The selected items are looked at, and their take FX rendered where the user wants that."""

from typing import Set

from reaper_python import *

from .item import IDENTITY, Baked, Subject, envelopes_of, name_of, values_of
from .job import WAIT, Job, Slices
from .messages import TITLE, Trouble
from .playing import playing_of
from .pointers import STATE, file_of, is_same_file, select_only, selected_items
from .undo import insist, undo_block

RENDER_TO_NEW_TAKE = 41999


def collect(job: Job) -> Slices:
    """Look at every selected item."""
    items = selected_items(job.project)
    if not items:
        raise Trouble("Select the items that unmix shall work on, and run the action again.")
    for number, item in enumerate(items, 1):
        job.say(f"looking at item {number} of {len(items)}")
        name = f"item {number} of the selection"
        try:
            take = RPR_GetActiveTake(item)
            name = name_of(item, take)
            subject = Subject(item, take, name)
            envelopes = RPR_CountTakeEnvelopes(take)
            if job.settings["render_first"] == "no" or not (envelopes or RPR_TakeFX_GetCount(take)):
                subject.cut(job.project_rate)
                if envelopes > len(envelopes_of(take)):
                    job.notes.append(f"{name}: automation of its take FX is not in the new take.")
            job.subjects[subject.id] = subject
        except Exception as error:
            job.complain(name, error)
        yield


def render_effects(job: Job) -> Slices:
    """Have REAPER render effects, one item at a time; it does not let go of its window for so long."""
    for subject in [each for each in job.subjects.values() if each.piece is None]:
        job.say(f"rendering the take FX of {subject.name}")
        yield WAIT
        job.check_project()
        try:
            subject.renew(job.project, {})
            subject.baked = bake(job.project, subject, job.unused)
            subject.cut(job.project_rate)
        except Exception as error:
            del job.subjects[subject.id]
            job.complain(subject.name, error)


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
