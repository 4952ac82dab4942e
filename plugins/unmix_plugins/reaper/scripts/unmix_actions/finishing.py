"""The results: they are put into a project that is still what it was, or kept, and the user is told."""

from typing import Dict, List

from reaper_python import *

from .client import text_in
from .item import Subject
from .job import Job, Slices
from .messages import TITLE, Trouble, in_words, show, some
from .placing import Placer, SourceRefused
from .pointers import file_of, guid_of_item, is_alive, is_same_file, select_only, selected_items
from .settings import SECTION
from .undo import undo_block

NO_MODEL = "none"
"""What unmix names when it changed nothing."""
TOLD = "told"
"""Of REAPER's ExtState: the notes that the user was told last."""
ATTEMPTS = 10
"""How often the items are looked at again because the project changed meanwhile."""
FEW = 12
"""Takes that can be named in one slice: a name costs a buffer of 4 MiB, up to 3 ms."""


def place(job: Job) -> Slices:
    """Put the results into the project, all in one undo block, or none. Raises Trouble."""
    for subject in job.subjects.values():
        if not subject.outputs:
            job.complain(subject.name, Trouble("unmix made nothing of it that can be used"))
    subjects = [subject for subject in job.subjects.values() if subject.outputs]
    if not subjects:
        return
    job.say("placing the results")
    count = sum(len(subject.outputs) for subject in subjects)
    # Python's REAPER may refuse new sources. It names what it inserts itself, which suits many takes.
    for by_insertion in (False, True) if count <= FEW else (True, False):
        try:
            if not by_insertion:
                yield from make_sources(job, subjects)
            ready, lost = yield from renewed(job, subjects)
        except Trouble as trouble:
            raise Trouble(f"{trouble} {job.keep(subjects)}")
        if not ready or change(job, ready, by_insertion, count <= FEW or not by_insertion):
            break
    else:
        raise Trouble("REAPER took none of the results, and nothing was changed. " + job.keep(subjects))
    job.placed = len(ready)
    for subject, error in lost:
        job.complain(subject.name, error, job.keep([subject]))


def change(job: Job, subjects: List[Subject], by_insertion: bool, gives_names: bool) -> bool:
    """Change the project. False if REAPER refuses sources, and nothing was changed. Raises Trouble."""
    if not by_insertion and not all(map(is_alive, job.new_sources())):
        return False
    kept = job.keep(subjects)  # takes may play the files from here on, whatever happens
    selected = selected_items(job.project)
    placer = Placer(job.project, None if by_insertion else job.sources, gives_names)
    try:
        with undo_block(job.project, f"{TITLE}: {job.done(len(subjects))}"):
            (placer.denoised if job.action == "denoise" else placer.separated)(subjects)
            select_only(job.project, selected)
    except SourceRefused:
        return False
    except BaseException as error:
        raise Trouble(f"The results could not be placed ({in_words(error)}), nothing was changed. {kept}")
    RPR_TrackList_AdjustWindows(0)
    RPR_UpdateArrange()
    return True


def make_sources(job: Job, subjects: List[Subject]) -> Slices:
    """Make a source for each new take."""
    for output in [output for subject in subjects for output in subject.outputs]:
        source = RPR_PCM_Source_CreateFromFile(output.path)
        job.sources.setdefault(output.path, []).append(source)
        if is_alive(source) and not is_same_file(file_of(source), output.path):
            raise Trouble(f"REAPER cannot read {output.path}, and nothing was changed.")
        yield


def renewed(job: Job, subjects: List[Subject]) -> Slices:
    """Return those that are still what they were, and the others with what is wrong. Raises Trouble.

    This takes several slices, and users edit. So it is done again until the project did not change meanwhile.
    """
    for _ in range(ATTEMPTS):
        job.check_project()
        state = RPR_GetProjectStateChangeCount(job.project)
        lost = yield from renew_each(job, subjects, {})
        if lost:
            items = {}
            for index in range(RPR_CountMediaItems(job.project)):
                item = RPR_GetMediaItem(job.project, index)
                items[guid_of_item(item)] = item
                yield
            lost = yield from renew_each(job, [subject for subject, _ in lost], items)
        job.check_project()
        if RPR_GetProjectStateChangeCount(job.project) == state:
            gone = [subject for subject, _ in lost]
            return [subject for subject in subjects if subject not in gone], lost
    raise Trouble("The project never came to rest, as while recording, and nothing was changed.")


def renew_each(job: Job, subjects: List[Subject], items: Dict[str, str]) -> Slices:
    lost = []
    for subject in subjects:
        try:
            subject.renew(job.project, items)
        except Exception as error:
            lost.append((subject, error))
        yield
    return lost


def report(job: Job) -> None:
    """Say what was done; a window opens only for what the user has to know."""
    summary = job.done(job.placed)
    model, device = text_in(job.closing, "model"), text_in(job.closing, "device")
    if model == NO_MODEL:
        summary = "left 1 item as it is" if job.placed == 1 else f"left {job.placed} items as they are"
    elif model and device:
        summary += f" by {model} on {device}"
    notes = some(list(dict.fromkeys(job.notes)))
    show(summary)
    if job.problems:
        heading = summary[:1].upper() + summary[1:] + ", but not:"
        job.message = "\n".join([heading, "", *some(job.problems), "", *notes]).strip()
    elif notes and RPR_GetExtState(SECTION, TOLD) != repr(notes):
        RPR_SetExtState(SECTION, TOLD, repr(notes), 0)  # the same notes after every action are a nuisance
        RPR_ShowConsoleMsg("\n".join([f"{TITLE}: {summary}", *notes, ""]))
