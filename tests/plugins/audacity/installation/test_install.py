"""What `unmix audacity install` changes, and what `uninstall` takes back."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from plugins.audacity.homes import Home
from unmix_plugins.audacity.installation.configuration import setting_of
from unmix_plugins.audacity.installation.install import (
    EFFECTS,
    Plan,
    carry_out,
    plan_install,
    plan_uninstall,
    shipped_files,
)
from unmix_plugins.audacity.program.places import find_places
from unmix_plugins.errors import NotPossibleNow, NotSupported, OutputError

COMMAND = ("/opt/unmix/bin/unmix", "audacity", "run")
BRIDGE = Path("/state/audacity")


def plan(*, autostart: bool = True, bridge: Path = BRIDGE, effects: Path = EFFECTS) -> Plan:
    return plan_install(
        find_places(),
        bridge,
        COMMAND,
        autostart=autostart,
        environment={"UNMIX_STATE": "/state"},
        effects=effects,
    )


def install(**options: object) -> Plan:
    done = plan(**options)  # type: ignore[arg-type]
    carry_out(done)
    return done


def uninstall(effects: Path = EFFECTS) -> Plan:
    done = plan_uninstall(find_places(), environment={}, effects=effects)
    carry_out(done)
    return done


@pytest.fixture
def settings(home: Home) -> bytes:
    """Of an Audacity that is installed and was started once."""
    return home.install_audacity().start_audacity_once()


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    """A version of unmix with one effect."""
    folder = tmp_path / "effects"
    folder.mkdir()
    (folder / "unmix-denoise.ny").write_text("$name first\n")
    (folder / "unmix.lsp").write_text("; shared\n")
    return folder


def test_effects_setting_and_start_at_login_are_put_in_place(home: Home, settings: bytes) -> None:
    done = install()
    for path in [*EFFECTS.glob("*.ny"), *EFFECTS.glob("*.lsp")]:
        assert (home.plug_ins / path.name).read_bytes() == path.read_bytes()
    assert (home.plug_ins / "unmix-folder.lsp").read_text() == '(setf *unmix-folder* "/state/audacity/")\n'
    assert home.settings.read_bytes() == settings.replace(b"mod-script-pipe=4", b"mod-script-pipe=1")
    assert "audacity run" in home.autostart.read_text().replace('"', "")
    assert not done.left
    assert not done.notes


def test_a_second_installation_changes_nothing(home: Home, settings: bytes) -> None:
    install()
    before = home.files()
    assert plan().changes == ()
    install()
    assert home.files() == before


def test_planning_changes_nothing(home: Home, settings: bytes) -> None:
    before = home.files()
    assert plan().changes
    assert home.files() == before


def test_uninstalling_gives_back_what_was_there(home: Home, settings: bytes) -> None:
    before = home.files()
    folders = {path for path in home.folder.rglob("*") if path.is_dir()}
    install()
    uninstall()
    assert home.files() == before
    assert {path for path in home.folder.rglob("*") if path.is_dir()} == folders


def test_where_nothing_was_nothing_is_left(home: Home) -> None:
    home.install_audacity()
    before = home.files()
    install()
    assert setting_of(home.settings.read_bytes()) == {
        "Module": "1",
        "ModulePath": str(home.module),
        "ModuleDateTime": setting_of(home.settings_text(4).encode())["ModuleDateTime"],
    }
    uninstall()
    assert home.files() == before
    assert not home.plug_ins.exists()
    assert not home.autostart.parent.exists()


def test_what_audacity_wrote_meanwhile_stays(home: Home, settings: bytes) -> None:
    install()
    home.settings.write_bytes(home.settings.read_bytes() + b"[NewIn37]\nKey=Value\n")
    uninstall()
    assert home.settings.read_bytes() == settings + b"[NewIn37]\nKey=Value\n"


def test_a_pipe_that_was_on_before_stays_on(home: Home) -> None:
    home.install_audacity()
    text = home.settings_text(1)
    settings = home.start_audacity_once(text)
    install()
    uninstall()
    assert home.settings.read_bytes() == settings


def test_a_pipe_that_the_user_has_switched_off_since_is_left(home: Home, settings: bytes) -> None:
    install()
    off = home.settings.read_bytes().replace(b"mod-script-pipe=1", b"mod-script-pipe=0")
    home.settings.write_bytes(off)
    uninstall()
    assert home.settings.read_bytes() == off


def test_the_time_of_an_updated_module_is_corrected(home: Home, settings: bytes) -> None:
    install()
    os.utime(home.module, (1_700_000_000, 1_700_000_000))
    (change,) = plan().changes
    assert change.path == home.settings
    install()
    assert setting_of(home.settings.read_bytes())["ModuleDateTime"] != setting_of(settings)["ModuleDateTime"]
    uninstall()
    assert home.settings.read_bytes() == settings  # of before the first installation


def test_a_module_that_is_gone_is_replaced_by_the_one_that_is_there(home: Home, settings: bytes) -> None:
    home.settings.write_bytes(settings.replace(str(home.module).encode(), b"/gone/mod-script-pipe.so"))
    install()
    assert setting_of(home.settings.read_bytes())["ModulePath"] == str(home.module)


def test_the_module_of_an_appimage_need_not_be_there(home: Home, settings: bytes) -> None:
    home.settings.write_bytes(
        settings.replace(str(home.module).encode(), b"/tmp/.mount_x/mod-script-pipe.so")
    )
    home.module.unlink()
    install()
    assert b"mod-script-pipe=1\n" in home.settings.read_bytes()


def test_without_the_module_the_effects_come_all_the_same(home: Home) -> None:
    home.install_audacity().module.unlink()
    done = install()
    assert any("mod-script-pipe was not found" in note for note in done.notes)
    assert (home.plug_ins / "unmix-denoise.ny").exists()
    assert not home.settings.exists()
    uninstall()
    assert not home.plug_ins.exists()


def test_while_audacity_runs_its_settings_are_left_and_that_is_said(
    home: Home, settings: bytes, start_sleeper: Callable[[Path], int]
) -> None:
    pid = start_sleeper(home.folder)
    done = install()
    assert f"process {pid}" in done.left
    assert "close Audacity, then run `unmix audacity install` again" in done.left
    assert home.settings.read_bytes() == settings
    assert (home.plug_ins / "unmix-denoise.ny").exists()


def test_while_audacity_runs_its_settings_are_not_restored_until_it_ends(
    home: Home, settings: bytes, start_sleeper: Callable[[Path], int]
) -> None:
    before = home.files()
    install()
    pid = start_sleeper(home.folder)
    on = home.settings.read_bytes()
    done = uninstall()
    assert "unmix audacity uninstall" in done.left
    assert not list(home.plug_ins.glob("*.ny"))
    assert home.settings.read_bytes() == on
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    assert not uninstall().left
    assert home.files() == before


def test_an_audacity_started_between_plan_and_change_is_noticed(
    home: Home, settings: bytes, start_sleeper: Callable[[Path], int]
) -> None:
    before = home.files()
    planned = plan()
    start_sleeper(home.folder)
    with pytest.raises(NotPossibleNow, match="close Audacity"):
        carry_out(planned)
    assert home.files() == before


def test_settings_changed_between_plan_and_change_are_not_overwritten(home: Home, settings: bytes) -> None:
    planned = plan()
    home.settings.write_bytes(settings + b"[Late]\n")
    before = home.files()
    with pytest.raises(NotPossibleNow, match="changed by another program"):
        carry_out(planned)
    assert home.files() == before


def test_one_backup_of_the_settings_is_kept(home: Home, settings: bytes) -> None:
    install()
    uninstall()
    install()
    backups = {path.read_bytes() for path in home.configuration.glob("audacity.cfg.unmix-*.bak")}
    assert settings in backups
    assert len(list(home.configuration.glob("*.bak"))) == 1


def test_the_settings_keep_their_mode(home: Home, settings: bytes) -> None:
    home.settings.chmod(0o600)
    install()
    assert stat.S_IMODE(home.settings.stat().st_mode) == 0o600


def test_another_version_replaces_its_own_files_and_keeps_edited_ones_as_backups(
    home: Home, settings: bytes, effects: Path
) -> None:
    (effects / "unmix-old.ny").write_text("$name old\n")
    install(effects=effects)
    (effects / "unmix-old.ny").unlink()
    (effects / "unmix-denoise.ny").write_text("$name second\n")
    (home.plug_ins / "unmix.lsp").write_text("; edited\n")
    done = install(effects=effects)
    assert not (home.plug_ins / "unmix-old.ny").exists()
    assert (home.plug_ins / "unmix-denoise.ny").read_text() == "$name second\n"
    assert (home.plug_ins / "unmix.lsp").read_text() == "; shared\n"
    assert [path.read_text() for path in home.plug_ins.glob("*.bak")] == ["; edited\n"]
    assert any("unmix.lsp had been edited" in note for note in done.notes)


def test_an_edited_effect_stays_and_is_named(home: Home, settings: bytes, effects: Path) -> None:
    install(effects=effects)
    (home.plug_ins / "unmix-denoise.ny").write_text("$name mine\n")
    done = uninstall(effects)
    assert (home.plug_ins / "unmix-denoise.ny").read_text() == "$name mine\n"
    assert any("was edited, and is left" in note for note in done.notes)
    assert not (home.plug_ins / "unmix.lsp").exists()


def test_effects_of_others_are_not_touched(home: Home, settings: bytes) -> None:
    (home.plug_ins / "rms.ny").write_text("theirs")
    install()
    uninstall()
    assert (home.plug_ins / "rms.ny").read_text() == "theirs"


def test_without_autostart_nothing_starts_at_login(home: Home, settings: bytes) -> None:
    install(autostart=False)
    assert not home.autostart.exists()
    install()
    assert home.autostart.exists()
    install(autostart=False)
    assert not home.autostart.exists()


def test_an_edited_entry_for_the_login_is_left(home: Home, settings: bytes) -> None:
    install()
    home.autostart.write_text("mine")
    done = uninstall()
    assert home.autostart.read_text() == "mine"
    assert any(str(home.autostart) in note for note in done.notes)


def test_a_folder_of_any_name_reaches_the_effects(home: Home, settings: bytes) -> None:
    bridge = Path('/state/Jörg "J\\')
    assert shipped_files(bridge)["unmix-folder.lsp"] == (
        b'(setf *unmix-folder* "/state/J\\303\\266rg \\042J\\134/")\n'
    )


def test_a_broken_note_of_the_installation_counts_for_nothing(home: Home, settings: bytes) -> None:
    install()
    note = home.plug_ins / "unmix-install.json"
    for broken in (
        b"",
        b"[1]",
        b'{"files": {"../../x": "y", "unmix.lsp": 3}, "setting": 7, "folders": 1}',
        b"{" * 9999,
    ):
        note.write_bytes(broken)
        uninstall()
        assert not list(home.plug_ins.glob("*.ny"))
        install()


def test_a_folder_that_cannot_be_written_changes_nothing(home: Home, settings: bytes) -> None:
    home.autostart.parent.symlink_to("/no/such/folder")
    before = home.files()
    with pytest.raises(OutputError):
        install()
    assert home.files() == before


def test_other_systems_are_refused_before_anything_is_changed(
    home: Home, settings: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NotSupported, match="needs Linux so far"):
        plan_install(find_places(), BRIDGE, COMMAND)
