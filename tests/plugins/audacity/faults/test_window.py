"""Long work is shown in a window of its own, and can be cancelled there and from a shell."""

import subprocess

import psutil
import pytest
from plugins.audacity.faults.stage import Stage, difference

pytestmark = pytest.mark.long

pytest.importorskip("tkinter")

_SEARCH = ("xdotool", "search", "--onlyvisible", "--class", "Unmix", "getwindowgeometry", "--shell")


@pytest.fixture
def working(stage: Stage) -> Stage:
    stage.open()
    stage.start_daemon()
    stage.start_bridge(window=True)
    stage.choose()
    stage.wait_for("working")
    return stage


def shown(stage: Stage) -> dict[str, int]:
    """Where the window is; empty while there is none."""
    found = subprocess.run(
        _SEARCH, env=stage.audacity.environment, capture_output=True, text=True, check=False
    )
    return {name: int(value) for name, value in (line.split("=") for line in found.stdout.splitlines())}


def test_work_that_is_cancelled_from_a_shell_changes_nothing(working: Stage) -> None:
    before = working.project()
    assert (
        working.ask(do="cancel", job=working.job()["id"])[-1]["message"] == "Cancelled; nothing was changed."
    )
    assert working.daemon.script.ended.wait(60)
    working.wait_until_done()
    assert working.files() == []
    assert working.audacity.dialogs() == []
    assert difference(before, working.project()) == ""


def test_work_that_is_cancelled_in_the_window_changes_nothing(working: Stage) -> None:
    before = working.project()

    def cancelled() -> bool:
        """The button is there a moment after the window, whose size changes by it."""
        if window := shown(working):
            working.audacity.screen.click(
                window["X"] + window["WIDTH"] - 50, window["Y"] + window["HEIGHT"] - 20
            )
        return working.daemon.script.ended.wait(1)

    working.until(cancelled)
    working.wait_until_done()
    working.until(lambda: not shown(working))
    assert working.files() == []
    assert difference(before, working.project()) == ""


def test_the_window_ends_with_a_bridge_that_is_killed(working: Stage) -> None:
    working.until(lambda: shown(working))
    (window,) = psutil.Process(working.bridge.pid).children()
    working.bridge.kill()
    window.wait(60)
    working.start_bridge()


def test_without_its_window_the_bridge_works_on(working: Stage) -> None:
    working.until(lambda: shown(working))
    (window,) = psutil.Process(working.bridge.pid).children()
    window.kill()
    working.until(lambda: "The progress window has ended" in working.bridge.log())
    working.gate.set()
    working.wait_until_done()
    working.gate.clear()
    working.choose()
    working.until(lambda: shown(working))
