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
from collections.abc import Collection, Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from unmix.words import OutputStarted, Summary

from unmix_plugins.errors import BrokenResult, NotFound, OutputClash
from unmix_plugins.files.folder import Folder, LinkFound, Place
from unmix_plugins.files.shown import shown
from unmix_plugins.watch.config.folder import Collision
from unmix_plugins.watch.cures import CURES
from unmix_plugins.watch.daemon import Daemon
from unmix_plugins.watch.disk.moves import (
    free_name,
    is_file,
    is_in_place,
    is_there,
    numbered,
    part_name,
    place,
    place_folder,
)
from unmix_plugins.watch.disk.original import NOTHING_THERE, digest
from unmix_plugins.watch.ledger.entry import Entry, FileFacts, Move, Plan, Result, State
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
        with self._watched.mounts.open(self._folder.target) as target:
            plan = entry.plan
            if plan is None or not plan.moves or not _is_staged(target, plan):
                self.undo(entry)
                plan = self._fetch(client, target, entry)
                if plan is None:
                    return self._delivered(replace(entry, result=replace(entry.result, is_skipped=True)))
                entry = self._ledger.save(replace(entry, plan=plan))
            return self._delivered(self._place(target, entry))

    def clean(self, entry: Entry) -> None:
        """Remove what a delivery has left besides its outputs."""
        if entry.plan is not None and (target := self._reopened(entry.plan)) is not None:
            with target:
                (target / entry.plan.staging.name).remove()

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
        if entry.plan is None or (target := self._reopened(entry.plan)) is None:
            return
        with target:
            part = part_name(self._watched.mark(entry))
            for move in entry.plan.moves:
                if is_in_place(target, move):
                    _remove(target, move.final)
                _remove(target, move.final.with_name(part))
                self._prune(target, move.final.parent)
            if entry.plan.folder is not None:
                _remove(target, entry.plan.folder.with_name(part))
            (target / entry.plan.staging.name).remove()

    def _reopened(self, plan: Plan) -> Folder | None:
        """The target that a plan was made for, which may be one of an earlier configuration; None where it is gone."""
        try:
            return self._watched.mounts.reopen(plan.staging.parent)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _fetch(self, client: Daemon, target: Folder, entry: Entry) -> Plan | None:
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
            is_there(target, path) for path in self._finals(names)
        ):
            return None
        self._check_room(
            sum(output.size_bytes for output in summary.outputs) * (2 if names.is_archive else 1)
        )
        staging = target / part_name(self._watched.mark(entry))
        self._ledger.save(replace(entry, plan=Plan(staging.path)))
        staging.remove()  # nothing else is called so, unless somebody has put it there
        staging.make_folder()
        with staging.enter() as staged:
            moves = self._staged(client, entry, staged, names)
        folder = None if names.folder is None or names.is_archive else self._folder.target / names.folder
        return self._with_free_names(target, Plan(staging.path, moves, folder), moves)

    def _staged(self, client: Daemon, entry: Entry, staging: Folder, names: Destination) -> tuple[Move, ...]:
        """Fill the staging folder. The moves lead to where the names are, were they all free."""
        with staging.enter("" if names.folder is None else FOLDER, make=True) as folder:
            places = {output.name: folder / f"{output.name}.{output.extension}" for output, _ in names.files}

            def target(started: OutputStarted) -> Place | None:
                return places.get(started.name)

            client.jobs.save(entry.job_id, target, overwrite=True)
            for each in places.values():
                self._set_time(each, entry)
            folder.sync()
            root = self._folder.target
            final = root if names.folder is None else root / names.folder
            if not names.is_archive:
                return tuple(
                    _move(places[output.name], final / name, output.sha256) for output, name in names.files
                )
            archive = staging / _ARCHIVE
            sha256 = _zip(archive, folder)
        (staging / FOLDER).remove()
        self._set_time(archive, entry)
        staging.sync()
        return (_move(archive, final, sha256),)

    def _set_time(self, staged: Place, entry: Entry) -> None:
        if self._folder.keep_times:
            with suppress(OSError):  # a time that this file system does not have
                staged.set_time(entry.facts.mtime_ns)

    def _with_free_names(self, target: Folder, plan: Plan, nameless: Collection[Move]) -> Plan:
        """The plan with names that nothing has now, for those outputs that have not theirs already."""
        overwrites = self._folder.on_collision is Collision.OVERWRITE
        if plan.folder is not None:
            if overwrites and _is_folder(target, plan.folder):
                return replace(
                    plan, folder=None
                )  # its outputs are replaced one by one, what else is in it stays
            free = free_name(plan.folder, lambda path: is_there(target, path))
            moves = tuple(replace(move, final=free / move.final.name) for move in plan.moves)
            return replace(plan, moves=moves, folder=free)
        number = 1
        while any(_is_taken(target, numbered(move.final, number), overwrites) for move in nameless):
            number += 1
        return replace(
            plan,
            moves=tuple(
                replace(move, final=numbered(move.final, number)) if move in nameless else move
                for move in plan.moves
            ),
        )

    def _place(self, target: Folder, entry: Entry) -> Entry:
        """Give the outputs their names; when somebody was faster, other ones."""
        while True:
            try:
                self._place_once(target, entry)
            except FileExistsError:
                assert entry.plan is not None  # noqa: S101  # who calls saw to it
                nameless = [move for move in entry.plan.moves if not is_in_place(target, move)]
                plan = self._with_free_names(target, entry.plan, nameless)
                entry = self._ledger.save(replace(entry, plan=plan))
            else:
                return entry

    def _place_once(self, target: Folder, entry: Entry) -> None:
        plan = entry.plan or Plan(self._folder.target)
        part = part_name(self._watched.mark(entry))
        if plan.folder is not None:
            with _placed(target, plan.folder) as final:
                if not all(is_in_place(target, move) for move in plan.moves):
                    with target.enter(plan.staging.name) as staging:
                        place_folder(staging / FOLDER, final, part=part)
                final.folder.sync()
            return
        overwrite = self._folder.on_collision is Collision.OVERWRITE
        for move in plan.moves:
            with _placed(target, move.final) as final:
                if not is_in_place(target, move):
                    with target.at(move.staged) as staged:
                        place(staged, final, part=part, overwrite=overwrite)
                final.folder.sync()

    def _delivered(self, entry: Entry) -> Entry:
        moves = entry.plan.moves if entry.plan and not entry.result.is_skipped else ()
        with self._ledger.transaction():
            self._ledger.add_outputs(entry, moves)
            return self._ledger.save(replace(entry, state=State.DELIVERED, due=0.0, reason="", message=""))

    def _prune(self, target: Folder, folder: Path) -> None:
        """Remove folders inside the target that are empty."""
        with suppress(OSError):  # not there, or something else is in it
            while target.path in folder.parents:
                with target.at(folder) as place:
                    place.remove_folder()
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


@contextmanager
def _placed(target: Folder, final: Path) -> Generator[Place]:
    """The name of an output in its folder, which is made where it is missing. Raises OutputClash where it cannot be."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(target.at(final, make=True))
        except LinkFound as error:
            raise OutputClash(
                f"{shown(str(error.filename))} would have to be a folder, and is a link, which is not followed inside a"
                " target: put a folder in its place."
            ) from error
        except NotADirectoryError as error:
            raise OutputClash(
                f"{shown(str(error.filename))} would have to be a folder, and is a file: rename one of the two."
            ) from error
        yield found


def _is_taken(target: Folder, path: Path, overwrites: bool) -> bool:
    return is_there(target, path) and not (overwrites and not _is_folder(target, path))


def _is_folder(target: Folder, path: Path) -> bool:
    try:
        target.enter(path.relative_to(target.path)).close()
    except OSError:
        return False
    return True


def _is_staged(target: Folder, plan: Plan) -> bool:
    """True when every output is in place, or complete in the staging folder."""
    if plan.staging.parent != target.path:  # the target of an earlier configuration
        return False
    return all(
        is_in_place(target, move)
        or is_file(target, move.staged, FileFacts(move.size, 0, move.identity), move.sha256)
        for move in plan.moves
    )


def _move(staged: Place, final: Path, sha256: str) -> Move:
    facts = FileFacts.of(staged.status())
    return Move(staged.path, final, facts.size, sha256, facts.identity)


def _zip(archive: Place, folder: Folder) -> str:
    """Pack the files of a folder, as they are: sound does not get smaller. Returns the archive's SHA-256."""
    with archive.create() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
            for name in sorted(entry.name for entry in folder.scan()):
                with (folder / name).read() as source:
                    facts = os.fstat(source.fileno())
                    moment = min(max(facts.st_mtime, _ZIP_TIMES[0]), _ZIP_TIMES[1])
                    member = zipfile.ZipInfo(name, time.localtime(moment)[:6])
                    member.external_attr = 0o644 << 16
                    member.file_size = facts.st_size  # whether it needs the large format is decided by this
                    with packed.open(member, "w") as target:
                        shutil.copyfileobj(source, target, 1 << 20)
        file.flush()
        os.fsync(file.fileno())
        if zipfile.ZipFile(file).testzip() is not None:
            raise BrokenResult("The archive of stems could not be written correctly: it is made again.")
        return digest(file)


def _remove(target: Folder, path: Path) -> None:
    try:
        with target.at(path) as place:
            place.remove()
    except OSError as error:
        if error.errno not in NOTHING_THERE:
            raise
