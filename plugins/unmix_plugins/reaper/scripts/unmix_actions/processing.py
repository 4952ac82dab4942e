"""The client's work: it is told what to do, listened to, and ended."""

import math
import os
import time
from typing import Any, Dict

from .client import Client, text_in, words_of
from .item import Output, Subject
from .job import WAIT, Cancelled, Job, Slices
from .messages import Trouble
from .pointers import is_same_file

PATIENCE = 5.0
"""Seconds for `unmix` to end by itself."""


def process(job: Job) -> Slices:
    """Have `unmix` work, and listen until it has said all. Raises Trouble or Cancelled."""
    if not os.path.isabs(job.output_folder):
        raise Trouble("REAPER has no folder for this project's media: save the project first.")
    job.say("starting")
    order = {
        "version": 1,
        "task": job.task(),
        "device": job.settings["device"],
        "output_folder": job.output_folder,
        "items": [subject.order() for subject in job.subjects.values()],
    }
    job.client = Client(job.command, order)
    has_ended = False
    while not job.closing:
        events = job.client.events()
        for event in events or ():
            hear(job, event)
        if events is None and has_ended:
            break
        has_ended = job.client.has_ended  # what it said before that is read once more
        yield WAIT if events is None else None
    kind = job.closing.get("event")
    if kind == "cancelled":
        raise Cancelled
    if kind == "failed":
        raise Trouble(text_in(job.closing, "message") or "unmix failed and did not say why.")
    if kind != "finished":
        said = job.client.last_words()
        raise Trouble(f"unmix ended too early ({said}), nothing was changed: run `unmix reaper doctor`.")
    yield from end_client(job, PATIENCE)


def hear(job: Job, event: Dict[str, Any]) -> None:
    """Take in what the client says. What is not understood is passed over: a later one may say more."""
    kind, id_, notes, outputs = (event.get(key) for key in ("event", "id", "notes", "outputs"))
    subject = job.subjects.get(id_) if isinstance(id_, str) else None
    job.notes += [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []
    if kind == "progress":
        job.say(words_of(event))
    elif kind == "item" and subject is not None:
        subject.outputs = []
        for entry in outputs if isinstance(outputs, list) else ():
            take_output(job, subject, entry if isinstance(entry, dict) else {})
    elif kind == "item_failed" and subject is not None:
        del job.subjects[subject.id]
        job.complain(subject.name, Trouble(text_in(event, "message") or "it failed"))
    elif kind in ("finished", "failed", "cancelled"):
        job.closing = event


def take_output(job: Job, subject: Subject, entry: Dict[str, Any]) -> None:
    """Note a file that was written for an item, if it is where it should be, and as long as it should be."""
    path, piece, frames = text_in(entry, "path"), subject.piece, entry.get("frames")
    if not os.path.isabs(path) or not is_same_file(os.path.dirname(path), job.output_folder):
        return
    if is_same_file(path, piece.path) or not os.path.isfile(path):
        return
    job.unused.add(path)
    off = frames - piece.frames if isinstance(frames, int) else math.inf
    # Decoders do not agree on the last frames of a lossy file.
    if off == 0 or (piece.is_whole_file and abs(off) < subject.playing.sample_rate / 10):
        subject.outputs.append(Output(text_in(entry, "stem"), path))
        if off:
            job.notes.append(f"{subject.name}: the result is {off:+} frames longer than the file in REAPER.")


def end_client(job: Job, patience: float = 0.0) -> Slices:
    """Let the client end by itself for some seconds, then ask it to, then make it."""
    for stop, seconds in ((None, patience), (True, PATIENCE), (False, PATIENCE)) if job.client else ():
        if stop is not None:
            job.client.stop(kindly=stop)
        until = time.monotonic() + seconds
        while not job.client.has_ended and time.monotonic() < until:
            yield WAIT
