"""What a project sounds like: the reference that every placed result is held against.

Plain on purpose and the same every time: a take's source is read between its frames by linear interpolation,
and pitch is not shifted. Positions are kept as whole frames and 65536ths of one, so that a take which plays
the same frames of a shorter file comes out the same to the last bit. Pitch and its kin are in `unheard`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fake_reaper.model.item import Item
from fake_reaper.model.project import Project
from fake_reaper.model.source import Source
from fake_reaper.model.take import Take
from fake_reaper.model.track import Track

Signal = NDArray[np.float64]
GRID = 65536
"""Parts of a frame that positions are rounded to; far above float error, far below hearing."""


class Unheard(NamedTuple):
    """How a take is played in ways that this renderer does not let one hear."""

    position: float
    length: float
    pitch: float
    preserve_pitch: int
    pitch_mode: int
    stretch_flags: int
    stretch_fade: float


@dataclass(frozen=True, slots=True)
class Played:
    """The frames of a file that a take needs; `reverse` if it plays the last one first.

    `skipped` frames of the take's source, in the direction in which it plays them, come before.
    """

    path: Path
    first_frame: int
    frames: int
    reverse: bool
    skipped: int


def render(project: Project, tracks: Iterable[Track] | None = None) -> Signal:
    """Return the project's sound, `[frames, 2]` at its sample rate; only these tracks' items if given."""
    heard = set(project.tracks if tracks is None else tracks)
    frames = math.ceil(_on_grid(project.length * project.sample_rate))
    sums = {id(track): np.zeros((frames, 2)) for track in project.tracks}
    master = np.zeros((frames, 2))
    soloed = any(track.solo for track in project.tracks)
    for track in reversed(project.tracks):  # a folder comes before what is in it
        signal = sums[id(track)]
        if track in heard:
            for item in track.items:
                first, sound = render_item(item)
                signal[first : first + len(sound)] += sound
        if track.mute or (soloed and not _in_solo(track)):
            continue
        parent = track.parent
        if track.main_send:
            into = master if parent is None else sums[id(parent)]
            into += _through(track, signal)
    return master


def render_item(item: Item) -> tuple[int, Signal]:
    """Return the frame of the project at which an item begins, and its sound, `[frames, 2]`."""
    first, times = _frames_of(item)
    sound = np.zeros((len(times), 2))
    if item.mute or not item.lane_plays:
        return first, sound
    for take in item.takes if item.all_takes_play else [item.take]:
        if take is not None:
            sound += render_take(take)
    return first, sound * item.volume * _fades(item, times)[:, None]


def render_take(take: Take) -> Signal:
    """Return a take's sound over its item, `[frames, 2]`, before the item's own volume and fades."""
    _, times = _frames_of(take.item)
    if take.source is None or not take.source.plays:
        return np.zeros((len(times), 2))
    frames = take.source.read()
    index, weight = _positions(take, times)
    sound = (1 - weight) * _at(frames, index, take) + weight * _at(frames, index + 1, take)
    gain = take.volume * math.prod(part.gain for part in (*take.effects, *take.envelopes))
    return _stereo(sound, take.channel_mode) * gain * _balance(take.pan)


def played(take: Take) -> Played | None:
    """Return the frames of the file that a take's item needs; None where nothing plays.

    A frame counts if it has any weight in the sound. An item that goes around its source needs all of it.
    """
    source = take.source
    _, times = _frames_of(take.item)
    if source is None or not source.plays or not len(times):
        return None
    index, weight = _positions(take, times)
    first, last = int(index.min()), int((index + (weight[:, 0] > 0)).max()) + 1
    frames = source.frames
    if take.item.loop_source and (first < 0 or last > frames):
        first, last = 0, frames
    first, last = max(0, first), min(frames, last)
    return _in_file(source, first, last, skipped=first) if first < last else None


def played_source_frames(take: Take) -> tuple[int, int] | None:
    """Return first frame and number of frames of the file that a take needs; None where nothing plays."""
    needed = played(take)
    return None if needed is None else (needed.first_frame, needed.frames)


def unheard(project: Project) -> list[Unheard]:
    """Return, in the order of items, how their active takes play in ways that `render` leaves out."""
    return [
        Unheard(
            item.position,
            item.length,
            take.pitch,
            take.preserve_pitch,
            take.pitch_mode,
            take.stretch_flags,
            take.stretch_fade,
        )
        for item in project.items
        if (take := item.take) is not None
    ]


def _frames_of(item: Item) -> tuple[int, Signal]:
    """Return the first frame that an item covers, and each frame's time since its start, in frames."""
    rate = item.track.project.sample_rate
    start = _on_grid(item.position * rate)
    first, end = math.ceil(start), math.ceil(_on_grid(item.end * rate))
    return first, np.arange(first, end) - start


def _positions(take: Take, times: Signal) -> tuple[NDArray[np.int64], Signal]:
    """Return the source's frame before each of the item's, and the weight of the one after."""
    assert take.source is not None
    rate, project_rate = take.source.sample_rate, take.item.track.project.sample_rate
    start = take.start_offset * rate
    whole = math.floor(start)
    if take.stretch_markers:
        seconds = times / project_rate * take.play_rate
        frames = _stretched(take, seconds) * rate - whole
    else:
        frames = (start - whole) + times * (take.play_rate * rate / project_rate)
    frames = np.round(frames * GRID) / GRID
    before = np.floor(frames)
    return before.astype(np.int64) + whole, (frames - before)[:, None]


def _stretched(take: Take, seconds: Signal) -> Signal:
    """Return the source's time for each time of the take: from marker to marker, at rate 1 outside of them."""
    markers = sorted(take.stretch_markers)
    at = np.array([marker.position for marker in markers])
    plays = np.array([marker.source_position for marker in markers])
    part = np.searchsorted(at, seconds, side="right") - 1
    result = np.where(part < 0, plays[0] + seconds - at[0], plays[-1] + seconds - at[-1])
    for index in range(len(markers) - 1):
        inside = part == index
        along = (seconds[inside] - at[index]) / (at[index + 1] - at[index])
        slope = markers[index].slope  # the rate goes from 1 - slope to 1 + slope of the segment's own
        result[inside] = plays[index] + (plays[index + 1] - plays[index]) * along * (
            1 - slope + slope * along
        )
    return result


def _at(frames: Signal, index: NDArray[np.int64], take: Take) -> Signal:
    if take.item.loop_source:
        return frames[index % len(frames)] if len(frames) else np.zeros((len(index), frames.shape[1]))
    inside = (index >= 0) & (index < len(frames))
    sound = np.zeros((len(index), frames.shape[1]))
    sound[inside] = frames[index[inside]]
    return sound


def _in_file(source: Source, first: int, last: int, skipped: int) -> Played:
    if source.parent is None:
        assert source.path is not None
        return Played(source.path, first, last - first, reverse=False, skipped=skipped)
    start, end = source.section_of(source.parent.frames)
    first, last = (end - last, end - first) if source.reverse else (start + first, start + last)
    below = _in_file(source.parent, first, last, skipped)
    return replace(below, reverse=below.reverse != source.reverse)


def _stereo(sound: Signal, mode: int) -> Signal:
    """Apply a channel mode: 0 as is, 1 swapped, 2 mixed down, 3 and up one channel, 67 and up a pair."""
    if mode == 2:
        return np.repeat(sound.mean(axis=1, keepdims=True), 2, axis=1)
    if sound.shape[1] == 1 and mode < 3:
        return np.repeat(sound, 2, axis=1)
    left = 0 if mode < 3 else mode - 67 if mode >= 67 else mode - 3
    right = left if 3 <= mode < 67 else left + 1
    pair = np.stack([_channel(sound, left), _channel(sound, right)], axis=1)
    return pair[:, ::-1] if mode == 1 else pair


def _channel(sound: Signal, index: int) -> Signal:
    return sound[:, index] if index < sound.shape[1] else np.zeros(len(sound))


def _balance(pan: float) -> Signal:
    return np.array([min(1.0, 1 - pan), min(1.0, 1 + pan)])


def _fades(item: Item, times: Signal) -> Signal:
    rate = item.track.project.sample_rate
    fade_in = item.fade_in_auto if item.fade_in_auto > 0 else item.fade_in
    fade_out = item.fade_out_auto if item.fade_out_auto > 0 else item.fade_out
    rising = _curve(times, fade_in * rate, item.fade_in_shape, item.fade_in_curve)
    falling = _curve(item.length * rate - times, fade_out * rate, item.fade_out_shape, item.fade_out_curve)
    return rising * falling


def _curve(times: Signal, frames: float, shape: int, curve: float) -> Signal:
    if frames <= 0:
        return np.ones(len(times))
    along = np.clip(times / frames, 0, 1)
    shapes = {0: along, 1: 1 - (1 - along) ** 2, 2: along**2, 3: 1 - (1 - along) ** 4, 4: along**4}
    return shapes.get(shape, along * along * (3 - 2 * along)) ** (2.0**-curve)


def _through(track: Track, signal: Signal) -> Signal:
    gain = track.volume * math.prod(effect.gain for effect in track.effects) * (-1 if track.phase else 1)
    return signal * gain * _balance(track.pan)


def _in_solo(track: Track) -> bool:
    """Whether a track, a folder that it is in, or a track in it is soloed."""
    above: Track | None = track
    while above is not None:
        if above.solo:
            return True
        above = above.parent
    return any(other.solo and track in _folders(other) for other in track.project.tracks)


def _folders(track: Track) -> list[Track]:
    parent = track.parent
    return [] if parent is None else [parent, *_folders(parent)]


def _on_grid(frames: float) -> float:
    return round(frames * GRID) / GRID
