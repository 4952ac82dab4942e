"""The piece of a file that has to be processed for an item."""

import math
from typing import NamedTuple

from .messages import Trouble
from .playing import Playing

TINY = 1e-6
"""Of a frame: more than floats lose, less than can be heard."""


class Piece(NamedTuple):
    """The frames of a file that are processed for an item."""

    path: str
    first: int
    frames: int
    is_whole_file: bool
    """The client is not told how long it is then: REAPER and its decoder may not agree on that."""
    reverse: bool
    start: float
    """Where a take has to start in the result, in seconds."""


def piece_of(playing: Playing, position: float, project_rate: float) -> Piece:
    """Return the frames that an item at `position` needs; `project_rate` is 0 where nobody knows it.

    An item plays `length` seconds from `start`, `rate` times as fast. The first frame is the one that the start lies
    in (floor), the end is rounded up. Where REAPER interpolates, as it plays at another rate or between two frames,
    one more on each side is read, too. So the result begins on a frame and mostly before the item does; the rest of
    the start offset remains, and every sample lands where it was. Items that go around their source, and those
    with stretch markers, play anywhere in it and get all of it: all their times then stay as they are.
    """
    rate, frames = playing.sample_rate, playing.frames
    grid = project_rate or rate
    step = playing.rate * rate / grid
    low, high = playing.start * rate, (playing.start + playing.length * playing.rate) * rate
    begin, end = math.ceil(position * grid - TINY), math.ceil((position + playing.length) * grid - TINY)
    at = low + (begin - position * grid) * step  # what the first of the project's samples reads
    last = at + (end - begin - 1) * step
    interpolates = not (is_whole(at) and is_whole(last) and is_whole(step))
    reads_to = math.ceil(last - TINY) if interpolates else round(last)
    if playing.markers or (playing.loop and (at < -TINY or reads_to >= frames)):
        first, end = 0, frames
    else:
        guard = 1 if interpolates or not project_rate else 0
        first = max(0, math.floor(low + TINY) - guard)
        end = min(frames, math.ceil(high - TINY) + guard)
    if end <= first or playing.rate <= 0:
        raise Trouble("it plays nothing of its file")
    start = playing.start if first == 0 else (low - first) / rate
    count, reverse = end - first, False
    is_whole_file = not playing.layers and count == frames
    for layer in playing.layers:
        first = layer.first + (layer.frames - first - count if layer.reverse else first)
        reverse = reverse != layer.reverse
    start = 0.0 if abs(start * rate) < TINY else start
    return Piece(playing.path, first, count, is_whole_file, reverse, start)


def is_whole(frames: float) -> bool:
    return abs(frames - round(frames)) < TINY
