"""Files and folders take their names in one step or not at all, on this disk and on others."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_daemon import FakeDaemon
from plugins.watch.bench import bench
from unmix_plugins.files.folder import Folder
from unmix_plugins.watch.config.folder import SourcePolicy
from unmix_plugins.watch.disk.moves import (
    is_in_place,
    numbered,
    place,
    place_folder,
    relocate,
)
from unmix_plugins.watch.disk.original import Original
from unmix_plugins.watch.ledger.entry import FileFacts, Move


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with Folder.open(tmp_path) as opened:
        yield opened


def test_a_name_is_taken_in_one_step_or_not_at_all(tmp_path: Path, folder: Folder) -> None:
    staged, final = folder / "staged", folder / "final"
    staged.path.write_bytes(b"new")
    final.path.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        place(staged, final, part="part")
    assert (staged.path.read_bytes(), final.path.read_bytes()) == (b"new", b"old")
    place(staged, final, part="part", overwrite=True)
    assert final.path.read_bytes() == b"new"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        place(final, folder / "link", part="part")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["final", "link"]


def test_a_folder_takes_no_name_in_which_there_is_anything(tmp_path: Path, folder: Folder) -> None:
    staged, final = tmp_path / "staged", tmp_path / "final"
    staged.mkdir()
    (staged / "new").write_bytes(b"")
    final.mkdir()
    (final / "old").write_bytes(b"")
    with pytest.raises(FileExistsError):
        place_folder(folder / "staged", folder / "final", part="part")
    (final / "old").unlink()
    place_folder(folder / "staged", folder / "final", part="part")
    assert [path.name for path in final.iterdir()] == ["new"]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError):
        place_folder(folder / "final", folder / "file", part="part")


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another disk."""
    shm = Path("/dev/shm")  # noqa: S108  # a disk of its own, which every Linux has
    if not shm.is_dir() or shm.stat().st_dev == Path("/tmp").stat().st_dev:  # noqa: S108
        pytest.skip("needs a second disk")
    folder = shm / f"unmix-test-{os.getpid()}"
    folder.mkdir()
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def test_another_disk_is_reached_by_way_of_a_hidden_copy(
    tmp_path: Path, folder: Folder, elsewhere: Path
) -> None:
    source = tmp_path / "talk.wav"
    source.write_bytes(b"talk")
    os.utime(source, (5, 5))
    song = tmp_path / "song"
    song.mkdir()
    (song / "drums.wav").write_bytes(b"boom")
    with Folder.open(elsewhere) as there, Original(folder / "talk.wav") as original:
        final = there / "talk.wav"
        relocate(original, final, part=".part", keep=True)
        assert source.exists()
        assert [path.name for path in elsewhere.iterdir()] == ["talk.wav"]
        with pytest.raises(FileExistsError):
            relocate(original, final, part=".part", keep=False)
        final.unlink()
        relocate(original, final, part=".part", keep=False)
        assert not source.exists()
        assert (final.path.read_bytes(), final.path.stat().st_mtime) == (b"talk", 5)
        place_folder(folder / "song", there / "song", part=".part")
        assert (elsewhere / "song" / "drums.wav").read_bytes() == b"boom"
        assert not (elsewhere / ".part").exists()


def test_a_file_that_nobody_may_write_is_copied_with_its_rights(tmp_path: Path, folder: Folder) -> None:
    source = tmp_path / "talk.wav"
    source.write_bytes(b"talk")
    source.chmod(0o444)
    with source.open("rb") as file:
        (folder / "copy.wav").copy_of(file)
        (folder / "copy.wav").copy_of(file)
    assert (tmp_path / "copy.wav").stat().st_mode & 0o777 == 0o444
    assert (tmp_path / "copy.wav").read_bytes() == b"talk"


def test_outputs_and_sources_may_be_on_different_disks(
    tmp_path: Path, daemon: FakeDaemon, elsewhere: Path
) -> None:
    settings: dict[str, Any] = {"source_policy": SourcePolicy.MOVE, "moved_to": elsewhere / "moved"}
    with bench(tmp_path, daemon, dead_letter=elsewhere / "failed", **settings) as desk:
        desk.done("talk.wav")
        desk.put("bad.wav", b"bad")
        desk.fail(*desk.submitted(), "INVALID_AUDIO", code=3)
        desk.until(lambda: desk.work.is_idle)
        found = desk.files(elsewhere)
        assert found.pop("failed/bad.wav.reason.txt")
        assert found == {"failed/bad.wav": b"bad", "moved/talk.wav": b"talk.wav"}
        assert desk.files(desk.source) == {}


def test_a_file_is_in_place_by_its_inode_or_by_its_content(tmp_path: Path, folder: Folder) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"talk")
    identity = FileFacts.of(path.stat()).identity
    sha256 = hashlib.sha256(b"talk").hexdigest()
    assert is_in_place(folder, Move(path, path, 4, "", identity))
    assert is_in_place(folder, Move(path, path, 4, sha256, "0:0"))
    assert not is_in_place(folder, Move(path, path, 4, "", "0:0"))
    assert not is_in_place(folder, Move(path, path, 5, sha256, identity))
    assert not is_in_place(folder, Move(path, path / "below", 4, sha256, "0:0"))


def test_numbers_stand_before_the_suffix() -> None:
    assert [numbered(Path("a/b.tar.gz"), n).name for n in (1, 2)] == ["b.tar.gz", "b.tar (2).gz"]


def test_versions_are_told_by_size_and_time() -> None:
    facts = FileFacts(1, 2, "a")
    assert facts.is_same_version(FileFacts(1, 2, "b"))
    assert not facts.is_same_version(FileFacts(1, 3, "a"))
