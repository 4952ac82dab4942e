"""Which file system a folder is on."""

from pathlib import Path

import pytest
from unmix_plugins.watch.disk.mounts import Mount, mount_of


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.rclone", "virtiofs"]
)
def test_network_shares_are_remote(kind: str) -> None:
    assert Mount(Path("/mnt"), kind).is_remote


@pytest.mark.parametrize(
    "kind", ["ext4", "btrfs", "apfs", "tmpfs", "fuseblk", "overlay", "fuse.mergerfs", ""]
)
def test_disks_of_this_machine_are_not(kind: str) -> None:
    assert not Mount(Path("/mnt"), kind).is_remote


def test_a_folder_is_on_the_nearest_mount_above_it(tmp_path: Path) -> None:
    mount = mount_of(tmp_path)
    assert mount.is_there
    assert mount.point.stat().st_dev == tmp_path.stat().st_dev
    assert mount_of(tmp_path / "not/there/yet") == mount


def test_a_link_leads_to_the_mount_of_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/proc/self")
    assert mount_of(tmp_path / "link") == Mount(Path("/proc"), "proc")


def test_a_folder_that_is_no_mount_point_any_more_is_not_there(tmp_path: Path) -> None:
    assert not Mount(tmp_path, "nfs4").is_there
    assert not Mount(tmp_path / "gone", "nfs4").is_there
