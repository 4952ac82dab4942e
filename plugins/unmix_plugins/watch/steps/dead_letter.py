"""Where recordings go that cannot be done, each with a text that says why; and back, when the user wants that.

A source that is kept stays where it is, and a second name of it (or a copy, on another disk) is the dead letter.
"""

import errno
import hashlib
import os
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from unmix_plugins.files.folder import Folder, Place
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.config.folder import SourcePolicy
from unmix_plugins.watch.disk.moves import free_name, is_file, is_there, part_name, relocate
from unmix_plugins.watch.disk.original import NOTHING_THERE, Original
from unmix_plugins.watch.ledger.entry import Entry, Result, State
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
        with self._watched.mounts.open(self._folder.failed) as letters:
            if entry.away_to is not None and not entry.away_to.is_relative_to(letters.path):
                entry = replace(entry, away_to=None)  # named by an earlier configuration
            if self._is_replaced(letters, entry):
                self._ledger.forget(entry)
                return None
            if self._may_be_renamed(letters, entry):
                return self._ledger.save(replace(entry, due=self._watched.clock() + _PAUSE))
            while True:
                entry = self._named(letters, entry)
                try:
                    self._write_reason(letters, entry)
                    entry = self._moved(letters, entry)
                except FileExistsError:  # somebody was faster
                    if entry.away_to is not None:
                        _remove(letters, _reason_of(entry.away_to))
                    entry = replace(entry, away_to=None)
                except OSError as error:
                    if error.errno not in _IMPOSSIBLE or entry.away_to == self._short_name(entry):
                        raise
                    entry = self._ledger.save(replace(entry, away_to=self._short_name(entry)))
                else:
                    break
        self._missed.pop(entry.entry_id, None)
        dead = replace(entry, state=State.DEAD, due=0.0)
        if not entry.ended:  # else it was dead before, and only its file has turned up again
            dead = replace(dead, ended=self._watched.clock(), is_untold=is_untold)
        return self._ledger.save(dead)

    def retry(self, entry: Entry) -> Entry | None:
        """Take a dead letter back, so that it is found again; None where there is nothing to try any more.

        Stays dead, with a message, where the source's name belongs to something else now. Raises OSError.
        """
        if entry.away_to is not None and not self._is_taken_back(entry, entry.away_to):
            taken = f"{shown(self._watched.source_of(entry))} is something else now: move that away, then try again."
            return self._ledger.save(replace(entry, state=State.DEAD, is_away=True, message=taken))
        found = self._watched.look(entry)
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

    def _is_taken_back(self, entry: Entry, letter: Path) -> bool:
        """Give a letter its source's name again, and remove its reason; False where another file has that name."""
        try:
            letters = self._letters_of(letter)
        except (FileNotFoundError, NotADirectoryError):
            return True
        with letters, Folder.open(self._folder.source) as source:
            with ExitStack() as stack:
                original = _opened(stack, letters, letter)
                if original is not None and not self._watched.is_there(entry):
                    home = stack.enter_context(source.at(self._watched.source_of(entry), make=True))
                    relocate(original, home, part=part_name(self._watched.mark(entry)), keep=False)
                elif original is not None:
                    if not is_file(source, self._watched.source_of(entry), entry.facts, entry.sha256):
                        return False
                    original.drop()
            _remove(letters, _reason_of(letter))
        return True

    def _letters_of(self, letter: Path) -> Folder:
        """The folder that a letter is to be found in; it may be one of an earlier configuration."""
        if letter.is_relative_to(self._folder.failed):
            return self._watched.mounts.reopen(self._folder.failed)
        return Folder.open(letter.parent)

    def _is_replaced(self, letters: Folder, entry: Entry) -> bool:
        found = self._watched.look(entry)
        if found is None or entry.facts.is_same_version(found):
            return False
        return not self._has_letter(letters, entry)

    def _has_letter(self, letters: Folder, entry: Entry) -> bool:
        return entry.away_to is not None and is_file(letters, entry.away_to, entry.facts, entry.sha256)

    def _may_be_renamed(self, letters: Folder, entry: Entry) -> bool:
        if self._watched.is_there(entry) or (entry.away_to and is_there(letters, entry.away_to)):
            self._missed.pop(entry.entry_id, None)
            return False
        patience = _PATIENCE + 2 * self._folder.settle_seconds + self._folder.poll_interval
        now = self._watched.clock()
        return now - self._missed.setdefault(entry.entry_id, now) < patience

    def _named(self, letters: Folder, entry: Entry) -> Entry:
        """The entry with the name of its dead letter, which is in the ledger before it is used."""
        if entry.away_to is not None:
            return entry
        final = free_name(
            self._folder.failed / entry.path,
            lambda name: is_there(letters, name) or is_there(letters, _reason_of(name)),
        )
        return self._ledger.save(replace(entry, away_to=final))

    def _moved(self, letters: Folder, entry: Entry) -> Entry:
        """The entry with its source, or a second one of it, where the dead letter belongs."""
        assert entry.away_to is not None  # noqa: S101  # it was named before
        keeps = self._folder.source_policy is SourcePolicy.KEEP
        with self._watched.original(entry) as original:
            is_ours = original is not None and original.is_still(entry.facts, entry.sha256)
            if self._has_letter(letters, entry):
                if original is not None and is_ours and not keeps:  # killed between the two names
                    original.drop()
            elif original is not None and is_ours:
                keeps |= not original.place.folder.is_writable  # then it can have a second name only
                with letters.at(entry.away_to) as final:
                    relocate(original, final, part=part_name(self._watched.mark(entry)), keep=keeps)
        has_letter = is_there(letters, entry.away_to)
        return replace(entry, is_away=not keeps and has_letter, is_missing=not has_letter)

    def _write_reason(self, letters: Folder, entry: Entry) -> None:
        assert entry.away_to is not None  # noqa: S101  # it was named before
        moment = self._watched.local_time()
        text = (
            f"{shown(entry.path.name)} could not be processed.\n\n"
            f"Why:     {entry.message} ({entry.reason})\n"
            f"Source:  {shown(self._watched.source_of(entry))}\n"
            f"When:    {moment:%Y-%m-%d %H:%M:%S %z}\n\n"
            "To try it again, as it is: unmix watch retry. Or put a better file into the watched folder.\n"
        )
        with letters.at(_reason_of(entry.away_to), make=True) as reason:
            part = reason.beside(part_name(self._watched.mark(entry)))
            part.remove()
            try:
                with part.create() as file:
                    file.write(text.encode())
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(reason)  # of an earlier life, if there is one
            except OSError:
                with suppress(OSError):
                    part.remove()
                raise
            reason.folder.sync()

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


def _opened(stack: ExitStack, letters: Folder, letter: Path) -> Original | None:
    """The letter, held open; None where there is none, or something else has its name."""
    try:
        place: Place = stack.enter_context(letters.at(letter))
        return stack.enter_context(Original(place))
    except OSError as error:
        if error.errno not in NOTHING_THERE:
            raise
        return None


def _remove(letters: Folder, path: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError), letters.at(path) as place:
        place.unlink()
