"""The bridge is missing, ends, or is there twice: Audacity says so, and its project stays as it is."""

import os
import subprocess

import pytest
from plugins.audacity.faults.stage import Stage, difference, multiplied, voice
from unmix_plugins.audacity.bridge.process import bridge_command

pytestmark = pytest.mark.long


def test_without_a_bridge_an_effect_says_how_to_start_it(stage: Stage) -> None:
    before = stage.open()
    stage.click()
    said = stage.message()
    assert "Unmix is not running, so nothing was changed." in said
    assert "unmix audacity run" in said
    assert difference(before, stage.project()) == ""


def test_a_bridge_that_is_killed_lets_the_waiting_effect_go(stage: Stage) -> None:
    before = stage.open()
    daemon = stage.start_daemon()
    bridge = stage.start_bridge(long=60)
    stage.click()
    stage.until(lambda: daemon.script.requests)
    bridge.kill()
    said = stage.message()
    assert "Unmix ended while it worked, so nothing was changed." in said
    assert difference(before, stage.project()) == ""
    stage.start_bridge()
    assert stage.files() == []


def test_a_bridge_that_is_stopped_does_so_too_and_cleans_up(stage: Stage) -> None:
    before = stage.open()
    daemon = stage.start_daemon()
    bridge = stage.start_bridge(long=60)
    stage.click()
    stage.until(lambda: daemon.script.requests)
    assert stage.ask(do="stop")[-1]["event"] == "done"
    assert "Unmix ended while it worked, so nothing was changed." in stage.message()
    assert bridge.wait() == 0
    assert stage.files() == []
    assert difference(before, stage.project()) == ""


def test_a_bridge_that_is_killed_while_it_works_is_replaced_by_the_next(stage: Stage) -> None:
    before = stage.open()
    stage.start_daemon()
    bridge = stage.start_bridge()
    stage.choose()
    stage.wait_for("working")
    bridge.kill()
    assert difference(before, stage.project()) == ""
    stage.start_bridge()
    assert stage.files() == []
    stage.gate.set()
    stage.choose()
    stage.wait_until_done()
    assert difference(multiplied(before, "Voice"), stage.project()) == ""


def test_an_effect_never_gets_an_answer_that_was_meant_for_another(stage: Stage) -> None:
    """Audacity is killed while an effect waits, and the answer comes when nobody waits any more."""
    stage.open(voice("Voice", 1))
    daemon = stage.start_daemon()
    stage.start_bridge(long=60)
    stage.click()
    stage.until(lambda: daemon.script.requests)
    stage.audacity.kill()
    stage.gate.set()
    stage.until(lambda: any(".clean." in name for name in stage.files()))
    before = stage.open(voice("Voice", 2))
    stage.choose()
    assert difference(multiplied(before, "Voice"), stage.project()) == ""


def test_a_second_bridge_gives_way_to_the_first(stage: Stage) -> None:
    before = stage.open()
    stage.start_daemon()
    bridge = stage.start_bridge()
    second = subprocess.run(
        bridge_command(),
        env=os.environ | {"UNMIX_STATE": str(stage.state)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert second.returncode == 1
    assert f"A bridge to Audacity runs already (process {bridge.pid})" in second.stderr
    stage.gate.set()
    stage.choose()
    stage.wait_until_done()
    assert difference(multiplied(before, "Voice"), stage.project()) == ""
