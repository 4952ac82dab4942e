"""Dialogs, the shell and a result that is fetched lead to the same samples."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from daemons import eventually
from plugins.audacity.arrangement import RATE, Audio, Clip, noise
from plugins.audacity.exact.conftest import DENOISE, REMOVE_VOCALS, Exactly
from plugins.audacity.studio import AT_ONCE, SEPARATE_MODEL, Studio
from unmix.words import DenoiseTask, SeparateTask

pytestmark = pytest.mark.long

UNMIX = Path(sys.executable).with_name("unmix")


@pytest.fixture
def voice(studio: Studio) -> Studio:
    studio.open(Audio("Gespräch", [Clip(noise(2 * RATE, 2), 100, "take")]))
    return studio


def test_a_dialogs_choice_is_used_again_without_one(voice: Studio, exactly: Exactly) -> None:
    wiener = DenoiseTask("wiener")
    exactly.replaces(
        "Denoise with Options", wiener, [0], 0.5, 1.0, by=_in_a_dialog(voice, "Denoise with Options")
    )
    exactly.replaces("Denoise", wiener, [0], 1.0, 1.5)


def test_a_separation_is_chosen_in_a_dialog(voice: Studio, exactly: Exactly) -> None:
    task = SeparateTask("dsp")
    label = "Separate with Options"
    exactly.adds(label, task, [0], 0.5, 1.0, by=_in_a_dialog(voice, label))
    exactly.adds("Separate into Stems", task, [0], 1.0, 1.5)


def test_a_finished_result_is_fetched(voice: Studio, exactly: Exactly) -> None:
    voice.begin(long=0.0)
    voice.select([0], 0.5, 1.0)
    before = voice.save()
    with voice.nothing_is_worked_on():
        voice.run("Denoise")
        voice.command("SplitDelete:")
    assert "changed meanwhile" in voice.audacity.message()
    voice.audacity.press("Return")
    (job,) = voice.bridge.jobs()
    assert job["state"] == "changed"
    eventually(lambda: not voice.audacity.dialogs())
    voice.audacity.press("ctrl+z")  # the bridge may not be done with the pipe
    voice.audacity.press("ctrl+s")
    eventually(lambda: voice.differs_from(before) is False)
    exactly.replaces(
        "Fetch Unmix Result", DENOISE, [0], 0.5, 1.0, by=lambda: voice.click("Fetch Unmix Result")
    )


@pytest.mark.parametrize("operation", ["denoise", "remove_vocals"])
def test_the_bridge_is_asked_to_replace(voice: Studio, exactly: Exactly, operation: str) -> None:
    label, task = {"denoise": ("Denoise", DENOISE), "remove_vocals": ("Remove Vocals", REMOVE_VOCALS)}[
        operation
    ]
    events: list[str] = []

    def ask() -> None:
        events.extend(event["event"] for event in voice.bridge.ask(do="run", operation=operation))

    exactly.replaces(label, task, [0], 0.5, 1.0, by=ask)
    assert events[-1] == "done"


@pytest.mark.parametrize("long", [AT_ONCE, 0.0], ids=["at once", "late"])
def test_the_shell_denoises(voice: Studio, exactly: Exactly, long: float) -> None:
    voice.begin(long=long)
    command = ["denoise", "--model", "wiener", "--strength", "12"]
    exactly.replaces("Denoise", DenoiseTask("wiener", 12.0), [0], 0.5, 3.0, by=_in_the_shell(voice, command))
    exactly.replaces("Denoise", DENOISE, [0], 1.0, 1.5)  # a command's choices are not remembered


def test_the_shell_separates(voice: Studio, exactly: Exactly) -> None:
    command = ["separate", "--model", SEPARATE_MODEL, "--stems", "vocals,-vocals"]
    task = SeparateTask(SEPARATE_MODEL, ("vocals", "-vocals"))
    exactly.adds("Separate into Stems", task, [0], 0.5, 1.0, by=_in_the_shell(voice, command))


def _in_a_dialog(studio: Studio, label: str) -> Callable[[], None]:
    """Opens it with the mouse, takes the last model with the keyboard, and clicks on Apply."""

    def act() -> None:
        studio.click(label)
        (dialog,) = eventually(studio.audacity.dialogs)
        studio.audacity.press(*["Down"] * 9)
        studio.audacity.screen.click(dialog.x + dialog.width - 48, dialog.y + 21)

    return act


def _in_the_shell(studio: Studio, words: list[str]) -> Callable[[], None]:
    def act() -> None:
        environment = os.environ | {"UNMIX_STATE": str(studio.state)}
        subprocess.run(
            [UNMIX, "audacity", *words], env=environment, check=True, capture_output=True, timeout=60
        )

    return act
