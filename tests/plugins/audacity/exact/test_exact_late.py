"""What the bridge puts back through the pipe is exact, clip by clip, and one undo takes all back."""

import pytest
from daemons import eventually
from plugins.audacity.arrangement import RATE, Audio, Clip, Labels, noise
from plugins.audacity.exact.conftest import DENOISE, REMOVE_VOCALS, Exactly
from plugins.audacity.exact.test_exact import ALL_KINDS
from plugins.audacity.studio import Studio

pytestmark = pytest.mark.long

MARKS = Labels("marks", [(0.5, 3.0, "m")])
GAP = Audio("gap", [Clip(noise(RATE), 0, "one"), Clip(noise(RATE, 1, 1), 2 * RATE, "two")])


@pytest.fixture
def exactly(studio: Studio) -> Exactly:
    """All here is late: for its clips, or since any work is."""
    return Exactly(studio, late=True)


@pytest.mark.parametrize(("start", "end"), [(0.5, 2.5), (0.0, 3.0), (0.5, 9.0), (1.5, 2.25)])
def test_two_clips_with_a_gap(studio: Studio, exactly: Exactly, start: float, end: float) -> None:
    studio.open(GAP)
    exactly.replaces("Denoise", DENOISE, [0], start, end)


def test_two_clips_with_a_gap_by_mouse(studio: Studio, exactly: Exactly) -> None:
    studio.open(MARKS, GAP)
    exactly.replaces("Denoise", DENOISE, [1], 0.5, 2.5, by=lambda: studio.click("Denoise"))


def test_clips_without_a_gap_stay_clips(studio: Studio, exactly: Exactly) -> None:
    studio.open(Audio("voice", [Clip(noise(3 * RATE), 0, "take")]))
    for cut in (1.0, 2.0):
        studio.select([0], cut, cut)
        studio.command("Split:")
    exactly.replaces("Denoise", DENOISE, [0], 0.5, 3.0)


def test_trimmed_clips(studio: Studio, exactly: Exactly) -> None:
    studio.open(Audio("voice", [Clip(noise(4 * RATE, 2), 0, "take")]))
    studio.select([0], 1.0, 3.0)
    studio.command("Trim:")
    exactly.replaces("Denoise", DENOISE, [0], 0.0, 4.0)


def test_all_of_tracks_of_different_lengths(studio: Studio, exactly: Exactly) -> None:
    studio.open(
        Audio("short", [Clip(noise(RATE))]),
        MARKS,
        Audio("long", [Clip(noise(2 * 48_000), 4800)], 48_000),
        Audio("stereo", [Clip(noise(RATE, 2))]),
        Audio("empty", []),
    )
    studio.audacity.press("ctrl+a")
    eventually(lambda: all(track.is_selected for track in studio.editor.tracks()))
    exactly.replaces("Denoise", DENOISE, [0, 2, 3])


def test_tracks_that_end_within_the_same_millisecond(studio: Studio, exactly: Exactly) -> None:
    studio.open(Audio("a", [Clip(noise(12 * RATE))]), Audio("b", [Clip(noise(12 * RATE - 2))]))
    exactly.replaces("Denoise", DENOISE, [0, 1], 0.0, 12.0)


def test_a_track_without_audio_in_the_selection(studio: Studio, exactly: Exactly) -> None:
    studio.open(Audio("short", [Clip(noise(RATE))]), Audio("long", [Clip(noise(3 * RATE))]))
    exactly.replaces("Denoise", DENOISE, [0, 1], 1.5, 2.5)


@pytest.mark.parametrize("sample_rate", [8000, 48_000, 96_000])
def test_clips_whose_length_is_no_whole_number_of_frames_of_the_project(
    studio: Studio, exactly: Exactly, sample_rate: int
) -> None:
    lengths = (7001, 6998, 7003)
    clips = [Clip(noise(frames, 1, at), 7777 * at + 100) for at, frames in enumerate(lengths)]
    studio.open(Audio("voice", clips, sample_rate))
    exactly.replaces("Denoise", DENOISE, [0], 0.0, 4.0)


@pytest.mark.parametrize("place", [0.501, 0.4999], ids=["above the middle", "below the middle"])
def test_a_selection_in_the_middle_between_two_samples(late: Studio, exactly: Exactly, place: float) -> None:
    late.open(Audio("voice", [Clip(noise(3 * RATE))]))
    exactly.replaces("Denoise", DENOISE, [0], (22_050 + place) / RATE, (66_150 + place) / RATE)


def test_clips_in_the_middle_between_two_samples(studio: Studio, exactly: Exactly) -> None:
    clips = [
        Clip(noise(RATE, 1, count), 2 * count * RATE + place) for count, place in enumerate((0.5, 0.4999))
    ]
    studio.open(Audio("voice", clips))
    exactly.replaces("Denoise", DENOISE, [0], 0.0, 4.0)


def test_mono_stereo_and_another_rate_together_by_mouse(late: Studio, exactly: Exactly) -> None:
    late.open(*ALL_KINDS)
    exactly.replaces("Denoise", DENOISE, [0, 2, 4], 0.5, 1.75, by=lambda: late.click("Denoise"))


def test_vocals_are_removed(late: Studio, exactly: Exactly) -> None:
    late.open(*ALL_KINDS)
    exactly.replaces("Remove Vocals", REMOVE_VOCALS, [2], 22_050.37 / RATE, 1.0)
