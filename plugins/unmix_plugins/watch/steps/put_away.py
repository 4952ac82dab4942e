"""What happens to a source when its outputs are in place; it never makes the recording come again."""

import sys
from dataclasses import replace
from pathlib import Path

from unmix_plugins.watch.config.folder import SourcePolicy
from unmix_plugins.watch.disk.moves import free_name, is_file, make_folder, part_beside, relocate
from unmix_plugins.watch.disk.trash import info_of, trash_name, write_info
from unmix_plugins.watch.ledger.entry import Entry
from unmix_plugins.watch.watched import Watched


class PutAway:
    """Of one watched folder."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._folder = watched.folder
        self._ledger = watched.ledger

    def put_away(self, entry: Entry) -> Entry:
        """Move or trash the source, as the folder wants it; returns the entry with what is so now.

        A source that has gone, or has changed since, is left alone. Raises TargetAway or OSError when the
        source cannot be put away.
        """
        if self._folder.source_policy is SourcePolicy.KEEP:
            return entry
        source = self._watched.source_of(entry)
        while True:
            is_ours = self._watched.is_unchanged(entry)
            if entry.away_to is not None and is_file(entry.away_to, entry.facts, entry.sha256):
                if is_ours:  # killed between the two names
                    source.unlink()
                return replace(entry, is_away=True)
            if not is_ours:
                return replace(entry, away_to=None, is_missing=True)
            entry = self._named(entry, source)
            try:
                self._relocate(entry, source)
            except FileExistsError:  # somebody was faster
                entry = replace(entry, away_to=None)
            except OSError:
                if self._watched.is_unchanged(entry):  # else it, or a folder above it, was renamed just now
                    raise

    def _named(self, entry: Entry, source: Path) -> Entry:
        """The entry with the name that its source gets, which is in the ledger before it is used."""
        if entry.away_to is not None:
            return entry
        if self._folder.source_policy is SourcePolicy.TRASH:
            return self._ledger.save(replace(entry, away_to=trash_name(source)))
        assert self._folder.moved_to is not None  # noqa: S101  # check_layout saw to it
        self._watched.mounts.ensure(self._folder.moved_to)
        return self._ledger.save(replace(entry, away_to=free_name(self._folder.moved_to / entry.path)))

    def _relocate(self, entry: Entry, source: Path) -> None:
        assert entry.away_to is not None  # noqa: S101  # it was named before
        make_folder(entry.away_to.parent)
        part = part_beside(entry.away_to, self._watched.mark(entry))
        if self._folder.source_policy is SourcePolicy.MOVE or sys.platform == "darwin":
            relocate(source, entry.away_to, part=part, keep=False)
            return
        info = info_of(entry.away_to)
        write_info(info, source, self._watched.local_time())
        try:
            relocate(source, entry.away_to, part=part, keep=False)
        except OSError:
            info.unlink()
            raise
