"""A name in the trash is one that is free in both of its folders."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from unmix_plugins.files.folder import Folder
from unmix_plugins.watch.disk import trash
from unmix_plugins.watch.disk.mounts import Mount
from unmix_plugins.watch.disk.trash import info_of, open_trash, trash_name, write_info

NOW = datetime(2024, 2, 29, tzinfo=UTC)


def test_names_in_the_trash_are_free_in_both_of_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = tmp_path / "talk.wav"
    path.write_bytes(b"")
    with Folder.open(tmp_path) as source, open_trash(source) as opened:
        with opened.at(info_of(trash_name(opened, path.name))) as info:
            write_info(info, path, NOW)
            write_info(info, path, NOW)  # again, after a kill
            with pytest.raises(FileExistsError):
                write_info(info, tmp_path / "other.wav", NOW)
        again = trash_name(opened, path.name)
    assert again.name == "talk (2).wav"
    assert info_of(again).name == "talk (2).wav.trashinfo"


@pytest.mark.parametrize("planted", ["link", "folder"])
def test_the_trash_of_a_shared_disk_is_no_link_and_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    monkeypatch.setattr(trash, "mount_of", lambda _: Mount(tmp_path))
    monkeypatch.setattr(trash, "_is_on", lambda *_: False)
    made = tmp_path / f".Trash-{os.getuid()}"
    if planted == "link":
        (tmp_path / "private").mkdir()
        made.symlink_to(tmp_path / "private")
    elif os.getuid() == 0:
        made.mkdir()
        os.chown(made, 65534, 65534)
    else:
        pytest.skip("only root gives folders away")
    with Folder.open(tmp_path) as source:
        with pytest.raises(OSError, match=r"a link is not followed|somebody else's"):
            open_trash(source)
        made.unlink() if planted == "link" else made.rmdir()
        with open_trash(source) as opened:
            trash_name(opened, "talk.wav")
    assert made.stat().st_mode & 0o777 == 0o700
