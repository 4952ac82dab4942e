"""Where a result belongs: the parts of a selection that hold audio, as frames of the track's own rate.

Audacity gives an effect the whole selection, with zeros where no clip is, and turns zeros that come back into silent
clips. So only a selection inside one clip can be answered by the effect; any other is put back clip by clip.
"""

from dataclasses import dataclass

from unmix_plugins.audacity.request import Span, Surroundings, TrackRequest

_ROUNDING = 1
"""Frames by which a boundary may be off: an effect's times are rounded to 1 µs."""
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


def first_frame(request: TrackRequest) -> int:
    """The selection's first frame on the time line; Audacity rounds to the nearest."""
    return int(request.project.selection.start * request.sample_rate + 0.5)


def pieces(request: TrackRequest) -> tuple[Piece, ...]:
    """The parts of the selection that clips fill, in order."""
    start = first_frame(request)
    end = start + request.frames
    found: list[Piece] = []
    for clip in sorted(request.clips, key=lambda clip: clip.start):
        begin = max(start, round(clip.start * request.sample_rate))
        finish = min(end, round(clip.end * request.sample_rate))
        if finish - begin > (_ROUNDING if found or request.frames > _ROUNDING else 0):
            found.append(Piece(begin, begin - start, finish - begin))
    return tuple(found)


def is_inside_one_clip(request: TrackRequest) -> bool:
    """Whether one clip fills the selection, so that the effect can return the samples itself."""
    found = pieces(request)
    return len(found) == 1 and found[0].frames >= request.frames - 2 * _ROUNDING


def all_inside_one_clip(surroundings: Surroundings, positions: tuple[int, ...], selection: Span) -> bool:
    """The same for tracks that have not been handed over yet, as far as rounded times tell."""
    return all(
        any(_holds(clip, selection) for clip in surroundings.clips.get(position, ()))
        for position in positions
    )


def have_envelopes(surroundings: Surroundings, positions: tuple[int, ...], selection: Span) -> bool:
    """Whether a selected clip has envelope points; an effect would hear it without them and flatten them."""
    return any(
        clip.start < selection.end and selection.start < clip.end
        for position in positions
        for clip in surroundings.envelopes.get(position, ())
    )


def _holds(clip: Span, selection: Span) -> bool:
    tolerance = _DIGITS * max(abs(clip.end), abs(selection.end), 1e-3)
    return clip.start <= selection.start + tolerance and selection.end <= clip.end + tolerance
