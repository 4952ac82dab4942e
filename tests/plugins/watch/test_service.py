"""`unmix watch install`: what it writes, twice, and what it says where there is no service manager."""

import os
import plistlib
import sys
from pathlib import Path

import pytest
from unmix_plugins.errors import NotSupported
from unmix_plugins.watch import service
from unmix_plugins.watch.config.folder import ConfigError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, and a PATH with a service manager that only notes what it is asked."""
    folder = tmp_path / "home"
    (folder / "bin").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    monkeypatch.setenv("PATH", str(folder / "bin"))
    return folder


@pytest.fixture
def asked(home: Path) -> Path:
    """What the service managers were asked, one line each."""
    path = home / "asked"
    for name in ("systemctl", "launchctl"):
        program = home / "bin" / name
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> {path}\n')
        program.chmod(0o755)
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "my watch.toml"
    path.write_text('[[folder]]\nsource = "in"\ntarget = "out"\n')
    return path


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.fixture
def macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")


@pytest.mark.usefixtures("linux")
def test_a_systemd_unit_is_written_started_and_explained(home: Path, asked: Path, config: Path) -> None:
    said = list(service.install(config, environment={"UNMIX_STATE": "/a b%c", "LANG": "C"}))
    unit = home / ".config/systemd/user/unmix-watch.service"
    text = unit.read_text()
    program = Path(sys.executable).with_name("unmix")
    assert f'ExecStart=:"{program}" "watch" "--config" "{config}"\n' in text
    assert 'Environment="UNMIX_STATE=/a b%%c"\n' in text
    assert "LANG" not in text
    assert "KillMode=process" in text
    assert asked.read_text().splitlines() == [
        "systemctl --user daemon-reload",
        "systemctl --user enable unmix-watch.service",
        "systemctl --user restart unmix-watch.service",
    ]
    assert said[0] == f"Wrote {unit}"
    assert "To read what it says: journalctl --user -u unmix-watch.service -f" in said


@pytest.mark.usefixtures("linux", "asked")
def test_installing_twice_is_as_installing_once(home: Path, config: Path) -> None:
    list(service.install(config, environment={}))
    unit = home / ".config/systemd/user/unmix-watch.service"
    text = unit.read_text()
    assert next(service.install(config, environment={})) == f"{unit} is as it was."
    assert unit.read_text() == text
    assert [path.name for path in unit.parent.iterdir()] == [unit.name]


@pytest.mark.usefixtures("linux")
def test_uninstalling_stops_and_removes_it_and_does_nothing_the_second_time(
    home: Path, asked: Path, config: Path
) -> None:
    list(service.install(config, start=False, environment={}))
    assert not asked.exists()
    unit = home / ".config/systemd/user/unmix-watch.service"
    assert f"Removed {unit}" in list(service.uninstall())
    assert not unit.exists()
    assert asked.read_text().splitlines() == [
        "systemctl --user disable --now unmix-watch.service",
        "systemctl --user daemon-reload",
    ]
    assert list(service.uninstall()) == [f"{unit} is not there; nothing to undo."]


@pytest.mark.usefixtures("home", "linux")
def test_without_systemctl_it_says_what_to_run(config: Path) -> None:
    said = list(service.install(config, environment={}))
    assert "systemctl is not on this machine; run later: systemctl --user daemon-reload" in said


@pytest.mark.usefixtures("home", "linux")
def test_a_wrong_configuration_is_not_installed(home: Path, config: Path) -> None:
    config.write_text("folder = 1")
    with pytest.raises(ConfigError):
        list(service.install(config, environment={}))
    assert not (home / ".config").exists()


@pytest.mark.usefixtures("macos")
def test_a_launchd_agent_is_written_and_loaded_anew_the_second_time(
    home: Path, asked: Path, config: Path
) -> None:
    list(service.install(config, environment={"UNMIX_STATE": "/x"}))
    path = home / "Library/LaunchAgents/org.unmix.watch.plist"
    facts = plistlib.loads(path.read_bytes())
    assert facts["ProgramArguments"][1:] == ["watch", "--config", str(config)]
    assert facts["EnvironmentVariables"] == {"UNMIX_STATE": "/x"}
    assert facts["AbandonProcessGroup"]
    domain = f"gui/{os.getuid()}"
    assert asked.read_text().splitlines() == [f"launchctl bootstrap {domain} {path}"]
    said = list(service.install(config, environment={"UNMIX_STATE": "/x"}))
    assert asked.read_text().splitlines()[1:] == [
        f"launchctl bootout {domain} {path}",
        f"launchctl bootstrap {domain} {path}",
    ]
    assert f"To read what it says: tail -f {home}/Library/Logs/unmix-watch.log" in said


@pytest.mark.usefixtures("home")
def test_elsewhere_it_says_which_task_to_make(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(NotSupported, match="schtasks /Create /TN unmix-watch /SC ONLOGON"):
        list(service.install(config, environment={}))
