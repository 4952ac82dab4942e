"""Where Audacity's folders are."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from plugins.audacity.homes import Home
from unmix_plugins.audacity.program.places import Places, effects_are_new, find_places, usual_places
from unmix_plugins.errors import NotFound, NotPossibleNow, NotSupported


def test_linux_has_two_folders_and_minds_xdg(tmp_path: Path) -> None:
    usual = usual_places({}, tmp_path, None)
    assert usual == Places(tmp_path / ".config/audacity", tmp_path / ".local/share/audacity")
    named = usual_places({"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d"}, tmp_path, None)
    assert named == Places(Path("/c/audacity"), Path("/d/audacity"))
    assert usual.plug_ins == tmp_path / ".local/share/audacity/Plug-Ins"
    assert usual.registry == tmp_path / ".config/audacity/pluginregistry.cfg"


def test_the_old_folder_comes_first_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / ".audacity-data").mkdir()
    usual = usual_places({"XDG_CONFIG_HOME": "/c"}, tmp_path, None)
    assert usual.settings == tmp_path / ".audacity-data/audacity.cfg"
    assert usual.plug_ins == tmp_path / ".audacity-data/Plug-Ins"


def test_portable_settings_beside_the_program_come_before_all(tmp_path: Path) -> None:
    (tmp_path / ".audacity-data").mkdir()
    (tmp_path / "bin/Portable Settings").mkdir(parents=True)
    usual = usual_places({}, tmp_path, tmp_path / "bin/audacity")
    assert usual.plug_ins == tmp_path / "bin/Portable Settings/Plug-Ins"


def test_no_audacity_is_told(home: Home) -> None:
    with pytest.raises(NotFound, match="start it once"):
        find_places()


def test_an_installed_program_is_enough(home: Home) -> None:
    home.install_audacity()
    assert find_places() == Places(home.configuration, home.plug_ins.parent, home.program)
    assert next(find_places().modules()) == home.module


def test_settings_are_enough(home: Home) -> None:
    home.configuration.mkdir(parents=True)
    home.settings.write_bytes(b"")
    assert find_places().settings == home.settings


def test_a_named_folder_is_taken_and_half_of_a_pair_means_both(home: Home, tmp_path: Path) -> None:
    home.install_audacity()
    portable = tmp_path / "stick/Portable Settings"
    (portable / "Plug-Ins").mkdir(parents=True)
    assert find_places(portable) == Places(portable, portable, home.program)
    for half in (home.configuration, home.plug_ins.parent):
        assert find_places(half) == find_places()
    with pytest.raises(NotFound, match=r"neither audacity\.cfg nor Plug-Ins"):
        find_places(tmp_path)


def test_flatpak_is_refused_unless_another_is_there(home: Home) -> None:
    flatpak = home.folder / ".var/app/org.audacityteam.Audacity/config/audacity"
    flatpak.mkdir(parents=True)
    (flatpak / "audacity.cfg").write_bytes(b"")
    with pytest.raises(NotSupported, match="sandbox"):
        find_places()
    with pytest.raises(NotSupported, match="sandbox"):
        find_places(flatpak)
    home.configuration.mkdir(parents=True)
    home.settings.write_bytes(b"")
    with pytest.raises(NotPossibleNow, match="--audacity-folder"):
        find_places()
    assert find_places(home.configuration).settings == home.settings
    home.install_audacity()
    assert find_places().settings == home.settings


def test_only_an_audacity_with_these_settings_counts_as_running(
    home: Home, tmp_path: Path, start_sleeper: Callable[[Path], int]
) -> None:
    home.install_audacity()
    places = find_places()
    start_sleeper(tmp_path / "elsewhere")
    assert places.running() is None
    pid = start_sleeper(home.folder)
    assert places.running() == pid


def test_effects_are_new_until_audacity_has_registered_them(home: Home) -> None:
    assert not effects_are_new()
    home.install_audacity()
    home.start_audacity_once()
    assert not effects_are_new()
    (home.plug_ins / "unmix-denoise.ny").write_text("")
    (home.plug_ins / "of another maker.ny").write_text("")
    assert effects_are_new()
    home.register()
    assert not effects_are_new()
    (home.plug_ins / "unmix-separate.ny").write_text("")
    assert effects_are_new()
    home.register(leave_out="unmix-denoise.ny")
    assert effects_are_new()


def test_a_linked_home_is_the_same_home(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.install_audacity()
    home.start_audacity_once()
    (home.plug_ins / "unmix-denoise.ny").write_text("")
    home.register()
    link = tmp_path / "link"
    link.symlink_to(home.folder)
    monkeypatch.setenv("HOME", str(link))
    assert os.path.realpath(find_places().plug_ins) == str(home.plug_ins)
    assert not effects_are_new()
