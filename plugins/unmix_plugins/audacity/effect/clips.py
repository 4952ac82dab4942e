"""Where a result belongs: the parts of a selection that hold audio, as frames of the track's own rate.

Audacity gives an effect the whole selection, with zeros where no clip is, and turns zeros that come back into silent
clips. So only a selection inside one clip can be answered by the effect; any other is put back clip by clip.

Audacity rounds exact times to frames. What it tells of them is rounded to 1 µs before, so of a time close to the middle
between two frames it is not known which of the two Audacity takes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from unmix_plugins.audacity.effect.request import Span, Surroundings, TrackRequest

_MICROSECOND = 0.6e-6
"""Seconds by which an effect's times may be off, and a little more."""
_NARROW = 2
"""Frames."""
_DIGITS = 5e-6
"""Relative error of GetInfo's times, which have six significant digits."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive frames of one clip inside the selection."""

    first_frame: int
    """On the project's time line, at the track's rate."""
    offset: int
    """From the selection's first frame."""
    frames: int


Placement = tuple[Piece, ...]
"""The parts of a selection that clips fill, in order."""


def first_frame(request: TrackRequest) -> int:
    """The selection's first frame on the time line, as far as is known."""
    return _first_frames(request)[0]


def placements(request: TrackRequest, is_silent: Callable[[int], bool]) -> tuple[Placement, ...]:
    """Where the clips' audio may be; the first is likely, and mostly the only one.

    `is_silent` says of a frame, counted from the beginning of what was handed over, whether it is zero: where the edge
    of a clip is not known to the frame, only a frame that holds something belongs to the clip.
    """
    return tuple(_placement(request, first, is_silent) for first in _first_frames(request))


def fills(placement: Placement, frames: int) -> bool:
    """Whether one clip fills the selection of so many frames, so that the effect can return the samples itself."""
    return [piece.frames for piece in placement] == [frames]


def has_narrow_gap(request: TrackRequest) -> bool:
    """Whether clips at the selection are so close that Audacity would join them and cut them apart elsewhere.

    Pasting joins what is less than two frames apart (`WaveTrack::ClearAndPaste` of 3.2.4).
    """
    rate, selection = request.sample_rate, request.project.selection
    clips = sorted(request.clips, key=lambda clip: clip.start)
    return any(
        0.5 < (right.start - left.end) * rate < _NARROW + 0.5
        and selection.start - _NARROW / rate <= right.start
        and left.end <= selection.end + _NARROW / rate
        for left, right in pairwise(clips)
    )


def all_inside_one_clip(
    surroundings: Surroundings, positions: tuple[int, ...], selection: Span, *, surely: bool
) -> bool:
    """The same for tracks that have not been handed over yet: for sure, or as far as rounded times tell."""
    slack = -_DIGITS if surely else _DIGITS
    return all(
        any(_holds(clip, selection, slack) for clip in surroundings.clips.get(position, ()))
        for position in positions
    )


def have_envelopes(surroundings: Surroundings, positions: tuple[int, ...], selection: Span) -> bool:
    """Whether a selected clip has envelope points; an effect would hear it without them and flatten them."""
    return any(
        clip.start < selection.end and selection.start < clip.end
        for position in positions
        for clip in surroundings.envelopes.get(position, ())
    )


def _first_frames(request: TrackRequest) -> list[int]:
    """The frames that the selection may begin with; the number of its frames is known."""
    selection, rate = request.project.selection, request.sample_rate
    starts, ends = _nearest(selection.start, rate), _nearest(selection.end, rate)
    return [start for start in starts if start + request.frames in ends] or starts[:1]


def _nearest(time: float, sample_rate: float) -> list[int]:
    """The frames that Audacity may round this time to, the likelier first."""
    likely = math.floor(time * sample_rate + 0.5)
    around = (math.floor((time + error) * sample_rate + 0.5) for error in (-_MICROSECOND, _MICROSECOND))
    return [likely, *({*around} - {likely})]


def _placement(request: TrackRequest, first: int, is_silent: Callable[[int], bool]) -> Placement:
    last = first + request.frames
    found: list[Piece] = []
    end_before = first
    for clip in sorted(request.clips, key=lambda clip: clip.start):
        starts, ends = (sorted(_nearest(time, request.sample_rate)) for time in (clip.start, clip.end))
        begin, end = starts[-1], ends[0]
        if first <= starts[0] < begin and not is_silent(starts[0] - first):
            begin = starts[0]
        if end < ends[-1] <= last and not is_silent(end - first):
            end = ends[-1]
        begin, end = max(end_before, begin), min(last, end)
        if begin < end:
            found.append(Piece(begin, begin - first, end - begin))
            end_before = end
    return tuple(found)


def _holds(clip: Span, selection: Span, slack: float) -> bool:
    return clip.start - slack * abs(
        clip.start
    ) <= selection.start and selection.end <= clip.end + slack * abs(clip.end)
