"""Where results belong, in frames."""

from dataclasses import replace

import pytest
from audacity_requests import track_request
from unmix_plugins.audacity.placement import (
    Piece,
    all_inside_one_clip,
    have_envelopes,
    is_inside_one_clip,
    pieces,
)
from unmix_plugins.audacity.request import Span, Surroundings


def test_a_selection_inside_a_clip_is_one_piece() -> None:
    request = track_request(start=1.0, frames=1000, clips=(Span(0.0, 5.0),))
    assert pieces(request) == (Piece(44_100, 0, 1000),)
    assert is_inside_one_clip(request)


def test_a_selection_that_starts_between_samples_starts_at_the_nearest() -> None:
    request = track_request(start=1.000012, frames=93_643, clips=(Span(0.0, 5.0),))
    assert pieces(request)[0].first_frame == 44_101


def test_two_clips_with_a_gap_are_two_pieces() -> None:
    request = track_request(start=1.0, frames=4 * 44_100, clips=(Span(0.0, 2.0), Span(3.0, 4.0)))
    assert pieces(request) == (Piece(44_100, 0, 44_100), Piece(3 * 44_100, 2 * 44_100, 44_100))
    assert not is_inside_one_clip(request)


def test_beyond_the_clip_nothing_is_to_be_replaced() -> None:
    request = track_request(start=4.0, frames=2 * 44_100, clips=(Span(0.0, 5.0),))
    assert pieces(request) == (Piece(4 * 44_100, 0, 44_100),)
    assert not is_inside_one_clip(request)
    assert pieces(replace(request, clips=(Span(10.0, 11.0),))) == ()


@pytest.mark.parametrize(
    ("selection", "inside"),
    [
        (Span(0.0, 3600.123456), True),
        (Span(1.0, 3600.12), True),
        (Span(0.0, 3601.0), False),
        (Span(-1.0, 3.0), False),
        (Span(3600.5, 3601.5), False),
    ],
)
def test_rounded_times_of_other_tracks_are_enough(selection: Span, inside: bool) -> None:
    surroundings = Surroundings(clips={2: (Span(0.0, 3600.12), Span(3601.0, 3700.0))}, envelopes={})
    assert all_inside_one_clip(surroundings, (2,), selection) is inside


def test_a_track_without_clips_is_not_inside() -> None:
    assert not all_inside_one_clip(Surroundings({}, {}), (0,), Span(0, 1))


def test_only_envelopes_of_selected_clips_matter() -> None:
    surroundings = Surroundings({}, {0: (Span(0, 1),), 1: (Span(5, 6),)})
    assert have_envelopes(surroundings, (0, 1), Span(0.5, 2))
    assert not have_envelopes(surroundings, (1,), Span(0.5, 2))
    assert not have_envelopes(surroundings, (0,), Span(1.0, 2))
