"""An uninstallation takes away what an installation brought, and nothing else."""

import json
from pathlib import Path

import pytest
from plugins.reaper.installation.commands import install, uninstall
from plugins.reaper.installation.folders import ITEM_MENU, KEYMAP, MENU, make_folder, snapshot

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
