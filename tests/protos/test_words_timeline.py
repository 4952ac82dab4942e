"""What was heard and done from moment to moment, as people are told it."""

from dataclasses import replace

import pytest
from protos.word_examples import SUMMARY
from unmix.words import Stretch
from unmix.words.timeline import clock, merged, places, span, untouched_music

MUSIC = Stretch(0.0, 12.0, "music")
TALK = Stretch(12.0, 63.0, "speech", "deepfilternet3")
BED = Stretch(63.0, 70.0, "speech_over_music", "deepfilternet3+wiener")


def test_neighbours_of_one_kind_are_one() -> None:
    halves = (replace(TALK, end=30.0), replace(TALK, start=30.0))
    assert merged((MUSIC, *halves, BED)) == (MUSIC, TALK, BED)
    assert merged(()) == ()


def test_what_got_something_else_stays_apart() -> None:
    filtered = Stretch(12.0, 20.0, "music", "wiener")
    assert merged((MUSIC, filtered)) == (MUSIC, filtered)


def test_music_that_was_left_is_found_alone_and_under_speech_as_one_place() -> None:
    under = Stretch(12.0, 15.0, "speech_over_music")
    again = Stretch(80.0, 90.0, "music")
    silence = Stretch(70.0, 80.0, "silence")
    found = untouched_music((MUSIC, under, BED, silence, again))
    assert found == (replace(MUSIC, end=15.0), again)


def test_nothing_that_was_treated_or_is_no_music_counts_as_left() -> None:
    assert untouched_music((TALK, BED, Stretch(70.0, 80.0, "other"))) == ()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (0.4, "0:00"), (12.5, "0:13"), (725, "12:05"), (3723.4, "1:02:03")]
)
def test_times_are_told_as_on_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_few_places_are_named_and_many_are_summed_up() -> None:
    four = [Stretch(start, start + 10.0, "music") for start in (0.0, 60.0, 120.0, 4000.0)]
    assert span(four[3]) == "1:06:40–1:06:50"
    assert places(four[:1]) == " at 0:00–0:10"
    assert places(four[:3]) == " at 0:00–0:10, 1:00–1:10 and 2:00–2:10"
    assert places(four) == ", 40 s at 4 places,"


def test_advice_says_which_music_was_left_and_why() -> None:
    said = replace(SUMMARY, better_models=(), timeline=(MUSIC, TALK)).advice({})
    assert said == (
        "The music at 0:00–0:12 was left as it is: no noise is known to lie under it; filter it all the same.",
    )
    assert replace(SUMMARY, timeline=(TALK,)).advice_on_music({}) == ()


def test_advice_on_models_comes_before_that_on_music() -> None:
    said = replace(SUMMARY, better_models=("htdemucs",), timeline=(MUSIC,)).advice({})
    assert [line.split()[0] for line in said] == ["htdemucs", "The"]
