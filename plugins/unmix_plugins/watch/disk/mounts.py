"""Which file system a folder is on, and whether that is still there."""

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

_REMOTE = {
    "9p", "afpfs", "afs", "ceph", "cifs", "davfs", "drvfs", "glusterfs", "lustre", "nfs", "nfs4", "prl_fs",
    "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs", "webdav",
}  # fmt: skip
_LOCAL_FUSE = {"fuse.bindfs", "fuse.mergerfs", "fuse.ntfs", "fuse.ntfs-3g", "fuse.exfat", "fuse.gocryptfs"}
"""File systems in user space whose files change through this machine only."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system."""

    point: Path
    kind: str
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
