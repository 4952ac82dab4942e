"""The daemon as a service of its user."""

import os
import plistlib
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from unmix_daemon import install as service
from unmix_daemon.install import daemon_service

ODD = [
    "/opt/a folder/50% $HOME é/python",
    "-m",
    "unmix_daemon",
    "run",
    "--config",
    "/home/me/my \"settings\" \\ 'of' $1 100%n\nand more.toml",
]


@pytest.fixture(autouse=True)
def a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()


def command_that(tmp_path: Path, name: str, script: str) -> None:
    path = tmp_path / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def unquoted(line: str) -> list[str]:
    """The words of a systemd command line, by the rules of systemd.service(5) and systemd.syntax(7)."""
    words: list[str] = []
    characters = iter(line)
    for character in characters:
        assert character in ' "'
        if character == " ":
            continue
        word = ""
        for inner in characters:
            if inner == '"':
                break
            if inner == "\\":
                escaped = next(characters)
                word += {"n": "\n", "\\": "\\", '"': '"'}[escaped]
            elif inner == "%":
                assert next(characters) == "%"
                word += "%"
            else:
                word += inner
        words.append(word)
    return words


def exec_start(unit: str) -> str:
    lines = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    assert len(lines) == 1
    return lines[0].removeprefix("ExecStart=")


def unit(command: list[str]) -> str:
    return replace(daemon_service(None), command=command).systemd_unit()


def test_a_unit_gives_systemd_every_word_as_it_is() -> None:
    line = exec_start(unit(ODD))
    assert line[0] == ":"  # $ is left alone
    assert unquoted(line[1:]) == ODD


def test_a_unit_restarts_after_a_failure_and_starts_at_login() -> None:
    lines = unit(["/usr/bin/python3"]).splitlines()
    assert "Restart=on-failure" in lines
    assert "WantedBy=default.target" in lines
    assert [line for line in lines if line.startswith("[")] == ["[Unit]", "[Service]", "[Install]"]


def test_a_unit_waits_longer_than_the_drain_time_and_keeps_off_a_daemon_that_is_there(tmp_path: Path) -> None:
    list(service.install(None, start=False, drain=99.5, environment={}))
    lines = daemon_service(None).file().read_text("utf-8").splitlines()
    assert "TimeoutStopSec=115" in lines
    assert "RestartPreventExitStatus=75" in lines


def test_the_service_sees_the_variables_of_unmix_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"UNMIX_STATE": '/a "b" 5%', "UNMIXD_DRAIN": "7", "UNMIX_TOKEN": "x", "AWS_SECRET": "x"}
    list(service.install(None, start=False, environment=given))
    lines = daemon_service(None).file().read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("Environment=")] == [
        'Environment="UNMIXD_DRAIN=7"',
        r'Environment="UNMIX_STATE=/a \"b\" 5%%"',
    ]
    monkeypatch.setattr(sys, "platform", "darwin")
    list(service.install(None, start=False, environment=given))
    agent = plistlib.loads(daemon_service(None).file().read_bytes())
    assert agent["EnvironmentVariables"] == {"UNMIX_STATE": '/a "b" 5%', "UNMIXD_DRAIN": "7"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_the_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    analyze = shutil.which("systemd-analyze", path="/usr/bin:/bin")
    python = tmp_path / "a folder 50% $HOME é" / "python"
    python.parent.mkdir()
    python.symlink_to("/bin/sh")
    path = tmp_path / "unmixd.service"
    path.write_text(unit([str(python), *ODD[1:]]), "utf-8")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert analyze
    verified = subprocess.run(
        [analyze, "--user", "verify", str(path)], capture_output=True, text=True, check=False
    )
    if "Failed to initialize manager" in verified.stderr:
        pytest.skip(f"systemd-analyze cannot run here: {verified.stderr.strip()}")
    assert verified.stderr == ""
    assert verified.returncode == 0


def test_a_property_list_gives_launchd_every_word_as_it_is(tmp_path: Path) -> None:
    agent = plistlib.loads(
        replace(daemon_service(None), command=[word.replace("\n", " ") for word in ODD]).launchd_plist()
    )
    assert agent["ProgramArguments"] == [word.replace("\n", " ") for word in ODD]
    assert agent["Label"] == "org.unmix.unmixd"
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["StandardErrorPath"] == str(tmp_path / "Library/Logs/unmixd.log")


def test_installing_writes_the_unit_and_says_how_to_start_it(tmp_path: Path) -> None:
    said = list(service.install(None, start=False))
    unit = tmp_path / ".config/systemd/user/unmixd.service"
    assert said == [
        f"Wrote {unit}",
        "To start it: systemctl --user daemon-reload",
        "To start it: systemctl --user enable unmixd.service",
        "To start it: systemctl --user restart unmixd.service",
    ]
    words = unquoted(exec_start(unit.read_text("utf-8"))[1:])
    assert words == [sys.executable, "-P", "-m", "unmix_daemon", "run"]


def test_the_configuration_is_named_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    list(service.install(Path("my settings.toml"), start=False))
    words = unquoted(exec_start(daemon_service(None).file().read_text("utf-8"))[1:])
    assert words[-2:] == ["--config", str(tmp_path / "my settings.toml")]


def test_the_users_own_configuration_folder_is_respected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "elsewhere"))
    list(service.install(None, start=False))
    assert (tmp_path / "elsewhere/systemd/user/unmixd.service").exists()
    assert not (tmp_path / ".config").exists()


def test_without_systemctl_it_says_what_to_run_later(tmp_path: Path) -> None:
    said = list(service.install(None, start=True))
    assert said[1:] == [
        "systemctl is not on this machine; run later: systemctl --user daemon-reload",
        "systemctl is not on this machine; run later: systemctl --user enable unmixd.service",
        "systemctl is not on this machine; run later: systemctl --user restart unmixd.service",
    ]
    assert daemon_service(None).file().exists()


def test_with_systemctl_it_is_started(tmp_path: Path) -> None:
    command_that(tmp_path, "systemctl", f'echo "$@" >> {tmp_path}/calls')
    said = list(service.install(None, start=True))
    assert (tmp_path / "calls").read_text().splitlines() == [
        "--user daemon-reload",
        "--user enable unmixd.service",
        "--user restart unmixd.service",
    ]
    assert said[1:] == [
        "Ran systemctl --user daemon-reload",
        "Ran systemctl --user enable unmixd.service",
        "Ran systemctl --user restart unmixd.service",
    ]


def test_a_service_manager_that_fails_is_quoted(tmp_path: Path) -> None:
    command_that(tmp_path, "systemctl", 'echo "Failed to connect to bus" >&2; exit 1')
    said = list(service.install(None, start=True))
    assert said[1] == (
        "systemctl --user daemon-reload failed (Failed to connect to bus); run it again once you are logged in."
    )


def test_installing_again_replaces_the_file() -> None:
    list(service.install(None, start=False))
    daemon_service(None).file().write_text("old", "utf-8")
    list(service.install(None, start=False))
    assert exec_start(daemon_service(None).file().read_text("utf-8"))


def test_uninstalling_undoes_installing(tmp_path: Path) -> None:
    command_that(tmp_path, "systemctl", f'echo "$@" >> {tmp_path}/calls')
    list(service.install(None, start=False))
    unit = daemon_service(None).file()
    assert list(service.uninstall()) == [
        "Ran systemctl --user disable --now unmixd.service",
        f"Removed {unit}",
        "Ran systemctl --user daemon-reload",
    ]
    assert not unit.exists()
    assert list(service.uninstall()) == [f"{unit} is not there; nothing to undo."]


def test_a_mac_gets_an_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    agent = tmp_path / "Library/LaunchAgents/org.unmix.unmixd.plist"
    assert list(service.install(None, start=False)) == [
        f"Wrote {agent}",
        f"To start it: launchctl bootstrap gui/{os.getuid()} {agent}",
    ]
    assert plistlib.loads(agent.read_bytes())["ProgramArguments"][0] == sys.executable
    assert list(service.uninstall())[-1] == f"Removed {agent}"


def test_other_systems_are_told_what_to_do_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    for work in (service.install(None, start=False), service.uninstall()):
        with pytest.raises(service.InstallError, match="Start `unmixd run` at login instead"):
            list(work)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / ".config").write_text("a file where a folder should be")
    with pytest.raises(service.InstallError, match=r"unmixd\.service cannot be written \("):
        list(service.install(None, start=False))


def test_a_file_that_cannot_be_removed_is_named() -> None:
    daemon_service(None).file().mkdir(parents=True)
    with pytest.raises(service.InstallError, match=r"unmixd\.service cannot be removed \("):
        list(service.uninstall())
