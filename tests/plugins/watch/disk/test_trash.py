"""A name in the trash is one that is free in both of its folders."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from unmix_plugins.files.folder import Folder
from unmix_plugins.watch.disk.trash import info_of, open_trash, trash_name, write_info

NOW = datetime(2024, 2, 29, tzinfo=UTC)


def test_names_in_the_trash_are_free_in_both_of_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = tmp_path / "talk.wav"
    path.write_bytes(b"")
    with Folder.open(tmp_path) as source, open_trash(source) as trash:
        with trash.at(info_of(trash_name(trash, path.name))) as info:
            write_info(info, path, NOW)
            write_info(info, path, NOW)  # again, after a kill
            with pytest.raises(FileExistsError):
                write_info(info, tmp_path / "other.wav", NOW)
        again = trash_name(trash, path.name)
    assert again.name == "talk (2).wav"
    assert info_of(again).name == "talk (2).wav.trashinfo"
