"""Whatever call of REAPER's fails, the script leaves undo and window in balance, and the project done or untouched."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_reaper import Effect, Envelope, examples
from fake_reaper.model.facts import facts
from fake_reaper.renderer import render
from plugins.reaper.scripts.studio import MODULES, Desk

SCENARIOS = {
    "denoise": {"strict_new_source": False},
    "vocals": {"strict_new_source": True},
    "denoise rendered": {},
    "denoise moved": {},
}


class Calls(list):
    """The calls of a script, as the stand-in keeps them; `watch` hears of each before it is carried out."""

    watch: Callable[[], None]

    def append(self, call: object) -> None:
        super().append(call)
        self.watch()


Line = tuple[str, int]
"""A module's file name, and the number of the line."""


def line_of_script() -> Line | None:
    """Return the line of the modules that called REAPER; None where an action's file did."""
    frame = sys._getframe()
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.parent.name == MODULES.name:
            return path.name, frame.f_lineno
        frame = frame.f_back
    return None


def desk_of(folder: Path, scenario: str) -> Desk:
    action = scenario.partition(" ")[0]
    project, item = examples.one(folder / "project", "shared" if action == "vocals" else "stretch marked")
    item.take.effects, item.take.envelopes = [Effect("Gain", 0.5)], [Envelope("Vol", 0.5)]
    desk = Desk(folder, project, "waits" if "moved" in scenario else "works", **SCENARIOS[scenario])
    desk.item = item
    if "rendered" in scenario:
        desk.choose(render_first="yes")
    return desk


def watch(desk: Desk, heard: Callable[[], None]) -> None:
    """Have `heard` called before each call of a script; what it raises comes out of the call."""
    reaper = desk.reaper
    calls = Calls()
    calls.watch = heard
    reaper._dispatch.calls = calls
    defer, at_exit = reaper._defer, reaper._at_exit
    reaper._defer = lambda code: (heard(), defer(code))[1]
    reaper._at_exit = lambda code: (heard(), at_exit(code))[1]


def run(desk: Desk, scenario: str) -> None:
    desk.begin(scenario.partition(" ")[0])
    if "moved" in scenario:  # an undo gives the items new addresses, so that they have to be looked for
        for _ in range(300):
            desk.reaper.step()
            if "waiting" in desk.help or not desk.reaper.scripts:
                break
        desk.reaper.edits.move_item(desk.item, 7.0)
        desk.reaper.undo()
        desk.go()
    else:
        desk.finish()


def lines_reached(folder: Path, scenario: str) -> list[Line]:
    """Return the lines that call REAPER when all goes well, in the order in which they do so first."""
    desk = desk_of(folder, scenario)
    lines: list[Line | None] = []
    watch(desk, lambda: lines.append(line_of_script()))
    run(desk, scenario)
    assert desk.reaper.problems == []
    assert len(desk.undo_points) == 1
    return list(dict.fromkeys(line for line in lines if line))


def what_is_wrong(folder: Path, scenario: str, line: Line, error: BaseException) -> list[str]:
    """Run a scenario where a line's first call fails, and return everything that should not be."""
    temporary = folder / "temporary"
    temporary.mkdir(parents=True)
    tempfile.tempdir = str(temporary)
    desk = desk_of(folder, scenario)
    failed = False

    def fail() -> None:
        nonlocal failed
        if not failed and line_of_script() == line:
            failed = True
            raise error

    watch(desk, fail)
    run(desk, scenario)
    wrong = [] if failed else ["the line was not reached"]
    wrong += desk.reaper.problems
    if any(temporary.iterdir()):
        wrong.append("temporary files are left")
    if abs(render(desk.project) - desk.sound).max() > 1e-6:  # what was rendered is 32-bit floats
        wrong.append("the project sounds different")
    played = {take.source.path.name for take in desk.project.takes if take.source is not None}
    if facts(desk.project) == desk.facts:
        told = "\n".join(desk.reaper.messages)
        wrong += [f"{name} is left and not told of" for name in desk.new_files if name not in told]
    elif len(desk.undo_points) != 1:
        wrong.append(f"there are undo points {desk.undo_points}")
    elif not desk.new_files <= played:
        wrong.append(f"of {desk.new_files}, only {played} are used")
    return wrong


@pytest.mark.soak
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_call_may_fail(
    tmp_path: Path, scenario: str, is_full_soak: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    lines = lines_reached(tmp_path / "clean", scenario)
    if not is_full_soak:
        lines = [line for line in lines if is_new(line, scenario)]
    found = {}
    for number, line in enumerate(lines):
        for error in (
            (RuntimeError("no"), SystemExit(3))
            if is_full_soak
            else [(RuntimeError("no"), SystemExit(3))[number % 2]]
        ):
            folder = tmp_path / f"{line[0]} {line[1]} {type(error).__name__}"
            if wrong := what_is_wrong(folder, scenario, line, error):
                found[folder.name] = wrong
    assert found == {}


SEEN: dict[Line, str] = {}


def is_new(line: Line, scenario: str) -> bool:
    """Whether no scenario before has tried this line."""
    return SEEN.setdefault(line, scenario) == scenario
