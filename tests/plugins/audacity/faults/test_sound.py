"""Audacity plays or records while long work goes on: both go on, and a result waits for the end of a recording."""

from collections.abc import Iterator

import numpy as np
import pytest
from daemons import eventually
from plugins.audacity import sound_server
from plugins.audacity.arrangement import RATE
from plugins.audacity.faults.stage import Stage, noise, voice
from plugins.audacity.requests import FACTORS

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(sound_server.missing()), reason=sound_server.missing()),
]
LENGTH = 20 * RATE


@pytest.fixture
def working(stage: Stage) -> Iterator[Stage]:
    """The first three seconds of a voice are worked on."""
    stage.open(voice(frames=LENGTH))
    stage.start_daemon()
    stage.start_bridge()
    stage.editor.select(0, 0, 3)
    stage.choose()
    stage.wait_for("working")
    yield stage
    stage.command("Stop:")


def voice_is_done(stage: Stage) -> bool:
    clip = stage.project().tracks[0].clips[0]
    expected = noise(frames=LENGTH)
    expected[: 3 * RATE] *= np.float32(FACTORS["clean"])
    return np.array_equal(clip.samples[0, :LENGTH], expected)


def steady(stage: Stage, kind: str) -> list[str]:
    """The stream that Audacity has; at first it opens one to try, and then another."""
    seen: list[list[str]] = []

    def look() -> list[str]:
        seen.append(stage.sound.streams(kind))
        return seen[-1] if seen[-15:] == [seen[-1]] * 15 else []

    return eventually(look)


def test_playing_goes_on_until_the_result_is_there(working: Stage) -> None:
    working.audacity.press("shift+space")  # a loop, which has no end
    playing = steady(working, "sink-inputs")
    for _ in range(20):
        assert working.job()["state"] == "working"
        assert working.sound.streams("sink-inputs") == playing
    working.gate.set()
    working.wait_until_done()
    assert voice_is_done(working)


def test_a_recording_goes_on_while_a_result_waits_and_the_result_comes_after_it(working: Stage) -> None:
    working.audacity.press("r")
    recording = steady(working, "source-outputs")
    working.gate.set()
    assert working.wait_for("waiting")["message"] == "It is ready, and waits for the recording to end."
    assert steady(working, "source-outputs") == recording
    working.audacity.press("space")
    working.wait_until_done()
    assert not working.sound.streams("source-outputs")
    assert voice_is_done(working)
