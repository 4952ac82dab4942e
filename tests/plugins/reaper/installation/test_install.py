import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from plugins.reaper.installation.folders import (
    ITEM_MENU,
    KEYMAP,
    MENU,
    SCRIPTS,
    backups,
    make_folder,
    make_scripts,
    reaper_in,
    snapshot,
)
from typer.testing import CliRunner, Result
from unmix_plugins.cli._main import app
from unmix_plugins.errors import NotPossibleNow, OutputError, SourceError
from unmix_plugins.reaper.installation.actions import ACTIONS
from unmix_plugins.reaper.installation.install import (
    Plan,
    carry_out,
    client_command,
    plan_install,
    plan_uninstall,
)
from unmix_plugins.version import version

CLIENT = ("/opt/unmix/bin/unmix",)
posix_only = pytest.mark.skipif(os.name == "nt", reason="links, modes and fake processes are of POSIX")


def unmix(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    return make_scripts(tmp_path / "shipped")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "REAPER", keymap=KEYMAP, menu=MENU)


def install(folder: Path, scripts: Path, **options: bool) -> Plan:
    plan = plan_install(folder, CLIENT, scripts=scripts, **options)
    carry_out(plan)
    return plan


def uninstall(folder: Path, scripts: Path) -> Plan:
    plan = plan_uninstall(folder, scripts=scripts)
    carry_out(plan)
    return plan


def test_an_installation_brings_scripts_actions_and_a_toolbar(folder: Path, scripts: Path) -> None:
    install(folder, scripts)
    target = folder / "Scripts" / "unmix"
    assert {name: (target / name).read_bytes() for name in SCRIPTS} == SCRIPTS
    told = json.loads((target / "unmix_reaper.json").read_text("ascii"))
    assert (told["client"], told["version"]) == ([*CLIENT], version())
    keymap = (folder / "reaper-kb.ini").read_bytes()
    added = keymap.removesuffix(KEYMAP).decode().splitlines()
    assert added == [
        f'SCR 4 0 {action.id} "Custom: {action.file_name}" "unmix/{action.file_name}"' for action in ACTIONS
    ]
    toolbar = (folder / "reaper-menu.ini").read_bytes().removesuffix(MENU).decode().splitlines()
    assert toolbar[0] == "[Floating toolbar 16]"
    assert [line for line in toolbar if line.startswith("item_")] == [
        f"item_{number}=_{action.id} {action.button}" for number, action in enumerate(ACTIONS)
    ]
    assert "title=Unmix" in toolbar


def test_the_users_settings_of_reaper_are_not_touched(folder: Path, scripts: Path) -> None:
    before = (folder / "reaper.ini").read_bytes()
    install(folder, scripts)
    assert (folder / "reaper.ini").read_bytes() == before


def test_a_second_installation_changes_nothing(folder: Path, scripts: Path) -> None:
    install(folder, scripts)
    before = snapshot(folder)
    plan = install(folder, scripts)
    assert plan.changes == ()
    assert snapshot(folder) == before


CONTENTS = {
    "absent": None,
    "empty": b"",
    "lf": KEYMAP,
    "crlf": KEYMAP.replace(b"\n", b"\r\n"),
    "no ending": KEYMAP.rstrip(b"\n"),
    "one line without ending": KEYMAP.splitlines()[0],
    "byte order mark": b"\xef\xbb\xbf" + KEYMAP,
    "blank lines": b"\n\n" + KEYMAP + b"\n\n",
}
MENUS = {
    "absent": None,
    "empty": b"",
    "lf": MENU,
    "crlf": (MENU + ITEM_MENU).replace(b"\n", b"\r\n"),
    "no ending": (MENU + ITEM_MENU).rstrip(b"\n"),
    "ends in an item": b"[Media item context]\ntitle=x\nitem_0=40009 a\nitem_1=40011 b",
    "one item without ending": b"[Media item context]\nitem_0=40009 a",
    "byte order mark": b"\xef\xbb\xbf" + ITEM_MENU,
    "comments": b"; mine\n\n" + MENU + b"; and this\n" + ITEM_MENU,
}


@pytest.mark.parametrize("keymap", CONTENTS.values(), ids=CONTENTS.keys())
def test_an_uninstallation_leaves_the_actions_file_as_it_was(
    keymap: bytes | None, tmp_path: Path, scripts: Path
) -> None:
    folder = make_folder(tmp_path / "REAPER", keymap=keymap, menu=MENU)
    before = snapshot(folder)
    install(folder, scripts)
    assert (folder / "reaper-kb.ini").read_bytes().endswith((keymap or b"").removeprefix(b"\xef\xbb\xbf"))
    assert snapshot(folder, backups=False) != before
    uninstall(folder, scripts)
    assert snapshot(folder, backups=False) == before


@pytest.mark.parametrize("menu", MENUS.values(), ids=MENUS.keys())
def test_an_uninstallation_leaves_the_menu_file_as_it_was(
    menu: bytes | None, tmp_path: Path, scripts: Path
) -> None:
    folder = make_folder(tmp_path / "REAPER", keymap=KEYMAP, menu=menu)
    before = snapshot(folder)
    install(folder, scripts)
    kept = set((folder / "reaper-menu.ini").read_bytes().splitlines(keepends=True))
    assert set((menu or b"").removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)) <= kept
    uninstall(folder, scripts)
    assert snapshot(folder, backups=False) == before


def test_new_lines_end_as_the_files_lines_do(tmp_path: Path, scripts: Path) -> None:
    windows = {"keymap": KEYMAP.replace(b"\n", b"\r\n"), "menu": MENU.replace(b"\n", b"\r\n")}
    folder = make_folder(tmp_path / "REAPER", **windows)
    install(folder, scripts)
    for name in ("reaper-kb.ini", "reaper-menu.ini"):
        content = (folder / name).read_bytes()
        assert content.count(b"\n") == content.count(b"\r\n") > 5


def test_without_menus_no_menu_is_touched(folder: Path, scripts: Path) -> None:
    install(folder, scripts, menus=False)
    assert (folder / "reaper-menu.ini").read_bytes() == MENU


def test_every_edited_file_has_one_backup_of_each_content(folder: Path, scripts: Path) -> None:
    install(folder, scripts)
    assert sorted(path.read_bytes() for path in backups(folder)) == sorted([KEYMAP, MENU])
    installed = {(folder / name).read_bytes() for name in ("reaper-kb.ini", "reaper-menu.ini")}
    uninstall(folder, scripts)
    install(folder, scripts)
    uninstall(folder, scripts)
    assert len(backups(folder)) == 4
    assert {path.read_bytes() for path in backups(folder)} == {KEYMAP, MENU, *installed}


def test_an_upgrade_replaces_old_scripts_and_removes_those_that_are_gone(
    folder: Path, scripts: Path, tmp_path: Path
) -> None:
    newer = {name: content + b"# newer\n" for name, content in SCRIPTS.items()}
    old = make_scripts(tmp_path / "old", SCRIPTS | {"unmix_gone.py": b"x"})
    install(folder, old)
    plan = install(folder, make_scripts(tmp_path / "newer", newer))
    target = folder / "Scripts" / "unmix"
    assert {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*.py")} == newer
    assert not backups(target)
    assert not any("edited" in note for note in plan.notes)
    uninstall(folder, tmp_path / "newer")
    assert not (folder / "Scripts").exists()


def test_an_edited_script_is_kept_as_a_backup_when_it_is_replaced(folder: Path, scripts: Path) -> None:
    install(folder, scripts)
    edited = folder / "Scripts" / "unmix" / "unmix_actions" / "job.py"
    edited.write_bytes(b"# mine\n")
    plan = install(folder, scripts)
    assert edited.read_bytes() == SCRIPTS["unmix_actions/job.py"]
    assert [path.read_bytes() for path in backups(edited.parent)] == [b"# mine\n"]
    assert f"{edited} has been edited; a backup is kept beside it." in plan.notes


def test_an_edited_script_is_left_by_an_uninstallation(folder: Path, scripts: Path) -> None:
    install(folder, scripts)
    edited = folder / "Scripts" / "unmix" / "unmix_actions" / "job.py"
    edited.write_bytes(b"# mine\n")
    plan = uninstall(folder, scripts)
    assert [path.name for path in edited.parent.iterdir()] == [edited.name]
    assert f"{edited} was edited, and is left." in plan.notes


def test_scripts_of_others_stay(folder: Path, scripts: Path) -> None:
    other = folder / "Scripts" / "unmix" / "mine.lua"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"-- mine")
    before = snapshot(folder)
    install(folder, scripts)
    uninstall(folder, scripts)
    assert snapshot(folder, backups=False) == before


def test_without_its_notes_an_uninstallation_still_knows_what_is_shipped(folder: Path, scripts: Path) -> None:
    install(folder, scripts)
    (folder / "Scripts" / "unmix" / "unmix_reaper.json").write_bytes(b'{"files": [[[')
    uninstall(folder, scripts)
    left = snapshot(folder / "Scripts")
    assert left == {"unmix": None}
    assert (folder / "reaper-kb.ini").read_bytes() == KEYMAP


def test_notes_that_lead_elsewhere_are_not_followed(folder: Path, scripts: Path, tmp_path: Path) -> None:
    install(folder, scripts)
    mine = tmp_path / "mine.py"
    mine.write_bytes(b"")
    (tmp_path / "empty").mkdir()
    notes = folder / "Scripts" / "unmix" / "unmix_reaper.json"
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    forged = {"files": {"../../../mine.py": digest, str(mine): digest}, "created": ["../empty", "reaper.ini"]}
    notes.write_text(json.dumps(forged))
    uninstall(folder, scripts)
    assert mine.exists()
    assert (tmp_path / "empty").exists()
    assert (folder / "reaper.ini").exists()


@posix_only
def test_links_are_followed_and_modes_kept(folder: Path, scripts: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "keys.ini"
    real.parent.mkdir()
    link = folder / "reaper-kb.ini"
    link.rename(real)
    real.chmod(0o640)
    link.symlink_to(real)
    install(folder, scripts)
    assert link.readlink() == real
    assert real.read_bytes().endswith(KEYMAP)
    assert len(real.read_bytes()) > len(KEYMAP)
    assert real.stat().st_mode & 0o777 == 0o640
    assert [path.parent for path in backups(tmp_path)] == [folder, folder]
    uninstall(folder, scripts)
    assert real.read_bytes() == KEYMAP


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


def test_the_client_is_found_from_anywhere() -> None:
    command = client_command()
    assert Path(command[0]).is_absolute()
    said = subprocess.run([*command, "--version"], cwd="/", env={}, capture_output=True, check=True).stdout
    assert said.decode().split() == ["unmix", version()]


def test_the_command_installs_and_uninstalls(folder: Path) -> None:
    before = snapshot(folder)
    first = unmix("reaper", "install", "--resource-folder", folder)
    assert first.exit_code == 0
    assert first.stdout.startswith(f"REAPER's resource folder: {folder}\n")
    assert "  reaper-kb.ini: 5 actions registered\n" in first.stdout
    assert "Toolbar: Open/close toolbar 16" in first.stdout
    assert "Nothing is to be done." in unmix("reaper", "install", "--resource-folder", folder).stdout
    assert unmix("reaper", "uninstall", "--resource-folder", folder).exit_code == 0
    assert snapshot(folder, backups=False) == before
    assert "Nothing is to be done." in unmix("reaper", "uninstall", "--resource-folder", folder).stdout


def test_a_dry_run_tells_the_same_and_does_nothing(folder: Path) -> None:
    before = snapshot(folder)
    told = unmix("reaper", "install", "--resource-folder", folder, "--dry-run").stdout
    assert snapshot(folder) == before
    assert "Nothing is changed by --dry-run. Without it:\n" in told
    done = unmix("reaper", "install", "--resource-folder", folder).stdout
    assert told.replace("Nothing is changed by --dry-run. Without it:\n", "") == done
    before = snapshot(folder)
    assert "actions removed" in unmix("reaper", "uninstall", "--resource-folder", folder, "--dry-run").stdout
    assert snapshot(folder) == before


def test_an_installation_says_how_python_is_turned_on(folder: Path) -> None:
    said = unmix("reaper", "install", "--resource-folder", folder).stdout
    assert "Before the actions can run: reaper.ini names no Python library.\n" in said


def test_the_command_for_the_script_is_not_advertised_and_there(tmp_path: Path) -> None:
    assert "reaper-run" not in unmix("--help").stdout
    refused = unmix("reaper-run", tmp_path / "no-such.json")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout.splitlines()[-1])["event"] == "failed"
