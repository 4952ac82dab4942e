"""An installation of the version before, whose actions shared one script beside them, becomes one of this version."""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from fake_reaper import FakeReaper, examples
from plugins.reaper.installation.folders import KEYMAP, MENU, backups, make_folder, reaper_in, snapshot
from unmix_plugins.client import Client
from unmix_plugins.errors import NotFound
from unmix_plugins.reaper.installation import menu
from unmix_plugins.reaper.installation.doctor import check
from unmix_plugins.reaper.installation.install import (
    Plan,
    carry_out,
    plan_install,
    plan_uninstall,
    shipped_scripts,
)
from unmix_plugins.version import version

IDS = {
    "Unmix_Denoise items.py": "RSb2953b3757f7586cfa8b6320155524d6d428e323",
    "Unmix_Separate items into stems.py": "RS2aa61abadbe19b2cd32c07106f0abc7d7c52a2f0",
    "Unmix_Vocals and instrumental.py": "RSeb8296b6165ff63998ebcd6ef24ca8652905dd24",
    "Unmix_Settings.py": "RSe61f2e3a9a735640b237fc1cd23c256395c2acf5",
    "Unmix_Cancel.py": "RS19e6c6d1f1e24c54dbf9e1bed36fc0fe549615f2",
}
OLD = {name: b"# " + name.encode() + b"\n" for name in (*IDS, "unmix_reaper.py")}
OLD_VERSION = "0.0.9"


@pytest.fixture
def client(tmp_path: Path) -> list[str]:
    path = tmp_path / "client.py"
    path.write_text('print(\'{"event": "failed", "message": "The client was here."}\')\n')
    return [sys.executable, str(path)]


@pytest.fixture
def folder(tmp_path: Path, client: list[str]) -> Path:
    """A resource folder as the version before left it."""
    lines = [f'SCR 4 0 {id_} "Custom: {name}" "unmix/{name}"\n' for name, id_ in IDS.items()]
    keymap, buttons = "".join(lines).encode() + KEYMAP, menu.with_toolbar(MENU)[0]
    made = make_folder(tmp_path / "REAPER", keymap=keymap, menu=buttons)
    target = made / "Scripts" / "unmix"
    target.mkdir(parents=True)
    for name, content in OLD.items():
        (target / name).write_bytes(content)
    digests = {name: sha256(content).hexdigest() for name, content in sorted(OLD.items())}
    notes = {
        "client": client,
        "version": OLD_VERSION,
        "files": digests,
        "created": ["Scripts", "Scripts/unmix"],
    }
    (target / "unmix_reaper.json").write_text(json.dumps(notes, indent=1) + "\n")
    return made


@pytest.fixture
def target(folder: Path) -> Path:
    return folder / "Scripts" / "unmix"


def upgrade(folder: Path, client: list[str]) -> Plan:
    plan = plan_install(folder, client)
    carry_out(plan)
    return plan


def scripts_in(target: Path) -> dict[str, bytes]:
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*.py")}


def test_new_scripts_come_and_the_old_one_goes(folder: Path, target: Path, client: list[str]) -> None:
    plan = upgrade(folder, client)
    assert scripts_in(target) == shipped_scripts()
    assert "unmix_reaper.py: removed, this version has none" in [change.said for change in plan.changes]
    assert "unmix_actions/actions.py: new" in [change.said for change in plan.changes]
    assert not backups(folder)
    assert plan_install(folder, client).changes == ()


def test_actions_and_buttons_stay_as_they_are_registered(folder: Path, client: list[str]) -> None:
    names = ("reaper-kb.ini", "reaper-menu.ini")
    before = [(folder / name).read_bytes() for name in names]
    upgrade(folder, client)
    assert [(folder / name).read_bytes() for name in names] == before


@pytest.mark.skipif(os.name == "nt", reason="fake processes are of POSIX")
def test_reaper_may_run_meanwhile(folder: Path, target: Path, client: list[str]) -> None:
    with reaper_in(folder):
        upgrade(folder, client)
    assert scripts_in(target) == shipped_scripts()


@pytest.mark.parametrize(
    "name", [name for name in IDS if name not in ("Unmix_Settings.py", "Unmix_Cancel.py")]
)
def test_every_action_works_afterwards(
    folder: Path, target: Path, client: list[str], tmp_path: Path, name: str
) -> None:
    upgrade(folder, client)
    reaper = FakeReaper(examples.one(tmp_path / "project", "plain")[0], resource_folder=folder)
    reaper.run_script(target / name)
    reaper.run_until_idle()
    assert reaper.messages == ["The client was here."]
    assert reaper.problems == []


def test_an_edited_action_is_kept_as_a_backup(folder: Path, target: Path, client: list[str]) -> None:
    edited = target / "Unmix_Cancel.py"
    edited.write_bytes(b"# mine\n")
    plan = upgrade(folder, client)
    assert scripts_in(target) == shipped_scripts()
    assert [path.read_bytes() for path in backups(target)] == [b"# mine\n"]
    assert f"{edited} has been edited; a backup is kept beside it." in plan.notes


def test_the_old_script_stays_where_it_was_edited(folder: Path, target: Path, client: list[str]) -> None:
    (target / "unmix_reaper.py").write_bytes(b"# mine\n")
    upgrade(folder, client)
    assert scripts_in(target) == {**shipped_scripts(), "unmix_reaper.py": b"# mine\n"}


def test_an_uninstallation_afterwards_leaves_nothing(folder: Path, client: list[str]) -> None:
    upgrade(folder, client)
    carry_out(plan_uninstall(folder))
    left = snapshot(folder, backups=False)
    assert left == {
        "reaper-kb.ini": KEYMAP,
        "reaper-menu.ini": MENU,
        "reaper.ini": (folder / "reaper.ini").read_bytes(),
    }


def test_doctor_says_that_an_update_is_due(folder: Path, target: Path, client: list[str]) -> None:
    def connect() -> Client:
        raise NotFound("There is no daemon.")

    def scripts() -> tuple[bool, str]:
        found = next(finding for finding in check(folder, connect) if finding.subject == "scripts")
        return found.ok, found.text

    assert scripts() == (False, f"they are those of unmix {OLD_VERSION}, not of this one, {version()}")
    upgrade(folder, client)
    assert scripts() == (True, f"{len(shipped_scripts())} of unmix {version()} in {target}")
    (target / "unmix_actions" / "job.py").write_bytes(b"# mine\n")
    assert scripts() == (False, "edited: unmix_actions/job.py")
    (target / "unmix_actions" / "job.py").unlink()
    assert scripts() == (False, f"{target} lacks unmix_actions/job.py")
