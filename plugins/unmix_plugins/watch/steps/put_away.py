"""What happens to a source when its outputs are in place; it never makes the recording come again."""

import sys
from dataclasses import replace

from unmix_plugins.files.folder import Folder
from unmix_plugins.watch.config.folder import SourcePolicy
from unmix_plugins.watch.disk.moves import free_name, is_file, is_there, part_name, relocate
from unmix_plugins.watch.disk.original import Original
from unmix_plugins.watch.disk.trash import info_of, open_trash, trash_name, write_info
from unmix_plugins.watch.ledger.entry import Entry
from unmix_plugins.watch.watched import Watched

_OTHER = "What has the name of the source by now is not the file that was processed: it stays where it is."


class PutAway:
    """Of one watched folder."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._folder = watched.folder
        self._ledger = watched.ledger

    def put_away(self, entry: Entry) -> Entry:
        """Move or trash the source, as the folder wants it; returns the entry with what is so now.

        A source that has gone, or has changed since, is left alone, and so is what has its name instead. Raises
        TargetAway or OSError when the source cannot be put away.
        """
        if self._folder.source_policy is SourcePolicy.KEEP:
            return entry
        while True:
            with self._watched.original(entry) as original:
                is_ours = original is not None and original.is_still(entry.facts, entry.sha256)
                if self._is_in_place(entry):
                    if original is not None and is_ours:  # killed between the two names
                        original.drop()
                    return replace(entry, is_away=True)
                if original is None or not is_ours:
                    return self._left_alone(entry)
                entry = self._put(entry, original)

    def _put(self, entry: Entry, original: Original) -> Entry:
        """The entry with the name that its source has been given, or, where that could not be, may be given next."""
        try:
            with self._opened(original) as root:
                entry = self._named(entry, root, original)
                self._relocate(entry, root, original)
        except FileExistsError:  # somebody was faster
            return replace(entry, away_to=None)
        except OSError:
            with self._watched.original(entry) as again:
                if again is not None and again.is_still(entry.facts, entry.sha256):
                    raise  # else it, or a folder above it, was renamed or replaced just now
        return entry

    def _left_alone(self, entry: Entry) -> Entry:
        result = replace(entry.result, note=_OTHER) if self._watched.is_there(entry) else entry.result
        return replace(entry, away_to=None, is_missing=True, result=result)

    def _is_in_place(self, entry: Entry) -> bool:
        if entry.away_to is None:
            return False
        moved_to = self._folder.moved_to
        try:
            if moved_to is not None and entry.away_to.is_relative_to(moved_to):
                root = self._watched.mounts.reopen(moved_to)
            else:  # in a trash, or named by an earlier configuration
                root = Folder.open(entry.away_to.parent)
        except (FileNotFoundError, NotADirectoryError):
            return False
        with root:
            return is_file(root, entry.away_to, entry.facts, entry.sha256)

    def _opened(self, original: Original) -> Folder:
        if self._folder.source_policy is SourcePolicy.TRASH:
            return open_trash(original.place.folder)
        assert self._folder.moved_to is not None  # noqa: S101  # check_layout saw to it
        return self._watched.mounts.open(self._folder.moved_to)

    def _named(self, entry: Entry, root: Folder, original: Original) -> Entry:
        """The entry with the name that its source gets, which is in the ledger before it is used."""
        if entry.away_to is not None and entry.away_to.is_relative_to(root.path):
            return entry
        if self._folder.source_policy is SourcePolicy.TRASH:
            return self._ledger.save(replace(entry, away_to=trash_name(root, original.place.name)))
        away_to = free_name(root.path / entry.path, lambda path: is_there(root, path))
        return self._ledger.save(replace(entry, away_to=away_to))

    def _relocate(self, entry: Entry, root: Folder, original: Original) -> None:
        away_to = entry.away_to
        assert away_to is not None  # noqa: S101  # it was named before
        part = part_name(self._watched.mark(entry))
        with root.at(away_to, make=True) as final:
            if self._folder.source_policy is SourcePolicy.MOVE or sys.platform == "darwin":
                relocate(original, final, part=part, keep=False)
                return
            with root.at(info_of(away_to)) as info:
                write_info(info, original.place.path, self._watched.local_time())
                try:
                    relocate(original, final, part=part, keep=False)
                except OSError:
                    info.unlink()
                    raise
