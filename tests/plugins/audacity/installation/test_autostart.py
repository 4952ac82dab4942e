"""The entry that starts the bridge at login."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from daemons import eventually
from unmix_plugins.audacity.installation.autostart import autostart_entry, autostart_file

ODD = '/home/Jörg/a b/50% "quoted" $HOME `x` back\\slash/unmix'
HOME = Path("/home/j")


def exec_words(entry: str) -> list[str]:
    """The argument list of Exec as the Desktop Entry Specification has it, in its own order of steps."""
    (value,) = re.findall(r"^Exec=(.*)$", entry, re.MULTILINE)
    value = re.sub(
        r"\\(.)", lambda found: {"n": "\n", "t": "\t", "r": "\r", "s": " ", "\\": "\\"}[found[1]], value
    )
    words = re.findall(r'"((?:\\.|[^"\\])*)"', value)
    return [re.sub(r'\\(["`$\\])', r"\1", word).replace("%%", "%") for word in words]


def test_the_entry_runs_the_command_whatever_its_path() -> None:
    entry = autostart_entry((ODD, "audacity", "run"), {}).decode()
    assert exec_words(entry) == [ODD, "audacity", "run"]
    assert entry.startswith("[Desktop Entry]\nType=Application\n")


def test_the_entry_hands_on_what_is_unmixs_own_but_no_secret() -> None:
    environment = {"UNMIX_STATE": "/s t", "UNMIX_TOKEN": "secret", "PATH": "/bin", "UNMIX_WEIGHTS": "/w"}
    entry = autostart_entry(("/bin/unmix", "audacity", "run"), environment).decode()
    assert exec_words(entry) == [
        "env",
        "UNMIX_STATE=/s t",
        "UNMIX_WEIGHTS=/w",
        "/bin/unmix",
        "audacity",
        "run",
    ]


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="desktop-file-utils is not installed")
def test_the_entry_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "org.unmix.audacity.desktop"
    path.write_bytes(autostart_entry((ODD, "audacity", "run"), {"UNMIX_STATE": "/s"}))
    subprocess.run(["desktop-file-validate", path], check=True)


@pytest.mark.skipif(not shutil.which("gio"), reason="gio is not installed")
def test_a_desktop_runs_the_entry_with_the_very_words(tmp_path: Path) -> None:
    program = tmp_path / 'a b 50% "quoted" $HOME `x` back\\slash' / "unmix"
    program.parent.mkdir()
    said = tmp_path / "said"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" "$UNMIX_STATE" > {said}.part && mv {said}.part {said}\n'
    )
    program.chmod(0o755)
    path = tmp_path / "org.unmix.audacity.desktop"
    path.write_bytes(autostart_entry((str(program), "audacity", "run"), {"UNMIX_STATE": "/s $x"}))
    subprocess.run(["gio", "launch", path], check=True, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    eventually(said.exists)
    assert said.read_text().splitlines() == ["audacity", "run", "/s $x"]


def test_the_entry_is_where_desktops_look() -> None:
    assert autostart_file({}, HOME) == HOME / ".config/autostart/org.unmix.audacity.desktop"
    assert autostart_file({"XDG_CONFIG_HOME": "/c"}, HOME).parent == Path("/c/autostart")


def test_a_shell_would_see_the_same_words_where_nothing_is_odd() -> None:
    entry = autostart_entry(("/opt/unmix/bin/unmix", "audacity", "run"), {}).decode()
    line = next(line for line in entry.splitlines() if line.startswith("Exec="))
    assert shlex.split(line.removeprefix("Exec=")) == ["/opt/unmix/bin/unmix", "audacity", "run"]
