"""From a finished job to complete files in the target, in steps that can be interrupted anywhere.

1. The ledger has the name of a staging folder, before it exists.
2. Outputs are downloaded into it, checked against the daemon's sums, and synced.
3. The ledger has their final names, sizes, sums and inodes, before any is used.
4. Each gets its name in one step that never replaces what is there: a folder of stems as a whole.
5. The ledger has them as delivered. Only now the daemon's job may go, and the source be put away.

Who comes after a kill finds out from the ledger and the inodes how far it went, and goes on there.
"""

import errno
import os
import shutil
import time
import zipfile
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from unmix.words import OutputStarted, Summary

from unmix_plugins.errors import BrokenResult, NotFound, OutputClash
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.config.folder import Collision
from unmix_plugins.watch.cures import CURES
from unmix_plugins.watch.daemon import Daemon
from unmix_plugins.watch.disk.moves import (
    digest,
    free_name,
    identity_of,
    is_in_place,
    is_there,
    make_folder,
    numbered,
    part_beside,
    place,
    place_folder,
    remove,
    sync_folder,
)
from unmix_plugins.watch.ledger.entry import Entry, Move, Plan, Result, State
from unmix_plugins.watch.steps.destination import FOLDER, Destination, destination
from unmix_plugins.watch.watched import Watched

_MANY = 1_000_000
_SPARE_BYTES = 16 << 20
_ARCHIVE = "stems.zip"
_ZIP_TIMES = (315_705_600, 4_354_646_400)
"""1980 to 2107, in Unix time: an archive can hold no others."""


class Deliveries:
    """Of one watched folder."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._folder = watched.folder
        self._ledger = watched.ledger

    def begin(self, entry: Entry, summary: Summary) -> Entry:
        """The job of `entry` is completed: from now on it is being delivered."""
        result = Result(
            summary.model,
            summary.device,
            summary.duration,
            summary.processing_seconds,
            " ".join((*summary.notes, *_advice(summary))),
        )
        return self._ledger.save(replace(entry, state=State.DELIVERING, plan=None, result=result))

    def carry_on(self, client: Daemon, entry: Entry) -> Entry:
        """Deliver, from wherever it was left; returns the entry as delivered.

        Raises TargetAway, OutputClash, OSError or OutputError for the target, NotFound or BrokenResult when the daemon
        does not have the result any more, and what the daemon's client raises.
        """
        self._watched.mounts.ensure(self._folder.target)
        plan = entry.plan
        if plan is None or not plan.moves or not _is_staged(plan):
            self.undo(entry)
            plan = self._fetch(client, entry)
            if plan is None:
                return self._delivered(replace(entry, result=replace(entry.result, is_skipped=True)))
            entry = self._ledger.save(replace(entry, plan=plan))
        return self._delivered(self._place(entry))

    def clean(self, entry: Entry) -> None:
        """Remove what a delivery has left besides its outputs."""
        if entry.plan is not None:
            remove(entry.plan.staging)

    def rest(self) -> None:
        """The watcher ends: leave no half of a delivery in the target. The next one begins it anew."""
        states = [State.DELIVERING, State.DELIVERED]
        for entry in self._ledger.in_states(self._watched.number, states, float("inf"), _MANY):
            with suppress(OSError):
                if entry.state is State.DELIVERED:
                    self.clean(entry)
                elif entry.plan is not None and not entry.plan.moves:
                    self.undo(entry)
                    self._ledger.save(replace(entry, plan=None))

    def undo(self, entry: Entry) -> None:
        """Take back what there is of a delivery that has not ended."""
        if entry.plan is None:
            return
        for move in entry.plan.moves:
            if is_in_place(move):
                move.final.unlink()
            remove(part_beside(move.final, self._watched.mark(entry)))
            self._prune(move.final.parent)
        if entry.plan.folder is not None:
            remove(part_beside(entry.plan.folder, self._watched.mark(entry)))
        remove(entry.plan.staging)

    def _fetch(self, client: Daemon, entry: Entry) -> Plan | None:
        """Download everything; None where the name is taken and nothing is to be written."""
        summary = client.jobs.get(entry.job_id).summary
        if summary is None or not summary.outputs:
            raise NotFound(f"Job {entry.job_id} has no result any more.")
        names = destination(
            self._folder,
            entry.path,
            self._folder.task_of(entry.path),
            summary.outputs,
            summary.model,
            self._watched.local_time(),
        )
        if self._folder.on_collision is Collision.SKIP and any(
            is_there(path) for path in self._finals(names)
        ):
            return None
        self._check_room(
            sum(output.size_bytes for output in summary.outputs) * (2 if names.is_archive else 1)
        )
        staging = part_beside(self._folder.target / "x", self._watched.mark(entry))
        self._ledger.save(replace(entry, plan=Plan(staging)))
        staging.mkdir()
        moves = self._staged(client, entry, staging, names)
        folder = None if names.folder is None or names.is_archive else self._folder.target / names.folder
        return self._with_free_names(Plan(staging, moves, folder), moves)

    def _staged(self, client: Daemon, entry: Entry, staging: Path, names: Destination) -> tuple[Move, ...]:
        """Fill the staging folder. The moves lead to where the names are, were they all free."""
        folder = staging / FOLDER if names.folder is not None else staging
        if names.folder is not None:
            folder.mkdir()
        places = {output.name: folder / f"{output.name}.{output.extension}" for output, _ in names.files}

        def target(started: OutputStarted) -> Path | None:
            return places.get(started.name)

        client.jobs.save(entry.job_id, target, overwrite=True)
        for path in places.values():
            self._set_time(path, entry)
        sync_folder(folder)
        root = self._folder.target
        if names.folder is not None and names.is_archive:
            archive = _zip(staging / _ARCHIVE, folder)
            self._set_time(archive, entry)
            sync_folder(staging)
            return (_move(archive, root / names.folder, digest(archive)),)
        final = root if names.folder is None else root / names.folder
        return tuple(_move(places[output.name], final / name, output.sha256) for output, name in names.files)

    def _set_time(self, path: Path, entry: Entry) -> None:
        if self._folder.keep_times:
            with suppress(OSError):  # a time that this file system does not have
                os.utime(path, ns=(entry.facts.mtime_ns, entry.facts.mtime_ns))

    def _with_free_names(self, plan: Plan, nameless: Collection[Move]) -> Plan:
        """The plan with names that nothing has now, for those outputs that have not theirs already."""
        overwrites = self._folder.on_collision is Collision.OVERWRITE
        if plan.folder is not None:
            if (
                overwrites and plan.folder.is_dir()
            ):  # its outputs are replaced one by one, what else is in it stays
                return replace(plan, folder=None)
            free = free_name(plan.folder)
            moves = tuple(replace(move, final=free / move.final.name) for move in plan.moves)
            return replace(plan, moves=moves, folder=free)
        number = 1
        while any(_is_taken(numbered(move.final, number), overwrites) for move in nameless):
            number += 1
        return replace(
            plan,
            moves=tuple(
                replace(move, final=numbered(move.final, number)) if move in nameless else move
                for move in plan.moves
            ),
        )

    def _place(self, entry: Entry) -> Entry:
        """Give the outputs their names; when somebody was faster, other ones."""
        while True:
            try:
                self._place_once(entry)
            except FileExistsError:
                assert entry.plan is not None  # noqa: S101  # who calls saw to it
                nameless = [move for move in entry.plan.moves if not is_in_place(move)]
                entry = self._ledger.save(replace(entry, plan=self._with_free_names(entry.plan, nameless)))
            else:
                return entry

    def _place_once(self, entry: Entry) -> None:
        plan = entry.plan or Plan(self._folder.target)
        mark = self._watched.mark(entry)
        for folder in {plan.folder.parent} if plan.folder else {move.final.parent for move in plan.moves}:
            try:
                make_folder(folder)
            except NotADirectoryError as error:
                raise OutputClash(
                    f"{shown(folder)} would have to be a folder, and is a file: rename one of the two."
                ) from error
        if plan.folder is not None:
            if not all(map(is_in_place, plan.moves)):
                place_folder(plan.staging / FOLDER, plan.folder, part=part_beside(plan.folder, mark))
            sync_folder(plan.folder.parent)
            return
        overwrite = self._folder.on_collision is Collision.OVERWRITE
        for move in plan.moves:
            if not is_in_place(move):
                place(move.staged, move.final, part=part_beside(move.final, mark), overwrite=overwrite)
            sync_folder(move.final.parent)

    def _delivered(self, entry: Entry) -> Entry:
        moves = entry.plan.moves if entry.plan and not entry.result.is_skipped else ()
        with self._ledger.transaction():
            self._ledger.add_outputs(entry, moves)
            return self._ledger.save(replace(entry, state=State.DELIVERED, due=0.0, reason="", message=""))

    def _prune(self, folder: Path) -> None:
        """Remove folders inside the target that are empty."""
        with suppress(OSError):  # not there, or something else is in it
            while self._folder.target in folder.parents:
                folder.rmdir()
                folder = folder.parent

    def _finals(self, names: Destination) -> list[Path]:
        root = self._folder.target
        return [root / names.folder] if names.folder is not None else [root / path for _, path in names.files]

    def _check_room(self, needed: int) -> None:
        if shutil.disk_usage(self._folder.target).free < needed + _SPARE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder.target))


def _advice(summary: Summary) -> tuple[str, ...]:
    """What could be done besides; a better model only where this one is of low quality."""
    return summary.advice(CURES) if summary.quality == "low" else summary.advice_on_music(CURES)


def _is_taken(path: Path, overwrites: bool) -> bool:
    return is_there(path) and not (overwrites and not path.is_dir())


def _is_staged(plan: Plan) -> bool:
    """True when every output is in place, or complete in the staging folder."""
    for move in plan.moves:
        if not is_in_place(move) and not (move.staged.is_file() and move.staged.stat().st_size == move.size):
            return False
    return True


def _move(staged: Path, final: Path, sha256: str) -> Move:
    return Move(staged, final, staged.stat().st_size, sha256, identity_of(staged))


def _zip(archive: Path, folder: Path) -> Path:
    """Pack the files of a folder, as they are: sound does not get smaller. The folder goes."""
    with archive.open("xb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
            for path in sorted(folder.iterdir()):
                facts = path.stat()
                moment = min(max(facts.st_mtime, _ZIP_TIMES[0]), _ZIP_TIMES[1])
                member = zipfile.ZipInfo(path.name, time.localtime(moment)[:6])
                member.external_attr = 0o644 << 16
                member.file_size = facts.st_size  # whether it needs the large format is decided by this
                with path.open("rb") as source, packed.open(member, "w") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
        file.flush()
        os.fsync(file.fileno())
    if zipfile.ZipFile(archive).testzip() is not None:
        raise BrokenResult("The archive of stems could not be written correctly: it is made again.")
    remove(folder)
    return archive
