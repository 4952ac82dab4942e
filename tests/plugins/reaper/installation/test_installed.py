"""The actions as they are after an installation, in the stand-in for REAPER."""

import json
import sys
from pathlib import Path

import pytest
from fake_reaper import FakeReaper, examples
from plugins.reaper.installation.folders import make_folder
from unmix_plugins.reaper.installation.actions import ACTIONS
from unmix_plugins.reaper.installation.install import carry_out, plan_install

WORKING = [action for action in ACTIONS if action.file_name not in ("Unmix_Settings.py", "Unmix_Cancel.py")]


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return tmp_path / "calls"


@pytest.fixture
def reaper(tmp_path: Path, calls: Path) -> FakeReaper:
    folder = make_folder(tmp_path / "RÉAPER folder")
    client = tmp_path / "client.py"
    client.write_text(
        "import json, sys\n"
        f"print(json.dumps(sys.argv[1:]), file=open({str(calls)!r}, 'w'))\n"
        'print(json.dumps({"event": "failed", "message": "The client was here."}))\n'
    )
    carry_out(plan_install(folder, [sys.executable, str(client)]))
    project, _ = examples.one(tmp_path / "project", "plain")
    return FakeReaper(project, resource_folder=folder)


def script(reaper: FakeReaper, file_name: str) -> Path:
    return reaper.switches.resource_folder / "Scripts" / "unmix" / file_name


@pytest.mark.parametrize("file_name", [action.file_name for action in WORKING])
def test_every_installed_action_reaches_the_installed_client(
    reaper: FakeReaper, calls: Path, file_name: str
) -> None:
    reaper.run_script(script(reaper, file_name))
    reaper.run_until_idle()
    command, job = json.loads(calls.read_text())
    assert (command, Path(job).suffix) == ("reaper-run", ".json")
    assert reaper.messages == ["The client was here."]
    assert reaper.problems == []


def test_without_its_notes_an_action_says_what_to_do(reaper: FakeReaper) -> None:
    script(reaper, "unmix_reaper.json").unlink()
    reaper.run_script(script(reaper, ACTIONS[0].file_name))
    reaper.run_until_idle()
    assert "`unmix reaper install`" in reaper.messages[0]
    assert reaper.problems == []
