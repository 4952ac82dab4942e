"""Scripts that are updated while REAPER runs, which keeps whatever Python has imported until it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from plugins.reaper.scripts.studio import Desk
from protos.test_children import set_traps, sprung
from unmix_plugins.reaper.installation.install import SCRIPTS

OLD, NEW = '"denoised %s"', '"cleaned %s"'


@pytest.mark.parametrize("separate", [False, True])
def test_the_next_action_is_of_the_new_version(tmp_path: Path, separate: bool) -> None:
    desk = Desk.with_item(tmp_path, separate_interpreters=separate)
    desk.run("denoise")
    desk.change_script(OLD, NEW)
    desk.run("denoise")
    assert desk.undo_points == ["Unmix: denoised 1 item", "Unmix: cleaned 1 item"]
    assert desk.reaper.problems == []


def test_a_job_that_runs_goes_on_with_the_version_that_it_began_with(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, mode="waits")
    desk.begin_and_wait("denoise")
    desk.change_script(OLD, NEW)
    desk.begin("settings")
    assert desk.go() == ""
    desk.run("denoise")
    assert desk.undo_points == ["Unmix: denoised 1 item", "Unmix: cleaned 1 item"]
    assert desk.reaper.problems == []


def test_the_new_version_cancels_a_job_of_the_old_one(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path, mode="waits")
    desk.begin_and_wait("denoise")
    desk.change_script('"cancelling"', '"it shall end"')
    desk.begin("vocals")
    assert "still works on the last action" in desk.reaper.messages[0]
    desk.finish()
    assert len(desk.jobs) == 1
    assert desk.help == "Unmix: cancelled, and nothing was changed"
    assert desk.is_unchanged


def test_modules_may_come_and_go(tmp_path: Path) -> None:
    desk = Desk.with_item(tmp_path)
    desk.run("denoise")
    (desk.modules / "undo.py").rename(desk.modules / "points.py")
    for path in desk.modules.glob("*.py"):
        path.write_text(path.read_text("ascii").replace("from .undo import", "from .points import"), "ascii")
    desk.run("denoise")
    (desk.scripts / "look.py").write_text(
        "import sys\nfrom reaper_python import *\n"
        "known = [name for name in sys.modules if name.startswith('unmix_actions.')]\n"
        "RPR_ShowConsoleMsg(' '.join(sorted(known)))\n"
    )
    desk.reaper.run_script(desk.scripts / "look.py")
    assert "unmix_actions.points" in desk.reaper.messages[0].split()
    assert "unmix_actions.undo" not in desk.reaper.messages[0].split()
    assert len(desk.item.takes) == 3
    assert desk.reaper.problems == []


def test_an_action_leaves_no_trace_in_python_or_beside_the_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    desk = Desk.with_item(tmp_path)
    look = desk.scripts / "look.py"
    look.write_text(
        "import sys\nfrom reaper_python import *\n"
        f"RPR_ShowConsoleMsg(repr(({str(desk.scripts)!r} in sys.path, sys.dont_write_bytecode)))\n"
    )
    desk.run("denoise")
    desk.reaper.run_script(look)
    assert desk.reaper.messages == [repr((False, False))]
    assert {path.suffix for path in desk.scripts.rglob("*") if path.is_file()} == {".py", ".json"}


@pytest.mark.parametrize("name", ["loading.py", "actions.py", "undo.py"])
def test_an_action_with_half_of_its_modules_says_what_to_do(tmp_path: Path, name: str) -> None:
    desk = Desk.with_item(tmp_path)
    (desk.modules / name).rename(tmp_path / name)
    said = desk.run("denoise")
    assert said.startswith("unmix cannot start (")
    assert said.endswith("): run `unmix reaper install` in a terminal.")
    assert desk.is_unchanged
    (tmp_path / name).rename(desk.modules / name)
    desk.run("denoise")
    assert len(desk.item.takes) == 2


LOADS = """
import os
import subprocess
import sys
from pathlib import Path
names = {}
exec(Path(sys.argv[1]).read_text("ascii"), names)
names["__file__"] = sys.argv[1]
before = list(sys.path)
names["run"]("none", {})
assert sys.path == before, sys.path
print("json" in sys.modules)
"""


def test_modules_of_the_folder_that_reaper_works_in_are_not_loaded(tmp_path: Path) -> None:
    """`python -c` looks there first, as a Python inside REAPER may."""
    folder = set_traps(tmp_path / "project")
    loading = SCRIPTS / "unmix_actions" / "loading.py"
    (tmp_path / "reaper").mkdir()
    (tmp_path / "reaper" / "reaper_python.py").write_text("")
    command = [sys.executable, "-c", LOADS, str(loading)]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "reaper")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")
    assert not sprung(folder)
