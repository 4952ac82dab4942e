"""Where results belong, in frames."""

from dataclasses import replace

import pytest
from plugins.audacity.requests import track_request
from unmix_plugins.audacity.effect.clips import (
    Piece,
    Placement,
    all_inside_one_clip,
    fills,
    first_frame,
    has_narrow_gap,
    have_envelopes,
    placements,
)
from unmix_plugins.audacity.effect.request import Span, Surroundings, TrackRequest


def placement(request: TrackRequest) -> Placement:
    """The only one, of a request whose samples need not be looked at."""
    (only,) = placements(request, lambda _: pytest.fail("nothing is in doubt here"))
    return only


def test_a_selection_inside_a_clip_is_one_piece() -> None:
    request = track_request(start=1.0, frames=1000, clips=(Span(0.0, 5.0),))
    assert placement(request) == (Piece(44_100, 0, 1000),)
    assert fills(placement(request), 1000)


def test_a_selection_that_starts_between_samples_starts_at_the_nearest() -> None:
    request = track_request(start=1.000012, frames=93_643, clips=(Span(0.0, 5.0),))
    assert placement(request)[0].first_frame == 44_101


def test_two_clips_with_a_gap_are_two_pieces() -> None:
    request = track_request(start=1.0, frames=4 * 44_100, clips=(Span(0.0, 2.0), Span(3.0, 4.0)))
    assert placement(request) == (Piece(44_100, 0, 44_100), Piece(3 * 44_100, 2 * 44_100, 44_100))
    assert not fills(placement(request), 4 * 44_100)


def test_two_clips_without_a_gap_are_two_pieces() -> None:
    request = track_request(start=1.0, frames=2 * 44_100, clips=(Span(0.0, 2.0), Span(2.0, 4.0)))
    assert placement(request) == (Piece(44_100, 0, 44_100), Piece(2 * 44_100, 44_100, 44_100))


def test_beyond_the_clip_nothing_is_to_be_replaced() -> None:
    request = track_request(start=4.0, frames=2 * 44_100, clips=(Span(0.0, 5.0),))
    assert placement(request) == (Piece(4 * 44_100, 0, 44_100),)
    assert placement(replace(request, clips=(Span(10.0, 11.0),))) == ()


def test_a_selection_one_frame_longer_than_the_clip_is_not_inside() -> None:
    request = track_request(start=0.0, frames=44_101, clips=(Span(0.0, 1.0),))
    assert not fills(placement(request), 44_101)


def test_of_a_start_in_the_middle_between_two_frames_both_are_possible() -> None:
    request = track_request(start=0.500011, frames=44_100, clips=(Span(0.0, 5.0),))  # 22,050.4851 ± 0.022
    assert [found[0].first_frame for found in placements(request, lambda _: False)] == [22_050, 22_051]


def test_the_number_of_frames_tells_which_of_two_starts_it_is() -> None:
    selection = Span(0.500011, 1.5)  # 22,050.4851 ± 0.022 to 66,150.0
    request = track_request(clips=(Span(0.0, 5.0),))
    project = replace(request.project, selection=selection)
    for frames, first in ((44_100, 22_050), (44_099, 22_051)):
        assert first_frame(replace(request, project=project, frames=frames)) == first


@pytest.mark.parametrize(
    ("silent", "piece"),
    [
        ({22_050}, Piece(22_051, 22_051, 44_100)),
        ({66_150}, Piece(22_050, 22_050, 44_100)),
        ({22_050, 66_150}, Piece(22_051, 22_051, 44_099)),
    ],
)
def test_where_a_clip_begins_between_two_frames_its_samples_tell_which_it_is(
    silent: set[int], piece: Piece
) -> None:
    clip = Span(0.500011, 1.500011)  # 22,050.4851 to 66,150.4851
    request = track_request(frames=100_000, clips=(clip,))
    (found,) = placements(request, silent.__contains__)
    assert found == (piece,)


@pytest.mark.parametrize(("gap", "is_narrow"), [(0, False), (1, True), (2, True), (3, False)])
def test_clips_that_audacity_would_join_are_seen(gap: int, is_narrow: bool) -> None:
    clips = (Span(0.0, 1.0), Span(1.0 + gap / 44_100, 2.0))
    assert has_narrow_gap(track_request(frames=50_000, clips=clips)) is is_narrow
    assert has_narrow_gap(track_request(frames=44_100, clips=clips)) is is_narrow
    assert not has_narrow_gap(track_request(frames=44_000, clips=clips))


@pytest.mark.parametrize(
    ("selection", "surely", "perhaps"),
    [
        (Span(0.0, 3600.1), True, True),
        (Span(0.0, 3600.123456), False, True),
        (Span(1.0, 3600.12), False, True),
        (Span(0.0, 3601.0), False, False),
        (Span(-1.0, 3.0), False, False),
        (Span(3600.5, 3601.5), False, False),
    ],
)
def test_rounded_times_of_other_tracks_tell_what_is_sure(
    selection: Span, surely: bool, perhaps: bool
) -> None:
    surroundings = Surroundings(clips={2: (Span(0.0, 3600.12), Span(3601.0, 3700.0))}, envelopes={})
    assert all_inside_one_clip(surroundings, (2,), selection, surely=True) is surely
    assert all_inside_one_clip(surroundings, (2,), selection, surely=False) is perhaps


def test_a_track_without_clips_is_not_inside() -> None:
    assert not all_inside_one_clip(Surroundings({}, {}), (0,), Span(0, 1), surely=False)


def test_only_envelopes_of_selected_clips_matter() -> None:
    surroundings = Surroundings({}, {0: (Span(0, 1),), 1: (Span(5, 6),)})
    assert have_envelopes(surroundings, (0, 1), Span(0.5, 2))
    assert not have_envelopes(surroundings, (1,), Span(0.5, 2))
    assert not have_envelopes(surroundings, (0,), Span(1.0, 2))
