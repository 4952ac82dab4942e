"""Where files, folders or a running REAPER are in the way, an installation says so and leaves them as they are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from plugins.reaper.installation.commands import CLIENT, install, posix_only
from plugins.reaper.installation.folders import KEYMAP, make_folder, reaper_in, snapshot
from unmix_plugins.errors import NotPossibleNow, OutputError, SourceError
from unmix_plugins.reaper.installation.install import carry_out, plan_install


@posix_only
def test_an_installation_that_fails_halfway_changes_nothing(
    folder: Path, scripts: Path, tmp_path: Path
) -> None:
    menu = folder / "reaper-menu.ini"
    menu.unlink()
    menu.symlink_to(tmp_path / "no-such-folder" / "menu.ini")
    before = snapshot(folder)
    with pytest.raises(OutputError, match="cannot be written"):
        install(folder, scripts)
    assert snapshot(folder) == before


def test_a_file_that_another_program_changed_meanwhile_is_left(folder: Path, scripts: Path) -> None:
    plan = plan_install(folder, CLIENT, scripts=scripts)
    (folder / "reaper-kb.ini").write_bytes(KEYMAP + b"KEY 9 52 0 0\n")
    before = snapshot(folder)
    with pytest.raises(NotPossibleNow, match="run the command again"):
        carry_out(plan)
    assert snapshot(folder) == before


def test_a_folder_in_the_place_of_a_file_is_told(folder: Path, scripts: Path) -> None:
    (folder / "reaper-kb.ini").unlink()
    (folder / "reaper-kb.ini").mkdir()
    with pytest.raises(SourceError, match=r"reaper-kb\.ini cannot be read"):
        install(folder, scripts)


def test_a_file_in_the_place_of_a_folder_is_told(folder: Path, scripts: Path) -> None:
    (folder / "Scripts").write_bytes(b"")
    before = snapshot(folder)
    with pytest.raises((OutputError, SourceError)):
        install(folder, scripts)
    assert snapshot(folder) == before


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Permissions do not hold for root, as whom containers run their tests."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@posix_only
def test_a_read_only_folder_is_told_and_left(
    folder: Path, scripts: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plan = plan_install(folder, CLIENT, scripts=scripts)
    before = snapshot(folder)
    for parent in (folder, *folder.parents[:4]):
        parent.chmod(parent.stat().st_mode | 0o055)
    folder.chmod(0o555)
    try:
        with ordinary_user(), pytest.raises(OutputError, match="cannot be written"):
            carry_out(plan)
    finally:
        folder.chmod(0o755)
    assert snapshot(folder) == before


@posix_only
def test_while_reaper_runs_its_files_are_left(folder: Path, scripts: Path) -> None:
    with reaper_in(folder) as pid:
        before = snapshot(folder)
        with pytest.raises(NotPossibleNow) as raised:
            install(folder, scripts)
        assert snapshot(folder) == before
    assert str(raised.value) == (
        f"REAPER runs (process {pid}) and would write its own reaper-kb.ini and reaper-menu.ini over the new one"
        " when it ends: quit REAPER, then run the command again."
    )


@posix_only
def test_scripts_alone_are_renewed_while_reaper_runs(folder: Path, scripts: Path) -> None:
    install(folder, scripts)
    (scripts / "unmix_actions" / "job.py").write_bytes(b"# newer\n")
    with reaper_in(folder):
        install(folder, scripts)
    assert (folder / "Scripts" / "unmix" / "unmix_actions" / "job.py").read_bytes() == b"# newer\n"


@posix_only
def test_a_portable_reaper_elsewhere_is_no_hindrance(folder: Path, scripts: Path, tmp_path: Path) -> None:
    with reaper_in(make_folder(tmp_path / "portable")):
        install(folder, scripts)
    assert (folder / "Scripts" / "unmix").is_dir()
