"""Job folders: one below `jobs/` for each job, with its `input` and one folder of outputs for each attempt.

Attempts have folders of their own, so a worker that outlives its front by a moment writes nowhere that
counts.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path

from unmix.ownership import private_folder
from unmix.words import FieldError
from unmix_models.storage import is_full

from unmix_daemon.cancellation import unbroken
from unmix_daemon.errors import DiskFull

_FULL = "The disk that holds {} is full; free some space or delete finished jobs."
_FINISHED = {"jobs": "finished"}
_SPARE_BYTES = 16 << 20


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

    def __init__(self, root: Path) -> None:
        """`root` is created with mode 0700 if it is missing. Raises Untrusted when it is another user's."""
        self.root = private_folder(root)

    def of(self, job_id: str) -> JobFolder:
        """The folder of a job; identifiers are ours, so they are safe as names."""
        return JobFolder(self.root / job_id)

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
        """Delete a job's files; none is no error."""
        await asyncio.to_thread(shutil.rmtree, self.of(job_id).path, ignore_errors=True)

    async def keep_only(self, job_ids: Collection[str]) -> None:
        """Delete every folder that belongs to no job: what a kill in the middle of an upload left."""
        for path in await asyncio.to_thread(lambda: list(self.root.iterdir())):
            if path.name not in job_ids:
                await self.remove(path.name)

    async def remove_input(self, job_id: str) -> None:
        """Delete what was uploaded, once the result is there."""
        await asyncio.to_thread(self.of(job_id).input.unlink, missing_ok=True)

    async def remove_attempts(self, job_id: str) -> None:
        """Delete what earlier attempts have written."""
        for path in self.of(job_id).path.glob("attempt-*"):
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)

    def _check_room(self, declared: int, limit: int) -> None:
        if declared < 0 or declared > limit:
            raise FieldError(
                "options.size_bytes",
                f"The file has {declared} bytes, the limit is {limit}; see max_upload_bytes.",
            )
        if declared + _SPARE_BYTES > shutil.disk_usage(self.root).free:
            raise DiskFull(_FULL.format(self.root), _FINISHED)

    async def _write(self, path: Path, pieces: AsyncIterator[bytes], limit: int, *, durable: bool) -> int:
        size = 0
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
                    # Unbroken: the descriptor is closed when an upload is cancelled, and its number used again.
                    await unbroken(asyncio.to_thread(_write_all, file.fileno(), piece))
                if durable:
                    await unbroken(asyncio.to_thread(os.fsync, file.fileno()))
                    await asyncio.to_thread(_sync_folder, path.parent)
        except OSError as error:
            if not is_full(error):
                raise
            raise DiskFull(_FULL.format(self.root), _FINISHED) from error
        return size


def _write_all(descriptor: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    """Make a new file's name survive a power cut, and the folder's own."""
    for path in (folder, folder.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
