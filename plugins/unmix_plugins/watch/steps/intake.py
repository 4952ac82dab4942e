"""From files that were seen to entries of the ledger: each version of each recording once."""

from dataclasses import replace
from pathlib import Path

from unmix_plugins.watch.ledger.entry import Entry, FileFacts, Result, State
from unmix_plugins.watch.seen.tree import is_renamed
from unmix_plugins.watch.watched import Watched

_NOT_DELIVERED = (State.FOUND, State.SUBMITTED)
OWN_OUTPUT = "It is an output of unmix itself."


class Intake:
    """Of one watched folder."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._number = watched.number
        self._ledger = watched.ledger

    def see(self, path: Path, facts: FileFacts) -> None:
        """A file has settled: note it, unless it is known already."""
        inside = path.relative_to(self._watched.folder.source)
        known = self._ledger.at(self._number, inside)
        if known is not None and known.facts.is_same_version(facts):
            self._save_if_new(known, self._reopened(replace(known, facts=facts)))
            return
        twin = self._ledger.same_file(self._number, facts)
        if twin is not None and twin.path == inside:  # it came back to a name that another had meanwhile
            return
        with self._ledger.transaction():
            if twin is not None and is_renamed(self._watched.source_of(twin), path, facts):
                self._ledger.save(self._reopened(replace(twin, path=inside)))
                if known is not None and known.state in _NOT_DELIVERED:
                    self._ledger.forget(known)
            elif known is not None and known.state in _NOT_DELIVERED:
                self._ledger.save(as_new(known, facts))
            else:
                self._ledger.add(self._number, inside, facts)

    def recognise(self, entry: Entry) -> Entry | None:
        """Compare an entry, whose content is known now, with earlier ones.

        None where nothing is to be done: the file was only touched, or is an output that was moved here.
        """
        earlier = self._ledger.same_content(entry)
        if earlier is not None:
            with self._ledger.transaction():
                self._ledger.forget(entry)
                self._ledger.save(self._reopened(replace(earlier, facts=entry.facts)))
            return None
        if self._ledger.is_output(self._watched.source_of(entry), entry.facts, entry.sha256):
            self._ledger.save(
                replace(entry, state=State.DONE, result=Result(note=OWN_OUTPUT, is_skipped=True))
            )
            return None
        return self._ledger.save(entry)

    def _reopened(self, entry: Entry) -> Entry:
        """The entry of a file that is there: what could not be done with it while it was missing is done now."""
        if entry.state is State.FAILED:
            return replace(entry, due=0.0)
        if not entry.is_missing:
            return entry
        again = State.FAILED if entry.state is State.DEAD else State.DELIVERED
        return replace(entry, state=again, is_missing=False, due=0.0)

    def _save_if_new(self, old: Entry, new: Entry) -> None:
        if new != old:
            self._ledger.save(new)


def as_new(entry: Entry, facts: FileFacts) -> Entry:
    """The entry as if its file had just been found; a job that it has is wanted no more."""
    return Entry(entry.entry_id, entry.folder, entry.path, facts, tries=entry.tries + 1)
