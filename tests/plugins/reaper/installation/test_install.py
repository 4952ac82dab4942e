"""What an installation brings and renews, and what the command says of it."""

import json
import subprocess
from pathlib import Path

from plugins.reaper.installation.commands import CLIENT, install, posix_only, uninstall, unmix
from plugins.reaper.installation.folders import (
    KEYMAP,
    MENU,
    SCRIPTS,
    backups,
    make_folder,
    make_scripts,
    snapshot,
)
from unmix_plugins.reaper.installation.actions import ACTIONS
from unmix_plugins.reaper.installation.install import client_command
from unmix_plugins.version import version


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
