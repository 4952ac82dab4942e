"""What is written into REAPER's files, and where they are looked for."""

import hashlib
import os
import shutil
import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugins.reaper.installation.folders import ITEM_MENU, KEYMAP, MENU, make_folder
from unmix_plugins.errors import NotFound, NotPossibleNow
from unmix_plugins.files.ini_file import IniFile
from unmix_plugins.reaper.installation import menu, python_library
from unmix_plugins.reaper.installation.actions import (
    ACTIONS,
    MODULES,
    registered,
    with_actions,
    without_actions,
)
from unmix_plugins.reaper.installation.install import SCRIPTS, shipped_scripts
from unmix_plugins.reaper.installation.python_library import (
    architectures,
    library_fault,
    python_settings,
    usable_library,
)
from unmix_plugins.reaper.installation.resource_folder import find_resource_folder, usual_folders
from unmix_plugins.reaper.installation.running import Running

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="these are the places of Linux")
FIRST = f"_{ACTIONS[0].id}".encode()


def test_ids_are_those_that_reaper_itself_gives() -> None:
    """REAPER's own lyrics.lua has this id in every reaper-kb.ini."""
    cockos = hashlib.sha1(b"Cockos/lyrics.lua".upper(), usedforsecurity=False).hexdigest()
    assert f"RS{cockos}".encode() == KEYMAP.split()[3]
    path = f"unmix/{ACTIONS[0].file_name}".upper()
    assert ACTIONS[0].id == f"RS{hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()}"


def test_ids_never_change_as_shortcuts_and_toolbars_hold_them() -> None:
    assert [action.id for action in ACTIONS] == [
        "RSb2953b3757f7586cfa8b6320155524d6d428e323",
        "RS2aa61abadbe19b2cd32c07106f0abc7d7c52a2f0",
        "RSeb8296b6165ff63998ebcd6ef24ca8652905dd24",
        "RSe61f2e3a9a735640b237fc1cd23c256395c2acf5",
        "RS19e6c6d1f1e24c54dbf9e1bed36fc0fe549615f2",
    ]


def test_actions_come_before_the_shortcuts_that_may_name_them() -> None:
    shortcut = b"KEY 9 85 " + FIRST + b" 0\n"
    lines = with_actions(shortcut).splitlines(keepends=True)
    assert lines[-1] == shortcut
    assert len(lines) == len(ACTIONS) + 1


def test_an_action_that_is_registered_already_is_not_registered_twice() -> None:
    mine = f'SCR 4 0 {ACTIONS[1].id} "Custom: x.py" /elsewhere/x.py\n'.encode()
    content = with_actions(mine + KEYMAP)
    assert content.count(ACTIONS[1].id.encode()) == 1
    assert registered(content) >= {action.id for action in ACTIONS}


def test_shortcuts_and_other_sections_outlive_the_actions() -> None:
    users = b"KEY 9 85 " + FIRST + b" 0\nSCR 4 32060 RS7d3c_" + FIRST[3:] + b' "Custom: x.py" unmix/x.py\n'
    content = without_actions(with_actions(users), [action.file_name for action in ACTIONS])
    assert content == users


def test_a_taken_toolbar_is_left() -> None:
    content, name = menu.with_toolbar(b"[floating TOOLBAR 16]\ntitle=Toolbar 16\n\n")
    assert name == "Floating toolbar 15"
    assert content.endswith(b"[floating TOOLBAR 16]\ntitle=Toolbar 16\n\n")


def test_when_all_toolbars_are_taken_none_is_made() -> None:
    full = b"".join(b"[Floating toolbar %d]\nitem_0=40023 New\n" % number for number in range(1, 17))
    assert menu.with_toolbar(full) == (full, "")


def test_buttons_that_the_user_placed_are_enough() -> None:
    mine = b"[Main toolbar]\nitem_0=" + FIRST + b" Denoise\n"
    assert menu.with_toolbar(mine) == (mine, "Main toolbar")


def test_the_item_menu_gets_a_submenu_behind_the_users_own_items() -> None:
    content, there = menu.with_item_menu(MENU + ITEM_MENU)
    assert there
    file = IniFile.parse(content)
    section = file.section("media item context")
    assert section
    items = [value for _, key, value in file.pairs(section) if key.startswith("item_")]
    assert items[:5] == [line.split(b"=", 1)[1] for line in ITEM_MENU.splitlines()[1:6]]
    assert items[5] == b"-2 Unmix"
    assert items[6] == FIRST + b" Denoise items"
    assert items[-1] == b"-3"
    numbers = [key for _, key, _ in file.pairs(section) if key.startswith("item_")]
    assert numbers == [f"item_{number}" for number in range(len(items))]


@pytest.mark.parametrize(
    "content",
    [
        MENU,
        b"",
        b"[Media item context]\ntitle=only renamed\n",
        b"[Media item context]\nitem_0=40009 a\nitem_2=40011 with a gap\n",
    ],
    ids=["REAPER's own", "no file", "renamed", "gap"],
)
def test_an_item_menu_that_is_reapers_own_or_odd_is_left(content: bytes) -> None:
    assert menu.with_item_menu(content) == (content, False)


def test_a_button_that_the_user_added_to_our_toolbar_stays() -> None:
    content, _ = menu.with_toolbar(MENU)
    count = len(ACTIONS)
    content = content.replace(
        b"title=Unmix\n", b"icon_%d=mine.png\nitem_%d=40023 Mine\ntbf_%d=1\ntitle=Unmix\n" % ((count,) * 3)
    )
    assert menu.without_ours(content) == (
        b"[Floating toolbar 16]\nicon_0=mine.png\nitem_0=40023 Mine\ntbf_0=1\ntitle=Unmix\n\n" + MENU
    )


def test_entries_that_the_user_put_around_ours_keep_their_order() -> None:
    content, _ = menu.with_item_menu(ITEM_MENU)
    number = 5 + len(ACTIONS) + 2
    content = content.replace(b"title=", b"item_%d=40300 Behind\ntitle=" % number)
    left = menu.without_ours(content)
    assert left == ITEM_MENU.replace(b"title=", b"item_5=40300 Behind\ntitle=")


def test_a_submenu_with_entries_of_the_user_keeps_those() -> None:
    content, _ = menu.with_item_menu(b"[Media item context]\nitem_0=40009 a\n")
    content = content.replace(b"item_%d=-3" % (len(ACTIONS) + 2), b"item_%d=40300 Mine" % (len(ACTIONS) + 2))
    content += b"item_%d=-3\n" % (len(ACTIONS) + 3)
    assert menu.without_ours(content) == (
        b"[Media item context]\nitem_0=40009 a\nitem_1=-2 Unmix\nitem_2=40300 Mine\nitem_3=-3\n"
    )


def test_a_toolbar_that_reaper_has_written_anew_is_recognised() -> None:
    content, _ = menu.with_toolbar(b"")
    lines = content.rstrip(b"\n").split(b"\n")
    anew = b"\r\n".join([lines[0], b"default=2bcb4157b56ed885", *reversed(lines[1:])]) + b"\r\n\r\n"
    assert menu.without_ours(anew + MENU) == MENU


def test_buttons_in_the_users_own_places_are_left_and_told() -> None:
    mine = b"[Main toolbar]\nitem_0=" + FIRST + b" Denoise\n\n[Floating toolbar 3]\nitem_0=" + FIRST + b" D\n"
    assert menu.without_ours(mine) == mine
    assert list(menu.places(mine)) == ["Main toolbar", "Floating toolbar 3"]


PIECES = st.sampled_from(
    [
        b"[Media item context]",
        b"[Floating toolbar 16]",
        b"[x]",
        b"item_0=40009 a",
        b"item_1=-2 caf\xe9",
        b"item_2=-3",
        b"icon_0=text",
        b"title=Unmix",
        b"; mine",
        b"KEY 1 82 0 0",
        b"\xef\xbb\xbf",
        b"\0",
        b" ",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
    ]
)


@given(st.lists(PIECES, max_size=24).map(b"".join))
def test_whatever_a_file_holds_taking_ours_away_gives_it_back(content: bytes) -> None:
    added = with_actions(content)
    assert registered(added) == {action.id for action in ACTIONS}
    assert with_actions(added) == added
    assert without_actions(added, [action.file_name for action in ACTIONS]) == content
    content = b"[Main toolbar]\n" + content
    buttons, _ = menu.with_item_menu(menu.with_toolbar(content)[0])
    assert menu.with_item_menu(menu.with_toolbar(buttons)[0])[0] == buttons
    assert menu.without_ours(buttons) == content


def test_the_shipped_scripts_are_those_of_the_actions() -> None:
    names = {path.name for path in SCRIPTS.iterdir() if path.is_file()}
    assert names == {action.file_name for action in ACTIONS}
    modules = {path.name for path in (SCRIPTS / MODULES).iterdir() if path.is_file()}
    assert modules == {name.partition("/")[2] for name in shipped_scripts() if "/" in name}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


@linux_only
def test_the_resource_folder_is_found_in_its_usual_place(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = make_folder(home / ".config" / "REAPER")
    assert find_resource_folder() == usual
    (home / "link").symlink_to(home / ".config")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "link"))
    assert find_resource_folder().samefile(usual)
    shutil.rmtree(usual)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "xdg"))
    named = make_folder(home / "xdg" / "REAPER")
    assert find_resource_folder() == named


@pytest.mark.parametrize(
    ("platform", "place"), [("darwin", "Library/Application Support/REAPER"), ("win32", "Roaming/REAPER")]
)
def test_other_systems_have_other_usual_places(
    home: Path, monkeypatch: pytest.MonkeyPatch, platform: str, place: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("APPDATA", str(home / "Roaming"))
    assert usual_folders() == (home / place,)


@linux_only
def test_a_portable_reaper_is_found_by_its_program(home: Path) -> None:
    portable = make_folder(home / "audio" / "REAPER")
    (portable / "reaper").write_bytes(b"")
    (portable / "reaper").chmod(0o755)
    (home / "bin").mkdir()
    (home / "bin" / "reaper").symlink_to(portable / "reaper")
    assert find_resource_folder() == portable


@linux_only
def test_with_several_resource_folders_one_has_to_be_chosen(home: Path) -> None:
    folders = [make_folder(home / ".config" / "REAPER"), make_folder(home / "opt" / "REAPER")]
    with pytest.raises(NotPossibleNow) as raised:
        find_resource_folder()
    assert f"{folders[0]} and {folders[1]}: choose one of them with --resource-folder" in str(raised.value)
    assert find_resource_folder(folders[1]) == folders[1]


@linux_only
def test_without_a_resource_folder_reaper_has_to_be_started_once(home: Path) -> None:
    with pytest.raises(NotFound, match=r"start REAPER once, or name its folder with --resource-folder"):
        find_resource_folder()
    with pytest.raises(NotFound, match=r"holds no reaper\.ini"):
        find_resource_folder(home)


def test_which_reaper_is_in_the_way(tmp_path: Path) -> None:
    usual, portable = make_folder(tmp_path / "usual"), make_folder(tmp_path / "portable")
    (portable / "reaper").write_bytes(b"")
    installed = Running(1, tmp_path / "bin" / "reaper")
    assert installed.uses(usual)
    assert not installed.uses(portable)
    assert Running(1, portable / "reaper").uses(portable)
    assert not Running(1, portable / "reaper").uses(usual)
    assert Running(1, None).uses(portable)
    named = ("reaper", "-cfgfile", str(portable / "other.ini"))
    assert Running(1, tmp_path / "bin" / "reaper", named).uses(portable)
    assert not Running(1, tmp_path / "bin" / "reaper", named).uses(usual)
    assert Running(1, tmp_path / "bin" / "reaper", ("reaper", "-cfgfile", "other.ini")).uses(portable)


def test_a_portable_reaper_on_macos_has_its_settings_beside_the_app(tmp_path: Path) -> None:
    portable = make_folder(tmp_path / "portable")
    program = portable / "REAPER.app" / "Contents" / "MacOS" / "REAPER"
    program.parent.mkdir(parents=True)
    assert Running(1, program).uses(portable)


def test_settings_of_python_are_read_whatever_their_case_and_endings() -> None:
    library = b"pythonlibpath64=/usr/lib\r\npythonlibdll64=libpython3.11.so\r\n"
    settings = python_settings(b"[x]\nreascript=0\n[reaper]\r\nReaScript=1\r\n" + library)
    assert settings.enabled
    assert settings.library == Path("/usr/lib/libpython3.11.so")
    assert python_settings(b"").library is None


def test_this_python_is_recognised_as_a_library_or_as_static() -> None:
    library = usable_library()
    if library is None:
        pytest.skip("every Python of this machine is linked statically")
    assert library_fault(library) == ""
    assert library.is_absolute()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\x7fELF\2\1" + bytes(12) + struct.pack("<H", 62), {"x86_64"}),
        (b"\x7fELF\2\1" + bytes(12) + struct.pack("<H", 183), {"arm64"}),
        (b"\x7fELF\1\1" + bytes(12) + struct.pack("<H", 3), {"x86"}),
        (b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", 0x8664), {"x86_64"}),
        (b"MZ" + bytes(58) + struct.pack("<I", 9999), set()),
        (struct.pack("<II", 0xFEEDFACF, 0x0100000C), {"arm64"}),
        (
            struct.pack(">II", 0xCAFEBABE, 2)
            + struct.pack(">5I", 0x01000007, *range(4))
            + struct.pack(">5I", 0x0100000C, *range(4)),
            {"x86_64", "arm64"},
        ),
        (b"\x7fELF", set()),
        (b"", set()),
        (b"text", set()),
    ],
)
def test_what_a_library_is_built_for_is_read_from_its_head(
    head: bytes, expected: set[str], tmp_path: Path
) -> None:
    (tmp_path / "library").write_bytes(head)
    assert architectures(tmp_path / "library") == expected


def test_a_library_for_another_machine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "libpython3.11.so.1.0"
    library.write_bytes(b"\x7fELF\2\1" + bytes(12) + struct.pack("<H", 62))
    monkeypatch.setattr(python_library.platform, "machine", lambda: "AMD64")
    assert library_fault(library) == ""
    monkeypatch.setattr(python_library.platform, "machine", lambda: "riscv64")
    assert library_fault(library) == "it is built for x86_64, this is riscv64"
    assert library_fault(tmp_path / "libpython3.9.so") == f"it cannot be read ({os.strerror(2)})"
    for name in ("libpython3.so", "libpython2.7.so", "libpython3.5.so", "libpython3.13t.so", "python3.dll"):
        assert library_fault(tmp_path / name) == "it is not the library of a Python 3.6 or later"
