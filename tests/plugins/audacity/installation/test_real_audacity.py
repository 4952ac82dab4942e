"""Install, look and uninstall with the real Audacity."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from daemons import eventually
from plugins.audacity.real_audacity import Audacity
from typer.testing import CliRunner
from unmix_plugins.audacity.bridge.lock import holder
from unmix_plugins.audacity.bridge.process import ensure_bridge, status, stop_bridge
from unmix_plugins.audacity.effect.fifo import DOOR, Fifos
from unmix_plugins.audacity.effect.request import Nothing
from unmix_plugins.audacity.installation.configuration import setting_of
from unmix_plugins.audacity.installation.install import EFFECTS
from unmix_plugins.audacity.program.editor import Editor
from unmix_plugins.audacity.program.places import FOLDER
from unmix_plugins.cli._main import app

pytestmark = pytest.mark.long

SETTINGS = """PrefsVersion=1.1.1r1
[Version]
Major=3
Minor=2
Micro=4
[GUI]
ShowSplashScreen=0
EmptyCanBeDirty=0
[Update]
DefaultUpdatesChecking=0
UpdateNoticeShown=1
[Directories]
TempDir={temporary}
"""
BRIDGE = """
import sys; from pathlib import Path; from unmix_plugins.audacity.bridge import app as bridge
bridge.run(Path(sys.argv[1]), pipes=Path(sys.argv[2]), with_window=False)
"""
NAMES = {
    line.split('"')[1]
    for path in EFFECTS.glob("*.ny")
    for line in path.read_text("utf-8").splitlines()
    if line.startswith("$name")
}

Unmix = Callable[..., tuple[int, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which Audacity asks nothing at its start. (3.2.4 does not find one that is not ASCII.)"""
    folder = tmp_path / "it's a home"
    settings = folder / ".config/audacity/audacity.cfg"
    settings.parent.mkdir(parents=True)
    settings.write_text(SETTINGS.format(temporary=folder / "temporary"), "utf-8")
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def audacity(home: Path, state: Path, new_display: Callable[[], str]) -> Iterator[Audacity]:
    with Audacity(home, new_display(), shared=[state]) as program:
        yield program


@pytest.fixture
def unmix(home: Path) -> Unmix:
    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["audacity", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output

    return run


@pytest.fixture
def bridge(state: Path, audacity: Audacity) -> Iterator[None]:
    ensure_bridge(state, (sys.executable, "-c", BRIDGE, str(state), str(audacity.pipes)))
    pid = holder(state / FOLDER)
    yield
    if pid and psutil.pid_exists(pid):
        psutil.Process(pid).kill()


def registered(audacity: Audacity) -> int:
    """How many effects of Unmix Audacity has in its registry."""
    registry = audacity.configuration.with_name("pluginregistry.cfg")
    text = registry.read_text("utf-8") if registry.exists() else ""
    return text.count("Plug-Ins/unmix-")


def module_status(audacity: Audacity) -> str | None:
    """What the settings say; Audacity removes the file for an instant whenever it writes it."""
    try:
        return setting_of(audacity.configuration.read_bytes()).get("Module")
    except FileNotFoundError:
        return None


def test_installing_brings_the_effects_and_the_pipe_and_uninstalling_takes_them_away(
    audacity: Audacity, unmix: Unmix
) -> None:
    before = audacity.configuration.read_bytes()
    assert unmix("install", "--no-autostart")[0] == 0
    audacity.start()
    editor = Editor(audacity.pipe)
    assert {name for name in NAMES if not editor.has_effect(name)} == set()
    _, told = unmix("doctor")
    for subject in ("Audacity: Audacity 3.", "effects: ", f"menu: all {len(NAMES)}", "script pipe: on: /"):
        assert f"✓ {subject}" in told
    code, told = unmix("uninstall")
    assert code == 1
    assert f"Audacity runs (process {audacity.pid})" in told
    audacity.stop()
    assert unmix("install", "--no-autostart")[0] == 0
    running = audacity.configuration.read_bytes()
    assert unmix("uninstall")[0] == 0
    after = audacity.configuration.read_bytes()
    ours = [b"[Module]", b"[ModulePath]", b"[ModuleDateTime]"]
    assert [line for line in running.splitlines() if line not in after.splitlines()][::2] == ours
    assert set(before.splitlines()) <= set(after.splitlines())  # and what Audacity has added
    assert setting_of(after) == setting_of(before)
    audacity.start(connect=False)
    eventually(lambda: audacity.screen.windows("NORMAL"))
    eventually(lambda: registered(audacity) == 0)
    eventually(lambda: module_status(audacity) == "4")
    assert not list(audacity.pipes.glob("audacity_script_pipe.*"))


def test_the_first_start_after_an_installation_has_effects_and_bridge_together(
    audacity: Audacity, unmix: Unmix, state: Path, bridge: None
) -> None:
    """The start that registers the effects is also the one whose pipe only a bridge in waiting can reach."""
    assert unmix("install", "--no-autostart")[0] == 0
    audacity.start(connect=False)
    eventually(lambda: status(state)["audacity"]["connected"])
    eventually(lambda: audacity.screen.windows("NORMAL"))
    eventually(lambda: registered(audacity) == len(NAMES))

    def asks_for_a_track() -> bool:
        code, told = unmix("denoise")
        assert code == 1
        return "No audio track is selected" in told

    eventually(asks_for_a_track)
    _, told = unmix("doctor")
    assert "✓ door: open" in told
    assert "✓ connection: the bridge has Audacity's script pipe" in told
    assert (state / FOLDER / DOOR).exists()
    stop_bridge(state)
    assert "✗ bridge: none runs" in unmix("doctor")[1]


def test_the_setting_is_lost_with_the_modules_time_and_comes_back(audacity: Audacity, unmix: Unmix) -> None:
    """As when a package has replaced the module; here only the time that Audacity has noted is another."""
    assert unmix("install", "--no-autostart")[0] == 0
    text = audacity.configuration.read_text("utf-8")
    time = setting_of(text.encode())["ModuleDateTime"]
    assert time
    audacity.configuration.write_text(text.replace(time, "2001-01-01T00:00:00"), "utf-8")
    assert "✗ script pipe: the module has changed" in unmix("doctor")[1]
    audacity.start(connect=False)
    eventually(lambda: module_status(audacity) == "4")
    eventually(lambda: audacity.screen.windows("NORMAL"))
    assert "✗ script pipe: it is off" in unmix("doctor")[1]
    assert unmix("install", "--no-autostart")[0] == 1
    audacity.kill()
    assert unmix("install", "--no-autostart")[0] == 0
    audacity.start()
    assert audacity.pipe.command("Message: Text=here") == ["here"]


def test_effects_find_a_bridge_in_a_folder_of_any_name(
    audacity: Audacity, unmix: Unmix, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = home / 'Größe "x" \\n'
    monkeypatch.setenv("UNMIX_STATE", str(state))
    assert unmix("install", "--no-autostart")[0] == 0
    audacity.start()
    heard: list[str] = []
    with Fifos(state / FOLDER) as fifos:

        def answer() -> None:
            for request in fifos.requests():
                heard.append(request)
                fifos.answer(Nothing())

        threading.Thread(target=answer, daemon=True).start()
        # Where it finds no fifos the effect shows a box, and the pipe gives no answer until somebody closes that.
        audacity.pipe.command(f"{Editor(audacity.pipe).menu_ids()['Unmix Status']}:", patience=20)
    assert ["operation=status" in request for request in heard] == [True]
