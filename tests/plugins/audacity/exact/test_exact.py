"""What effects put in themselves is exact: chosen with the mouse or through the pipe, in the real Audacity."""

import pytest
from plugins.audacity.arrangement import RATE, Audio, Clip, Labels, noise
from plugins.audacity.comparison import difference
from plugins.audacity.exact.conftest import DENOISE, REMOVE_VOCALS, Exactly
from plugins.audacity.studio import Studio
from unmix.words import DenoiseTask
from unmix_plugins.audacity.effect import choices
from unmix_plugins.audacity.effect.choices import Choices

MARKS = Labels("Zeichen ß", [(0.1, 0.2, "a"), (1.0, 1.0, "ö"), (1.2, 2.9, "x")])
ALL_KINDS = (
    Audio("Gerät №1", [Clip(noise(2 * RATE), 0, "erster")], is_muted=True),
    MARKS,
    Audio("Stéréo", [Clip(noise(2 * RATE, 2, 1), 100)], pan=-0.3, gain=0.5),
    MARKS,
    Audio("48 kHz", [Clip(noise(2 * 48_000, 1, 2), 300, "n")], 48_000, is_solo=True),
    Audio("untouched", [Clip(noise(2 * RATE, 1, 3))]),
)
"""Mono, stereo and another rate, muted, panned, soloed and with gain, with labels above and between."""


@pytest.mark.long
def test_mono_stereo_and_another_rate_together_by_mouse(studio: Studio, exactly: Exactly) -> None:
    studio.open(*ALL_KINDS)
    exactly.replaces("Denoise", DENOISE, [0, 2, 4], 0.5, 1.75, by=lambda: studio.click("Denoise"))


@pytest.mark.long
def test_a_selection_between_samples(studio: Studio, exactly: Exactly) -> None:
    studio.open(*ALL_KINDS)
    exactly.replaces("Denoise", DENOISE, [0, 2, 4], 22_050.37 / RATE, 66_150.5 / RATE)


@pytest.mark.long
def test_vocals_are_removed_by_mouse(studio: Studio, exactly: Exactly) -> None:
    studio.open(*ALL_KINDS)
    exactly.replaces(
        "Remove Vocals", REMOVE_VOCALS, [0, 2], 0.5, 1.0, by=lambda: studio.click("Remove Vocals")
    )


@pytest.mark.long
@pytest.mark.parametrize(("start", "end"), [(1.0, 2.0), (1.0, 1.5), (1.5, 2.0)])
def test_up_to_the_edges_of_a_clip(studio: Studio, exactly: Exactly, start: float, end: float) -> None:
    studio.open(Audio("voice", [Clip(noise(RATE), RATE, "one")]))
    exactly.replaces("Denoise", DENOISE, [0], start, end)


@pytest.mark.long
def test_a_clip_before_zero(studio: Studio, exactly: Exactly) -> None:
    studio.open(Audio("voice", [Clip(noise(2 * RATE), -RATE / 2)]))
    exactly.replaces("Denoise", DENOISE, [0], 0.0, 1.0)


@pytest.mark.long
def test_nothing_else_moves_with_sync_lock(studio: Studio, exactly: Exactly) -> None:
    studio.open(*ALL_KINDS)
    studio.command("SyncLock:")
    try:
        exactly.replaces("Denoise", DENOISE, [2], 22_050.37 / RATE, 66_150.5 / RATE)
        beyond_the_clip = Exactly(studio, late=True)
        beyond_the_clip.replaces("Denoise", DENOISE, [0], 1.5, 2.5)
    finally:
        studio.command("SyncLock:")


@pytest.mark.long
def test_all_is_undone_and_redone_by_keyboard(studio: Studio) -> None:
    studio.open(*ALL_KINDS)
    studio.select([0, 2], 0.5, 1.0)
    before = studio.save()
    after = studio.changed(before, lambda: studio.click("Denoise"))
    assert difference(studio.changed(after, lambda: _press(studio, "ctrl+z")), before) == ""
    assert difference(studio.changed(before, lambda: _press(studio, "ctrl+shift+z")), after) == ""


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(120, marks=pytest.mark.long, id="two minutes"),
        pytest.param(3600, marks=pytest.mark.soak, id="an hour"),
    ],
)
def test_a_long_track(studio: Studio, exactly: Exactly, seconds: int, is_full_soak: bool) -> None:
    if seconds == 3600 and not is_full_soak:
        pytest.skip("an hour takes minutes: run with --soak")
    studio.begin(long=4.0)  # as users have it, for whom an hour is late
    choices.save(studio.bridge.folder, Choices(denoise_model="wiener"))  # the fastest, as it runs twice
    studio.open(Audio("lecture", [Clip(noise(seconds * 8000))], 8000))
    exactly.replaces("Denoise", DenoiseTask("wiener"), [0], 0.25, seconds - 0.25)


def _press(studio: Studio, keys: str) -> None:
    studio.audacity.press(keys)
    # After undo and redo Audacity's own file is one step behind; the bridge is quiet, so the pipe is free.
    studio.command("Save:")
