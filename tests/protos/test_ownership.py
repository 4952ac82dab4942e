"""Whom folders and files are trusted to belong to."""

import os
import stat
from pathlib import Path

import pytest
from unmix.database import open_database
from unmix.lock import FileLock, holder
from unmix.ownership import (
    Untrusted,
    judge_folder,
    judge_secret,
    judge_socket,
    open_own,
    private_folder,
    read_own,
    read_secret,
    write_secret,
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="owners and modes are of POSIX")
needs_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root, to be two users")
NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return private_folder(tmp_path / "a" / "state")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_folder_that_is_made_is_closed_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = private_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert [mode(path) for path in (made, made.parent)] == [0o700, 0o700]


def test_a_folder_that_others_can_read_is_trusted_and_closed_where_it_was_made_for_us(folder: Path) -> None:
    folder.chmod(0o755)
    judge_folder(folder)
    private_folder(folder, mark="token")
    assert mode(folder) == 0o755
    (folder / "token").touch()
    private_folder(folder, mark="token")
    assert mode(folder) == 0o700


@pytest.mark.parametrize("open_to_others", [0o777, 0o1777, 0o702])
def test_a_folder_that_others_can_write_is_refused_with_the_cure(folder: Path, open_to_others: int) -> None:
    folder.chmod(open_to_others)
    with pytest.raises(Untrusted) as caught:
        private_folder(folder)
    assert str(caught.value) == (
        f"{folder} can be written by others ({open_to_others:04o}): chmod go-w {folder}"
    )
    assert mode(folder) == open_to_others


def test_a_parent_that_others_can_write_is_refused_unless_it_is_sticky(folder: Path) -> None:
    folder.parent.chmod(0o777)
    with pytest.raises(Untrusted, match=rf"chmod go-w {folder.parent}$"):
        judge_folder(folder)
    folder.parent.chmod(0o1777)
    judge_folder(folder)


def test_what_is_above_the_home_folder_is_not_judged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.parent.parent.chmod(0o777)
    with pytest.raises(Untrusted):
        judge_folder(folder)
    monkeypatch.setenv("HOME", str(folder.parent))
    judge_folder(folder)


@needs_root
def test_a_link_of_another_users_is_refused_wherever_it_leads(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    link = tmp_path / "turned-tomorrow"
    link.symlink_to(folder)
    judge_folder(link)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(Untrusted, match=f"^{link} belongs to "):
        judge_folder(link)


def test_the_way_through_a_link_is_judged_too(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o700)
    (tmp_path / "open" / "link").symlink_to("../a")
    judge_folder(tmp_path / "open" / "link" / "state")
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(Untrusted, match=f"{tmp_path / 'open'} can be written"):
        judge_folder(tmp_path / "open" / "link" / "state")


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")
    with pytest.raises(OSError, match="symbolic links"):
        judge_folder(tmp_path / "one")


def test_a_folder_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        judge_folder(tmp_path / "none")


@needs_root
def test_another_users_folder_parent_and_link_are_refused(folder: Path, tmp_path: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(
        Untrusted, match=r"belongs to .*, not to you: name a folder of your own in UNMIX_STATE"
    ):
        private_folder(folder)
    os.chown(folder, 0, 0)
    os.chown(folder.parent, NOBODY, NOBODY)
    with pytest.raises(Untrusted, match=f"{folder.parent} belongs to"):
        judge_folder(folder)
    os.chown(folder.parent, 0, 0)
    (tmp_path / "link").symlink_to(folder)
    judge_folder(tmp_path / "link")
    os.chown(tmp_path / "link", NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(Untrusted, match=f"{tmp_path / 'link'} belongs to"):
        judge_folder(tmp_path / "link")


@needs_root
def test_a_group_of_others_may_not_write_and_ones_own_may(folder: Path) -> None:
    os.chown(folder, 0, NOBODY)
    folder.chmod(0o770)
    with pytest.raises(Untrusted, match="can be written by others"):
        judge_folder(folder)
    os.chown(folder, 0, 0)
    judge_folder(folder)


def test_a_secret_is_written_whole_and_for_its_owner_only(folder: Path) -> None:
    (folder / "token.part").symlink_to(folder / "elsewhere")
    write_secret(folder / "token", b"one")
    write_secret(folder / "token", b"other")
    assert read_secret(folder / "token") == b"other"
    assert mode(folder / "token") == 0o600
    assert [path.name for path in folder.iterdir()] == ["token"]


def test_a_secret_that_others_can_read_is_refused_with_the_cure(folder: Path) -> None:
    write_secret(folder / "token", b"x")
    (folder / "token").chmod(0o640)
    for read in (read_secret, judge_secret):
        with pytest.raises(
            Untrusted, match=rf"can be read by others \(0640\): chmod 600 {folder / 'token'}$"
        ):
            read(folder / "token")
    assert read_own(folder / "token") == b"x"
    (folder / "token").chmod(0o606)
    with pytest.raises(Untrusted, match="can be written by others"):
        read_own(folder / "token")


def test_a_link_a_folder_and_a_fifo_are_no_files(folder: Path) -> None:
    write_secret(folder / "file", b"x")
    (folder / "link").symlink_to("file")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo", 0o600)
    for name in ("link", "folder", "fifo"):
        with pytest.raises(Untrusted, match=r"is a link|is no file"):
            read_secret(folder / name)
    with pytest.raises(FileNotFoundError):
        read_secret(folder / "none")


def test_a_linked_lock_is_neither_taken_nor_written(folder: Path) -> None:
    (folder / "precious").write_bytes(b"a letter")
    (folder / "lock").symlink_to("precious")
    with pytest.raises(Untrusted, match="lock is a link, and has to be a file: remove it"):
        FileLock(folder / "lock")
    assert holder(folder / "lock") is None
    assert (folder / "precious").read_bytes() == b"a letter"


@pytest.mark.parametrize("end", ["", "-wal"])
def test_a_linked_database_is_not_opened(folder: Path, end: str) -> None:
    (folder / f"db{end}").symlink_to("elsewhere")
    with pytest.raises(Untrusted, match="is a link"):
        open_database(folder / "db", [])
    assert not (folder / "elsewhere").exists()


def test_a_database_is_for_its_owner_only_one_of_before_too(folder: Path) -> None:
    (folder / "db").touch(0o644)
    opened = open_database(folder / "db", [lambda db: db.execute("CREATE TABLE a (b)") and None])
    assert {path.name: mode(path) for path in folder.iterdir()} == {
        "db": 0o600,
        "db-shm": 0o600,
        "db-wal": 0o600,
    }
    opened.close()


@needs_root
def test_another_users_file_and_socket_are_refused(folder: Path) -> None:
    write_secret(folder / "token", b"x")
    os.chown(folder / "token", NOBODY, NOBODY)
    for use in (read_secret, read_own, lambda path: open_own(path, os.O_RDWR), FileLock):
        with pytest.raises(Untrusted, match=r"belongs to .*, not to you: remove it"):
            use(folder / "token")
    with pytest.raises(Untrusted, match="is no socket"):
        judge_socket(folder / "token")
