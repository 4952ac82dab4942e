"""Room that is held for the moment when there is no other."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from unmix_daemon.errors import Short
from unmix_daemon.passing import Hindrance
from unmix_daemon.state.ballast import Ballast, Patience

FULL = Hindrance("the disk is full", "STORAGE_FULL")


def test_ballast_is_real_blocks_of_our_own_and_goes_and_comes(tmp_path: Path) -> None:
    path = tmp_path / "ballast"
    ballast = Ballast(path)
    ballast.take_in()
    assert path.stat().st_size == 4 << 20
    assert path.stat().st_blocks * 512 >= 4 << 20
    assert path.stat().st_mode & 0o777 == 0o600
    ballast.let_go()
    assert not path.exists()
    ballast.let_go()
    ballast.take_in()
    assert path.exists()


def test_a_disk_with_little_room_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5 << 20))
    Ballast(tmp_path / "ballast").take_in()
    assert not list(tmp_path.iterdir())


def test_ballast_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    Ballast(tmp_path / "ballast").take_in()
    assert not list(tmp_path.iterdir())


def test_patience_throws_ballast_out_and_ends_with_the_daemon(tmp_path: Path) -> None:
    patience = Patience(Ballast(tmp_path / "ballast"))
    patience.ballast.take_in()
    for tries in range(1, 100):
        patience.told(FULL, tries)
    assert not (tmp_path / "ballast").exists()
    patience.end()
    patience.told(FULL, 1)
    with pytest.raises(Short, match="disk is full"):
        patience.told(FULL, 2)


def test_its_room_is_enough_for_many_ends(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "log.sqlite3", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA wal_autocheckpoint=0")
    database.execute("CREATE TABLE ends (job TEXT, summary TEXT)")
    for number in range(100):
        database.execute("INSERT INTO ends VALUES (?, ?)", (str(number), "s" * 2000))
    assert (tmp_path / "log.sqlite3-wal").stat().st_size < 4 << 20
    database.close()
