"""Names are looked up in the folder that was opened, and no link among them is followed."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from unmix_plugins.files.folder import Folder, LinkFound, Place
from unmix_plugins.files.partial_file import PartialFile
from unmix_plugins.files.source import Source


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    (tmp_path / "open").mkdir()
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "file").write_bytes(b"mine")
    with Folder.open(tmp_path / "open") as opened:
        yield opened


def test_a_folder_stays_the_one_that_was_opened(folder: Folder, tmp_path: Path) -> None:
    folder.path.rename(tmp_path / "away")
    folder.path.symlink_to(tmp_path / "private")
    with (folder / "new").create() as file:
        file.write(b"new")
    with folder.enter("a/b", make=True) as deeper:
        (folder / "new").link(deeper / "other")
        (folder / "new").replace(deeper / "moved")
    assert [path.name for path in (tmp_path / "private").iterdir()] == ["file"]
    assert {path.name for path in (tmp_path / "away" / "a" / "b").iterdir()} == {"other", "moved"}


@pytest.mark.parametrize("make", [False, True])
def test_a_link_is_no_folder_to_enter(folder: Folder, tmp_path: Path, make: bool) -> None:
    (folder.path / "link").symlink_to(tmp_path / "private")
    with pytest.raises(LinkFound, match="a link is not followed here") as caught:
        folder.enter("link/below", make=make)
    assert caught.value.filename == str(folder.path / "link")
    (folder.path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError, match="Not a directory"):
        folder.enter("file", make=make)


def test_a_folder_that_the_user_names_may_be_a_link_and_missing_ones_are_made(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    Folder.open(tmp_path / "link" / "a" / "b", make=True).close()
    assert (tmp_path / "real" / "a" / "b").is_dir()
    with pytest.raises(FileNotFoundError):
        Folder.open(tmp_path / "missing")


def link(path: Path) -> None:
    path.symlink_to(path.parents[1] / "private" / "file")


@pytest.mark.parametrize("make", [link, os.mkfifo, Path.mkdir])
def test_only_files_are_opened_and_nothing_is_waited_for(
    folder: Folder, make: Callable[[Path], None]
) -> None:
    make(folder.path / "name")
    with pytest.raises(FileNotFoundError, match="no file"):
        (folder / "name").read()


def test_a_link_that_comes_after_the_look_is_not_opened(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.path / "name").write_bytes(b"theirs")
    for make in (link, os.mkfifo):
        status = Place.status

        def swapping(place: Place, make: Callable[[Path], None] = make) -> os.stat_result:
            found = status(place)  # noqa: B023  # it is called before the next turn
            monkeypatch.undo()
            place.path.unlink()
            make(place.path)
            return found

        monkeypatch.setattr(Place, "status", swapping)
        with pytest.raises(FileNotFoundError, match="no file"):
            (folder / "name").read()
        (folder.path / "name").unlink()
        (folder.path / "name").write_bytes(b"theirs")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "../private/file"])
def test_a_name_is_one_and_leads_nowhere_else(folder: Folder, name: str) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        (folder / name).status()
    if name == "..":
        with pytest.raises(OSError, match="Invalid argument"):
            folder.enter("../private")


def test_a_tree_is_removed_without_what_its_links_name(folder: Folder, tmp_path: Path) -> None:
    (folder.path / "tree" / "below").mkdir(parents=True)
    (folder.path / "tree" / "below" / "link").symlink_to(tmp_path / "private")
    (folder.path / "link").symlink_to(tmp_path / "private")
    for name in ("tree", "link", "nothing"):
        (folder / name).remove()
    assert folder.scan() == []
    assert (tmp_path / "private" / "file").read_bytes() == b"mine"


def test_a_partial_file_in_a_folder_replaces_a_link_and_not_what_it_names(
    folder: Folder, tmp_path: Path
) -> None:
    (folder.path / "name").symlink_to(tmp_path / "private" / "file")
    part = PartialFile(folder / "name")
    part.file.write(b"new")
    part.place(overwrite=True)
    part.settle()
    assert not (folder.path / "name").is_symlink()
    assert (folder.path / "name").read_bytes() == b"new"
    assert (tmp_path / "private" / "file").read_bytes() == b"mine"


def test_an_open_file_is_sent_from_where_it_is_and_its_size_is_known(folder: Folder) -> None:
    (folder.path / "talk.wav").write_bytes(b"a recording")
    with (folder / "talk.wav").read() as file:
        file.seek(2)
        source = Source(file)
        assert (source.name, source.size) == ("talk.wav", 9)
        assert b"".join(source.pieces()) == b"recording"
        assert source.error is None
