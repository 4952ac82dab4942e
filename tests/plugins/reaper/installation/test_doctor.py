import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_daemon import FakeDaemon, separator
from plugins.reaper.installation.folders import KEYMAP, MENU, SETTINGS, make_folder, make_scripts, reaper_in
from typer.testing import CliRunner
from unmix.locations import Endpoint, write_endpoint
from unmix_plugins.checkup import Finding
from unmix_plugins.cli._main import app
from unmix_plugins.client import Client
from unmix_plugins.reaper.installation.doctor import check
from unmix_plugins.reaper.installation.install import carry_out, plan_install
from unmix_plugins.reaper.installation.python_library import usable_library
from unmix_plugins.version import version

Look = Callable[[], dict[str, Finding]]
posix_only = pytest.mark.skipif(os.name == "nt", reason="the stand-in for the client is a shell script")


def client(folder: Path, said: str) -> Path:
    path = folder / "unmix"
    path.write_text(f"#!/bin/sh\necho '{said}'\n")
    path.chmod(0o755)
    return path


def python(**settings: str) -> bytes:
    lines = "".join(f"{key}={value}\n" for key, value in settings.items())
    return SETTINGS.replace(b"[REAPER]\n", b"[REAPER]\n" + os.fsencode(lines))


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    return make_scripts(tmp_path / "shipped")


@pytest.fixture
def folder(tmp_path: Path, scripts: Path) -> Path:
    """A resource folder in which all is well."""
    library = usable_library()
    if library is None:
        pytest.skip("every Python of this machine is linked statically")
    settings = python(reascript="1", pythonlibpath64=str(library.parent), pythonlibdll64=library.name)
    made = make_folder(tmp_path / "REAPER", keymap=KEYMAP, menu=MENU, settings=settings)
    program = client(tmp_path, f"unmix {version()}")
    carry_out(plan_install(made, [str(program)], scripts=scripts))
    return made


@pytest.fixture
def look(folder: Path, scripts: Path, daemon: FakeDaemon) -> Look:
    daemon.script.status.version = version()

    def connect() -> Client:
        return Client.connect(daemon.state, client_name="test", start=False)

    return lambda: {finding.subject: finding for finding in check(folder, connect, scripts=scripts)}


@posix_only
def test_a_whole_installation_has_no_fault(look: Look, folder: Path) -> None:
    found = look()
    assert [finding for finding in found.values() if not finding.ok] == []
    assert list(found) == [
        "resource folder",
        "scripts",
        "actions",
        "buttons",
        "python",
        "client",
        "REAPER",
        "daemon",
        "models to denoise",
        "models to separate",
    ]
    assert found["resource folder"].text == str(folder)
    assert found["buttons"].text == "in Floating toolbar 16"
    assert found["REAPER"].text == "does not run"


def test_a_missing_script_is_found(look: Look, folder: Path) -> None:
    (folder / "Scripts" / "unmix" / "Unmix_Cancel.py").unlink()
    found = look()["scripts"]
    assert (found.ok, found.cure) == (False, "`unmix reaper install`")
    assert found.text.endswith("lacks Unmix_Cancel.py")


def test_an_edited_script_is_found(look: Look, folder: Path) -> None:
    (folder / "Scripts" / "unmix" / "Unmix_Cancel.py").write_bytes(b"# mine")
    found = look()["scripts"]
    assert (found.ok, found.text) == (False, "edited: Unmix_Cancel.py")


def test_scripts_of_another_version_are_found(look: Look, folder: Path, scripts: Path) -> None:
    (scripts / "Unmix_Cancel.py").write_bytes(b"# newer")
    found = look()["scripts"]
    assert (found.ok, found.text) == (
        False,
        f"they are those of unmix {version()}, not of this one, {version()}",
    )


def test_unregistered_actions_are_found(look: Look, folder: Path) -> None:
    lines = (folder / "reaper-kb.ini").read_bytes().splitlines(keepends=True)
    (folder / "reaper-kb.ini").write_bytes(b"".join(lines[1:]))
    found = look()["actions"]
    assert (found.ok, found.text) == (False, "reaper-kb.ini lacks Denoise items")
    assert found.cure == "`unmix reaper install`, with REAPER closed"


def test_python_that_is_not_configured_is_found_with_what_to_enter(look: Look, folder: Path) -> None:
    (folder / "reaper.ini").write_bytes(SETTINGS)
    found = look()["python"]
    library = usable_library()
    assert library
    assert (found.ok, found.text) == (False, "reaper.ini names no Python library")
    assert f"enter {library.parent} as" in found.cure
    assert f"and {library.name} as" in found.cure


def test_python_that_is_off_is_found(look: Look, folder: Path) -> None:
    content = (folder / "reaper.ini").read_bytes()
    (folder / "reaper.ini").write_bytes(content.replace(b"reascript=1", b"reascript=0"))
    found = look()["python"]
    assert (found.ok, found.text) == (False, "Python scripts are off (reaper.ini lacks reascript=1)")


def test_a_library_without_a_folder_is_found(look: Look, folder: Path) -> None:
    (folder / "reaper.ini").write_bytes(python(reascript="1", pythonlibdll64="libpython3.11.so.1.0"))
    assert look()["python"].text == "reaper.ini does not say in which folder libpython3.11.so.1.0 is"


def test_a_library_that_is_gone_or_none_is_found(look: Look, folder: Path, tmp_path: Path) -> None:
    gone = python(reascript="1", pythonlibpath64=str(tmp_path), pythonlibdll64="libpython3.8.so.1.0")
    (folder / "reaper.ini").write_bytes(gone)
    found = look()["python"]
    path = tmp_path / "libpython3.8.so.1.0"
    assert (found.ok, found.text) == (
        False,
        f"REAPER is told to load {path}, but it cannot be read ({os.strerror(2)})",
    )
    path.write_text("no library")
    assert "it is built for no machine known here" in look()["python"].text


@pytest.mark.parametrize(
    ("said", "text"),
    [("unmix 0.0.1", "says “unmix 0.0.1”, this is unmix"), ("", "says “nothing, with status 0”")],
)
@posix_only
def test_a_client_that_is_another_is_found(look: Look, tmp_path: Path, said: str, text: str) -> None:
    client(tmp_path, said)
    found = look()["client"]
    assert (found.ok, found.cure) == (False, "`unmix reaper install`")
    assert text in found.text


@posix_only
def test_a_client_that_cannot_be_started_is_found(look: Look, tmp_path: Path) -> None:
    (tmp_path / "unmix").chmod(0o644)
    assert "Permission denied" in look()["client"].text


def test_a_client_that_is_gone_is_found(look: Look, tmp_path: Path, folder: Path) -> None:
    (tmp_path / "unmix").unlink()
    assert look()["client"].text == f"{tmp_path / 'unmix'} is gone"
    (folder / "Scripts" / "unmix" / "unmix_reaper.json").write_bytes(b"[1]")
    assert look()["client"].text == "unmix_reaper.json does not say how to start unmix"


@posix_only
def test_a_reaper_that_runs_is_told(look: Look, folder: Path) -> None:
    with reaper_in(folder) as pid:
        found = look()["REAPER"]
    assert found.ok
    assert found.text.startswith(f"process {pid};")


def test_a_file_that_cannot_be_read_is_a_fault_of_its_own(look: Look, folder: Path) -> None:
    (folder / "reaper-menu.ini").unlink()
    (folder / "reaper-menu.ini").mkdir()
    found = look()
    assert not found["buttons"].ok
    assert found["actions"].ok


def test_a_daemon_of_another_version_and_missing_models_are_found(look: Look, daemon: FakeDaemon) -> None:
    daemon.script.status.version = "0.0.1"
    del daemon.script.models[0]
    found = look()
    assert found["daemon"].cure == "`unmix stop`, then `unmix start`"
    assert (found["models to denoise"].ok, found["models to denoise"].cure) == (
        False,
        "`unmix models pull deepfilternet3`",
    )


def test_a_missing_separation_model_is_a_hint_only(look: Look, daemon: FakeDaemon) -> None:
    found = look()["models to separate"]
    assert (found.ok, found.cure) == (True, "`unmix models pull htdemucs`")
    daemon.script.models.append(separator("htdemucs"))
    assert look()["models to separate"] == Finding("models to separate", True, "htdemucs")


def test_the_daemon_is_looked_at_though_there_is_no_reaper(tmp_path: Path, daemon: FakeDaemon) -> None:
    result = CliRunner().invoke(app, ["reaper", "doctor", "--resource-folder", str(tmp_path), "--json"])
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"]) == (1, False)
    subjects = [finding["subject"] for finding in told["findings"]]
    assert subjects[:2] == ["resource folder", "daemon"]


def test_the_command_prints_each_finding_with_its_cure(folder: Path, daemon: FakeDaemon) -> None:
    (folder / "reaper.ini").write_bytes(SETTINGS)
    result = CliRunner().invoke(app, ["reaper", "doctor", "--resource-folder", str(folder)])
    assert result.exit_code == 1
    assert f"✓ resource folder: {folder}\n" in result.stdout
    assert (
        "✗ python: reaper.ini names no Python library\n    → in REAPER, Options > Preferences"
        in result.stdout
    )


@posix_only
def test_a_daemon_that_is_gone_without_a_word_is_a_fault_and_none_is_not(
    folder: Path, scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect() -> Client:
        return Client.connect(client_name="test", start=False)

    state = tmp_path / "its-state"
    state.mkdir(mode=0o700)
    monkeypatch.setenv("UNMIX_STATE", str(state))
    found = {finding.subject: finding for finding in check(folder, connect, scripts=scripts)}
    assert found["daemon"].ok
    write_endpoint(state, Endpoint(1, "1", (f"unix:{state}/nobody.sock",)))
    found = {finding.subject: finding for finding in check(folder, connect, scripts=scripts)}
    assert not found["daemon"].ok
    assert found["daemon"].cure == "`unmix doctor`"
