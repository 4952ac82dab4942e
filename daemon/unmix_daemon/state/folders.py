"""Job folders: one below `jobs/` for each job, with its `input` and one folder of outputs for each attempt.

Attempts have folders of their own, so a worker that outlives its front by a moment writes nowhere that
counts.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from unmix.ownership import private_folder
from unmix.words import FieldError
from unmix_models.storage import is_full

from unmix_daemon.cancellation import unbroken
from unmix_daemon.errors import DiskFull

_FULL = "The disk that holds {} is full{}; free some space or delete finished jobs."
_FINISHED = {"jobs": "finished"}
_LOOK_BYTES = 16 << 20
"""How much of an upload is written between two looks at the room that is left."""


@dataclass(frozen=True, slots=True)
class JobFolder:
    """Where one job's files are."""

    path: Path

    @property
    def input(self) -> Path:
        """The uploaded file."""
        return self.path / "input"

    def outputs(self, attempt: int) -> Path:
        """Where this attempt writes, one file for each output, named after it."""
        return self.path / f"attempt-{attempt}"


class Folders:
    """All job folders."""

    def __init__(self, root: Path, reserve: int = 0) -> None:
        """`root` is created with mode 0700 if it is missing; `reserve` bytes of its disk stay free.

        Raises Untrusted when it is another user's.
        """
        self.root = private_folder(root)
        self._reserve = reserve
        self._left: set[str] = set()
        """Jobs that are gone, and whose files could not be removed yet."""

    def of(self, job_id: str) -> JobFolder:
        """The folder of a job; identifiers are ours, so they are safe as names."""
        return JobFolder(self.root / job_id)

    def has_input(self, job_id: str) -> bool:
        """Whether the uploaded file is there to stay, and not one that could not be deleted yet."""
        return job_id not in self._left and self.of(job_id).input.exists()

    async def receive(
        self, job_id: str, pieces: AsyncIterator[bytes], declared: int | None, limit: int, *, durable: bool
    ) -> JobFolder:
        """Write an upload to disk; with `durable` it survives a power cut when this returns.

        Raises FieldError when the upload is empty, longer than `limit` bytes or not as long as `declared`,
        and DiskFull. Whatever is raised, nothing stays behind.
        """
        if declared is not None:
            self._check_room(declared, limit)
        folder = self.of(job_id)
        try:
            size = await self._write(folder.input, pieces, limit, durable=durable)
            if size == 0:
                raise FieldError("data", "The file is empty; nothing was uploaded.")
            if declared is not None and size != declared:
                raise FieldError(
                    "options.size_bytes",
                    f"{size} bytes arrived of the {declared} announced; the file changed or the upload broke, "
                    "send it again.",
                )
        except BaseException:
            await self.remove(job_id)
            raise
        return folder

    async def remove(self, job_id: str) -> None:
        """Delete a job's files, later where that is not possible now; none is no error."""
        path = self.of(job_id).path
        self._left.add(job_id)
        await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
        if not path.exists():
            self._left.discard(job_id)

    async def remove_leftovers(self) -> None:
        """Try again to delete what could not be deleted."""
        for job_id in list(self._left):
            await self.remove(job_id)

    def room(self) -> int:
        """Bytes that may still be written, with the reserve left free."""
        return max(0, shutil.disk_usage(self.root).free - self._reserve)

    async def keep_only(self, job_ids: Collection[str]) -> None:
        """Delete every folder that belongs to no job: what a kill in the middle of an upload left."""
        for path in await asyncio.to_thread(lambda: list(self.root.iterdir())):
            if path.name not in job_ids:
                await self.remove(path.name)

    async def remove_input(self, job_id: str) -> None:
        """Delete what was uploaded, once the result is there."""
        await asyncio.to_thread(self.of(job_id).input.unlink, missing_ok=True)

    async def remove_attempts(self, job_id: str) -> None:
        """Delete what earlier attempts have written; what remains is in nobody's way and goes with the job."""
        await asyncio.to_thread(_remove_attempts, self.of(job_id).path)

    def _check_room(self, declared: int, limit: int) -> None:
        if declared < 0 or declared > limit:
            raise FieldError(
                "options.size_bytes",
                f"The file has {declared} bytes, the limit is {limit}; see max_upload_bytes.",
            )
        self._check_disk(declared)

    def _check_disk(self, size: int) -> None:
        missing = size + self._reserve - shutil.disk_usage(self.root).free
        if missing > 0:
            kept = (
                f"with {self._reserve / 1e6:,.0f} MB that stay free (disk_reserve), " if self._reserve else ""
            )
            raise self._full(f": {kept}{missing / 1e6:,.1f} MB are missing")

    def _full(self, detail: str = "") -> DiskFull:
        return DiskFull(_FULL.format(self.root, detail), _FINISHED)

    async def _write(self, path: Path, pieces: AsyncIterator[bytes], limit: int, *, durable: bool) -> int:
        size = seen = 0
        try:
            path.parent.mkdir(mode=0o700)
            with path.open("xb", buffering=0) as file:
                async for piece in pieces:
                    size += len(piece)
                    if size > limit:
                        raise FieldError(
                            "data",
                            f"The file is longer than the limit of {limit} bytes; see max_upload_bytes.",
                        )
                    if size - seen > _LOOK_BYTES:
                        seen = size
                        self._check_disk(len(piece))
                    # Unbroken: the descriptor is closed when an upload is cancelled, and its number used again.
                    await unbroken(asyncio.to_thread(_write_all, file.fileno(), piece))
                if durable:
                    await unbroken(asyncio.to_thread(os.fsync, file.fileno()))
                    await asyncio.to_thread(_sync_folder, path.parent)
        except OSError as error:
            if not is_full(error):
                raise
            raise self._full() from error
        return size


def _write_all(descriptor: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]


def _remove_attempts(folder: Path) -> None:
    with suppress(OSError):
        for path in list(folder.glob("attempt-*")):
            shutil.rmtree(path, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    """Make a new file's name survive a power cut, and the folder's own."""
    for path in (folder, folder.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
