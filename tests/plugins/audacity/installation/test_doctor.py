"""Each usual fault is found and its cure is said."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from daemons import eventually
from fake_daemon import FakeDaemon
from plugins.audacity.homes import Home
from typer.testing import CliRunner
from unmix.locations import Endpoint, write_endpoint
from unmix_plugins.audacity.bridge.control import Event, Request, Server
from unmix_plugins.audacity.effect.fifo import Fifos
from unmix_plugins.audacity.installation.doctor import check
from unmix_plugins.audacity.installation.install import carry_out, plan_install
from unmix_plugins.audacity.program.places import FOLDER, find_places
from unmix_plugins.checkup import Finding
from unmix_plugins.cli._main import app
from unmix_plugins.client import Client
from unmix_plugins.version import version


class Bridge:
    """Answers as the bridge does; `said` can be changed."""

    def __init__(self, folder: Path) -> None:
        self.said: dict[str, object] = {
            "event": "status",
            "pid": os.getpid(),
            "version": version(),
            "audacity": {"connected": True, "pid": 1},
            "jobs": [],
        }
        self.server = Server(folder, self._handle)

    def _handle(self, _: Request) -> Iterator[Event]:
        yield self.said


@pytest.fixture
def pipes(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def installed(home: Home, state: Path) -> Home:
    """Everything is as it should be, Audacity was started with it, and was closed."""
    home.install_audacity().start_audacity_once()
    carry_out(plan_install(find_places(), state / FOLDER, ("/bin/unmix", "audacity", "run")))
    home.register()
    return home


@pytest.fixture
def bridge(state: Path) -> Iterator[Bridge]:
    made = Bridge(state / FOLDER)
    made.server.start()
    with Fifos(state / FOLDER):
        yield made
    made.server.close()


@pytest.fixture
def look(daemon: FakeDaemon, state: Path, pipes: Path) -> Callable[[], dict[str, Finding]]:
    """The findings by subject; of two with one subject, the fault."""

    def connect() -> Client:
        return Client.connect(state, client_name="test", start=False)

    def found() -> dict[str, Finding]:
        findings = sorted(check(None, state, connect, pipes=pipes), key=lambda finding: not finding.ok)
        return {finding.subject: finding for finding in findings}

    return found


Look = Callable[[], dict[str, Finding]]


def fault(finding: Finding, text: str, cure: str) -> None:
    assert not finding.ok
    assert text in finding.text
    assert cure in finding.cure


def test_nothing_is_wrong_where_all_is_in_place(installed: Home, bridge: Bridge, look: Look) -> None:
    findings = look()
    assert "3.2.4" in findings["Audacity"].text
    assert findings["script pipe"].text == f"on: {installed.module}"
    assert findings["connection"].text == "the bridge has Audacity's script pipe"
    names = {"Audacity", "effects", "menu", "script pipe", "door", "connection", "models to denoise"}
    assert {name for name in names if not findings[name].ok} == set()


def test_no_audacity_is_found(home: Home, look: Look) -> None:
    fault(look()["Audacity"], "There is no Audacity", "do that")


@pytest.mark.parametrize(
    ("major", "text", "cure"),
    [("4", "has no script pipe", "Audacity 3 beside it"), ("2", "is too old", "3.2 or newer")],
)
def test_a_version_that_cannot_work_is_found(
    installed: Home, look: Look, major: str, text: str, cure: str
) -> None:
    installed.settings.write_text(installed.settings.read_text().replace("Major=3", f"Major={major}"))
    fault(look()["Audacity"], text, cure)


def test_missing_effects_are_found(installed: Home, look: Look) -> None:
    (installed.plug_ins / "unmix-denoise.ny").unlink()
    fault(look()["effects"], "lacks unmix-denoise.ny", "`unmix audacity install`")


def test_edited_effects_are_found(installed: Home, look: Look) -> None:
    (installed.plug_ins / "unmix.lsp").write_text("; mine")
    fault(look()["effects"], "edited: unmix.lsp", "keeps a backup")


def test_effects_of_another_version_are_found(installed: Home, look: Look) -> None:
    note = installed.plug_ins / "unmix-install.json"
    said = json.loads(note.read_text())
    note.write_text(json.dumps(said | {"version": "0.0.9"}))
    fault(look()["effects"], "they are of unmix 0.0.9", "`unmix audacity install`")


def test_effects_that_look_for_the_bridge_elsewhere_are_found(installed: Home, look: Look) -> None:
    (installed.plug_ins / "unmix-folder.lsp").write_text('(setf *unmix-folder* "/elsewhere/audacity/")\n')
    fault(look()["effects"], "names another folder", "UNMIX_STATE")


def test_an_effect_that_audacity_does_not_know_is_found(installed: Home, look: Look) -> None:
    installed.register(leave_out="unmix-separate.ny")
    fault(look()["menu"], "has not registered unmix-separate.ny", "start it again")


def test_effects_that_audacity_has_never_seen_are_no_fault(installed: Home, look: Look) -> None:
    installed.registry.unlink()
    assert look()["menu"].ok
    assert look()["menu"].cure == "start Audacity"


def test_switched_off_and_broken_effects_are_found(installed: Home, look: Look) -> None:
    installed.register(enabled=0)
    fault(look()["menu"], "switched off: unmix-denoise", "Plugin Manager")
    installed.register(valid=0)
    fault(look()["menu"], "could not load unmix-denoise", "Plugin Manager")


def test_a_pipe_that_is_off_is_found(installed: Home, look: Look) -> None:
    installed.settings.write_text(installed.settings_text(4))
    fault(look()["script pipe"], "it is off", "close Audacity, then `unmix audacity install`")


def test_a_module_that_was_updated_is_found(installed: Home, look: Look) -> None:
    os.utime(installed.module, (1_700_000_000, 1_700_000_000))
    fault(look()["script pipe"], "the module has changed", "close Audacity, then `unmix audacity install`")


def test_a_module_that_has_moved_is_found(installed: Home, look: Look) -> None:
    text = installed.settings.read_text()
    installed.settings.write_text(text.replace(str(installed.module), "/gone/mod-script-pipe.so"))
    fault(look()["script pipe"], "names /gone/mod-script-pipe.so, which is gone", "close Audacity")


def test_a_missing_module_is_found(installed: Home, look: Look) -> None:
    installed.module.unlink()
    installed.settings.write_text("[Version]\nMajor=3\nMinor=2\nMicro=4\n")
    fault(look()["script pipe"], "mod-script-pipe was not found", "install the Audacity of your distribution")


def test_no_bridge_is_found(installed: Home, look: Look) -> None:
    fault(look()["bridge"], "none runs", "`unmix audacity run`")
    assert look()["door"].ok


def test_a_bridge_of_another_version_is_found(installed: Home, bridge: Bridge, look: Look) -> None:
    bridge.said["version"] = "0.0.9"
    fault(look()["bridge"], "is of unmix 0.0.9", "`unmix audacity stop`, then `unmix audacity run`")


def test_a_second_bridge_is_found(
    installed: Home, bridge: Bridge, look: Look, start_sleeper: Callable[..., int]
) -> None:
    pid = start_sleeper(installed.folder, "unmix", "audacity", "run")
    eventually(lambda: str(pid) in look()["bridge"].text)
    fault(look()["bridge"], "another bridge runs", "end it")


def test_a_door_that_a_killed_bridge_left_is_found(installed: Home, state: Path, look: Look) -> None:
    folder = state / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "door").write_text("/proc/999999999/fd/3\n/proc/999999999/fd/4\n")
    fault(look()["door"], "names a bridge that is gone", "`unmix audacity run`")


def test_a_door_with_the_number_of_another_process_is_found(
    installed: Home, bridge: Bridge, state: Path, look: Look
) -> None:
    (state / FOLDER / "door").write_text("/proc/1/fd/0\n/proc/1/fd/1\n")
    fault(look()["door"], "names a bridge that is gone", "`unmix audacity run`")


def test_a_closed_door_of_a_living_bridge_is_found(
    installed: Home, bridge: Bridge, state: Path, look: Look
) -> None:
    (state / FOLDER / "door").unlink()
    fault(look()["door"], "closed", "`unmix audacity stop`, then `unmix audacity run`")


def test_a_running_audacity_without_a_pipe_is_found(
    installed: Home, bridge: Bridge, look: Look, start_sleeper: Callable[..., int]
) -> None:
    bridge.said["audacity"] = {"connected": False, "pid": None}
    start_sleeper(installed.folder)
    fault(look()["connection"], "has made no script pipe", "`unmix audacity install`")


def test_a_pipe_that_the_bridge_cannot_reach_is_found(
    installed: Home, bridge: Bridge, look: Look, pipes: Path, start_sleeper: Callable[..., int]
) -> None:
    bridge.said["audacity"] = {"connected": False, "pid": None}
    fifo = pipes / f"audacity_script_pipe.to.{os.getuid()}"
    os.mkfifo(fifo)
    assert "left over, which does no harm" in look()["connection"].text
    start_sleeper(installed.folder)
    fault(look()["connection"], "the bridge cannot reach it", "close Audacity and start it again")
    fifo.unlink()
    fifo.write_text("no pipe")
    fault(look()["connection"], "is no pipe", f"delete {fifo}")


def test_no_daemon_is_found(installed: Home, state: Path, pipes: Path) -> None:
    def connect() -> Client:
        return Client.connect(state, client_name="test", start=False)

    *_, last = check(None, state, connect, pipes=pipes)
    assert (last.subject, last.ok) == ("daemon", True)
    assert last.text == "none runs; whatever needs one starts it"
    write_endpoint(state, Endpoint(1, "1", (f"unix:{state}/nobody.sock",)))
    *_, last = check(None, state, connect, pipes=pipes)
    fault(last, "No daemon", "`unmix doctor`")


def test_the_command_tells_faults_and_exits_with_1(installed: Home, daemon: FakeDaemon) -> None:
    result = CliRunner().invoke(app, ["audacity", "doctor"])
    assert result.exit_code == 1
    assert "✗ bridge: none runs" in result.stdout
    told = json.loads(CliRunner().invoke(app, ["audacity", "doctor", "--json"]).stdout)
    assert told["ok"] is False
    assert "bridge" in {finding["subject"] for finding in told["findings"] if not finding["ok"]}
