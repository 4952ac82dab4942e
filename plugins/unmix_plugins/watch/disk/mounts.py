"""Which disk a folder is on, and whether that is mounted: an unmounted one leaves an empty folder behind.

That is no folder whose files were deleted, and what would be written to it is not on the disk.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from unmix_plugins.errors import UnmixError
from unmix_plugins.files.folder import Folder
from unmix_plugins.files.shown import shown

_REMOTE = {
    "9p", "afpfs", "afs", "ceph", "cifs", "davfs", "drvfs", "glusterfs", "lustre", "nfs", "nfs4", "prl_fs",
    "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs", "webdav",
}  # fmt: skip
_LOCAL_FUSE = {"fuse.bindfs", "fuse.mergerfs", "fuse.ntfs", "fuse.ntfs-3g", "fuse.exfat", "fuse.gocryptfs"}
"""File systems in user space whose files change through this machine only."""


class SourceAway(Exception):
    """A watched folder, or the disk it is on, is missing; the message says so and what happens next."""


class TargetAway(UnmixError):
    """The disk of a folder that is written to is not mounted."""

    reason = "TARGET_AWAY"


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system."""

    point: Path
    kind: str = ""
    """As the system calls it: `ext4`, `nfs4`; empty where it does not say."""

    @property
    def is_remote(self) -> bool:
        """True where other machines may change files without this one being told."""
        return self.kind in _REMOTE or (self.kind.startswith("fuse.") and self.kind not in _LOCAL_FUSE)

    @property
    def is_there(self) -> bool:
        """False when it has been unmounted; its mount point is an empty folder then, or gone."""
        return self.point.is_mount()


def mount_of(path: Path) -> Mount:
    """The mount that `path` is on, or would be on once it is made."""
    point = Path(os.path.realpath(path))
    while not point.is_mount():
        point = point.parent
    kinds = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
    return Mount(point, kinds.get(str(point), ""))


class SourceMount:
    """Whether one watched folder is there, and still the one that it was."""

    def __init__(self, folder: Path) -> None:
        """Nothing is known of `folder` before `check`."""
        self._folder = folder
        self._identity: tuple[int, int] | None = None
        self._mount: Mount | None = None

    def check(self) -> Mount | None:
        """The mount of the folder when it is new, back, or another one; None when it is there as before.

        Raises SourceAway when it is not.
        """
        if self._mount is not None and not self._mount.is_there:
            raise self.lost(f"{shown(self._mount.point)}, the disk of {shown(self._folder)}, is not mounted")
        try:
            status = self._folder.stat()
            os.scandir(self._folder).close()  # a dead share may still answer to its name
        except OSError as error:
            raise self.lost(f"{shown(self._folder)} cannot be reached ({error.strerror or error})") from error
        identity = status.st_dev, status.st_ino
        if identity == self._identity:
            return None
        self._identity = identity
        self._mount = mount_of(self._folder)
        return self._mount

    def lost(self, what: str) -> SourceAway:
        """The exception for a folder that cannot be used any more; the next `check` begins anew."""
        self._identity = None
        return SourceAway(f"{what}: unmix waits until it is back.")


class MountMemory(Protocol):
    """What outlives the watcher: the ledger has it."""

    def mount_of(self, path: Path) -> Path | None:
        """The mount point that a folder had when it was last there."""
        ...

    def note_mount(self, path: Path, point: Path) -> None:
        """Remember a folder's mount point."""
        ...


class TargetMounts:
    """Which mount each folder that is written to was on, remembered over restarts; opens them."""

    def __init__(self, memory: MountMemory, source: Path, folders: Iterable[Path]) -> None:
        """Remember in `memory`. Nothing is looked at yet: a dead network share may hang for long.

        A link may have the name of a folder, as the user has named that, but not where it lies inside another of
        `source` and `folders`: there somebody else could have put it.
        """
        self._memory = memory
        self._source = source
        self._folders = tuple(folders)
        self._points: dict[Path, Path] = {}

    def open(self, folder: Path) -> Folder:
        """Open one of the folders, on the disk it has always been on; it is made where it is missing.

        Raises TargetAway when that is not mounted, OSError when the folder cannot be made or opened.
        """
        if not self._points:
            # All at once, the first time: later, one may be looked for when the disk of all is away.
            self._points = {path: self._point(path) for path in self._folders}
        point = self._points[folder]
        if not Mount(point).is_there:
            raise TargetAway(
                f"{shown(point)}, the disk of {shown(folder)}, is not mounted: unmix waits until it is back."
            )
        return self._opened(folder, make=True)

    def reopen(self, folder: Path) -> Folder:
        """Open a folder that was written to, as it is, or one of an earlier configuration. Raises OSError."""
        return self._opened(folder, make=False)

    def _opened(self, folder: Path, *, make: bool) -> Folder:
        root = min(filter(folder.is_relative_to, (self._source, *self._folders)), key=_depth, default=folder)
        with Folder.open(root, make=make) as top:
            return top.enter(folder.relative_to(root), make=make)

    def _point(self, folder: Path) -> Path:
        known = self._memory.mount_of(folder)
        if known is None:
            known = mount_of(folder).point
            self._memory.note_mount(folder, known)
        return known


def _depth(path: Path) -> int:
    return len(path.parts)
