"""Where recordings go that cannot be done, each with a text that says why; and back, when the user wants that.

A source that is kept stays where it is, and a second name of it (or a copy, on another disk) is the dead letter.
"""

import errno
import hashlib
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from unmix_plugins.files.shown import shown
from unmix_plugins.watch.config.folder import SourcePolicy
from unmix_plugins.watch.disk.moves import (
    free_name,
    is_file,
    is_there,
    make_folder,
    part_beside,
    relocate,
    remove,
    sync_folder,
)
from unmix_plugins.watch.ledger.entry import Entry, Result, State
from unmix_plugins.watch.seen.tree import look
from unmix_plugins.watch.watched import Watched

REASON_SUFFIX = ".reason.txt"
_IMPOSSIBLE = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.ENOTDIR}
_PAUSE = 1.0
_PATIENCE = 3.0
"""Seconds until a file that was renamed is seen again, besides what its folder takes to settle."""
_SHORT = 60
"""Characters of a name that is too long as it is."""


class DeadLetters:
    """Of one watched folder."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._folder = watched.folder
        self._ledger = watched.ledger
        self._missed: dict[int, float] = {}

    def write(self, entry: Entry, *, is_untold: bool) -> Entry | None:
        """Write the dead letter of a failed entry; returns it as dead, or None when another file has replaced it.

        A file that has gone may only have been renamed: it stays failed for as long as that takes to be seen.
        Raises TargetAway or OSError when the dead-letter folder cannot be written.
        """
        self._watched.mounts.ensure(self._folder.failed)
        if self._is_replaced(entry):
            self._ledger.forget(entry)
            return None
        if self._may_be_renamed(entry):
            return self._ledger.save(replace(entry, due=self._watched.clock() + _PAUSE))
        while True:
            entry = self._named(entry)
            try:
                self._write_reason(entry)
                entry = self._moved(entry)
            except FileExistsError:  # somebody was faster
                if entry.away_to is not None:
                    _reason_of(entry.away_to).unlink(missing_ok=True)
                entry = replace(entry, away_to=None)
            except OSError as error:
                if error.errno not in _IMPOSSIBLE or entry.away_to == self._short_name(entry):
                    raise
                entry = self._ledger.save(replace(entry, away_to=self._short_name(entry)))
            else:
                self._missed.pop(entry.entry_id, None)
                dead = replace(entry, state=State.DEAD, due=0.0)
                if not entry.ended:  # else it was dead before, and only its file has turned up again
                    dead = replace(dead, ended=self._watched.clock(), is_untold=is_untold)
                return self._ledger.save(dead)

    def retry(self, entry: Entry) -> Entry | None:
        """Take a dead letter back, so that it is found again; None where there is nothing to try any more.

        Stays dead, with a message, where the source's name belongs to something else now. Raises OSError.
        """
        source = self._watched.source_of(entry)
        letter = entry.away_to
        found = look(source)
        if letter is not None and is_there(letter):
            if found is None and not is_there(source):
                make_folder(source.parent)
                relocate(letter, source, part=part_beside(source, self._watched.mark(entry)), keep=False)
            elif is_file(source, entry.facts, entry.sha256):
                letter.unlink()
            else:
                taken = f"{shown(source)} is something else now: move that away, then try again."
                return self._ledger.save(replace(entry, state=State.DEAD, is_away=True, message=taken))
        if letter is not None:
            _reason_of(letter).unlink(missing_ok=True)
        found = look(source)
        if found is None:
            self._ledger.forget(entry)
            return None
        return self._ledger.save(
            replace(
                entry,
                state=State.FOUND,
                facts=found,
                sha256="",
                tries=entry.tries + 1,
                attempts=0,
                due=0.0,
                job_id="",
                plan=None,
                result=Result(),
                away_to=None,
                is_away=False,
                is_missing=False,
                reason="",
                message="",
                ended=0.0,
                is_untold=False,
            )
        )

    def _is_replaced(self, entry: Entry) -> bool:
        found = look(self._watched.source_of(entry))
        if found is None or entry.facts.is_same_version(found):
            return False
        return entry.away_to is None or not is_file(entry.away_to, entry.facts, entry.sha256)

    def _may_be_renamed(self, entry: Entry) -> bool:
        if is_there(self._watched.source_of(entry)) or (entry.away_to and is_there(entry.away_to)):
            self._missed.pop(entry.entry_id, None)
            return False
        patience = _PATIENCE + 2 * self._folder.settle_seconds + self._folder.poll_interval
        now = self._watched.clock()
        return now - self._missed.setdefault(entry.entry_id, now) < patience

    def _named(self, entry: Entry) -> Entry:
        """The entry with the name of its dead letter, which is in the ledger before it is used."""
        if entry.away_to is not None:
            return entry
        final = free_name(
            self._folder.failed / entry.path, lambda name: is_there(name) or is_there(_reason_of(name))
        )
        return self._ledger.save(replace(entry, away_to=final))

    def _moved(self, entry: Entry) -> Entry:
        """The entry with its source, or a second one of it, where the dead letter belongs."""
        assert entry.away_to is not None  # noqa: S101  # it was named before
        source = self._watched.source_of(entry)
        keeps = self._folder.source_policy is SourcePolicy.KEEP
        is_ours = self._watched.is_unchanged(entry)
        if is_file(entry.away_to, entry.facts, entry.sha256):
            if is_ours and not keeps:  # killed between the two names
                source.unlink()
        elif is_ours:
            part = part_beside(entry.away_to, self._watched.mark(entry))
            try:
                relocate(source, entry.away_to, part=part, keep=keeps)
            except PermissionError:
                if keeps or os.access(source.parent, os.W_OK):
                    raise
                relocate(source, entry.away_to, part=part, keep=True)
                keeps = True
        has_letter = is_there(entry.away_to)
        return replace(entry, is_away=not keeps and has_letter, is_missing=not has_letter)

    def _write_reason(self, entry: Entry) -> None:
        assert entry.away_to is not None  # noqa: S101  # it was named before
        moment = self._watched.local_time()
        text = (
            f"{shown(entry.path.name)} could not be processed.\n\n"
            f"Why:     {entry.message} ({entry.reason})\n"
            f"Source:  {shown(self._watched.source_of(entry))}\n"
            f"When:    {moment:%Y-%m-%d %H:%M:%S %z}\n\n"
            "To try it again, as it is: unmix watch retry. Or put a better file into the watched folder.\n"
        )
        part = part_beside(entry.away_to, self._watched.mark(entry))
        try:
            make_folder(entry.away_to.parent)
            with part.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(_reason_of(entry.away_to))  # of an earlier life, if there is one
        except OSError:
            with suppress(OSError):
                remove(part)
            raise
        sync_folder(part.parent)

    def _short_name(self, entry: Entry) -> Path:
        """A name that every file system takes, and that no other recording has."""
        mark = hashlib.sha256(os.fsencode(entry.path) + str(entry.entry_id).encode()).hexdigest()[:8]
        stem = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in entry.path.stem)[
            :_SHORT
        ]
        suffix = entry.path.suffix if entry.path.suffix.isascii() and len(entry.path.suffix) < 10 else ""
        return self._folder.failed / f"{stem}~{mark}{suffix}"


def _reason_of(letter: Path) -> Path:
    return letter.with_name(letter.name + REASON_SUFFIX)
