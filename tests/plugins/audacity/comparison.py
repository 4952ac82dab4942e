"""Whether two projects are the same, and what a project should be after an effect: sample for sample."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
from plugins.audacity.aup3 import SavedClip, SavedProject, SavedTrack

Made = Callable[[np.ndarray, int], np.ndarray]
"""What becomes of samples (frames,) or (frames, 2) of a sample rate."""


def difference(one: SavedProject, other: SavedProject) -> str:
    """What differs first, or nothing. What is selected does not count."""
    return next(_differences(one, other), "")


def _differences(one: SavedProject, other: SavedProject) -> Iterator[str]:
    if one.sample_rate != other.sample_rate:
        yield f"the rate: {one.sample_rate}, {other.sample_rate}"
    if len(one.tracks) != len(other.tracks):
        yield f"the tracks: {[track.name for track in one.tracks]}, {[track.name for track in other.tracks]}"
    for mine, theirs in zip(one.tracks, other.tracks, strict=False):
        bare, other_bare = (replace(track, clips=(), is_selected=False) for track in (mine, theirs))
        if bare != other_bare:
            yield f"{bare}, {other_bare}"
        if _bounds(mine) != _bounds(theirs):
            yield f"{mine.name}: {_bounds(mine)}, {_bounds(theirs)}"
        for clip, other_clip in zip(mine.clips, theirs.clips, strict=False):
            if clip.samples.tobytes() != other_clip.samples.tobytes():
                frames = np.flatnonzero(
                    (clip.samples.view("u4") != other_clip.samples.view("u4")).any(axis=0)
                )
                yield f"{mine.name}, {clip.name}: {len(frames)} samples from {frames[0]} to {frames[-1]}"


def _bounds(track: SavedTrack) -> list[tuple[object, ...]]:
    return [(clip.name, clip.start_frame, clip.samples.shape, clip.envelope) for clip in track.clips]


def replaced(before: SavedProject, positions: Iterable[int], made: Made) -> SavedProject:
    """The project with all selected audio replaced, on these tracks, by what is made of it."""
    tracks = list(before.tracks)
    for position in positions:
        track = tracks[position]
        first, last = selected_frames(before, track)
        result = _channels_first(made(handed_over(track, first, last), track.sample_rate))
        tracks[position] = replace(
            track, clips=tuple(_with_result(clip, first, last, result) for clip in track.clips)
        )
    return replace(before, tracks=tuple(tracks))


def with_new_tracks(
    before: SavedProject,
    positions: Iterable[int],
    stems: Callable[[np.ndarray, int], dict[str, np.ndarray]],
    words: Callable[[str], str] = str,
) -> SavedProject:
    """The project with a new track for each stem of what these tracks have in the selection."""
    added: list[SavedTrack] = []
    for position in positions:
        track = before.tracks[position]
        first, last = selected_frames(before, track)
        for stem, samples in stems(handed_over(track, first, last), track.sample_rate).items():
            name = f"{track.name} – {words(stem)}"
            clip = SavedClip(name, first / track.sample_rate, first, _channels_first(samples), ())
            added.append(SavedTrack("wave", name, False, track.sample_rate, clips=(clip,)))
    return replace(before, tracks=(*before.tracks, *added))


def selected_frames(project: SavedProject, track: SavedTrack) -> tuple[int, int]:
    """The first frame of a selection, and the one behind its last, as an effect gets them.

    Audacity makes its length a whole number of frames of the project (`EffectBase::DoEffect`).
    """
    (start, end), rate = project.selection, project.sample_rate
    length = math.floor(end * rate + 0.5) / rate - math.floor(start * rate + 0.5) / rate
    return (
        math.floor(start * track.sample_rate + 0.5),
        math.floor((start + length) * track.sample_rate + 0.5),
    )


def handed_over(track: SavedTrack, first: int, last: int) -> np.ndarray:
    """What an effect gets: (frames,) or (frames, 2), with zeros where no clip is."""
    samples = np.zeros((track.channels, last - first), np.float32)
    for clip in track.clips:
        begin, end = max(first, clip.start_frame), min(last, clip.start_frame + clip.frames)
        if begin < end:
            inside = slice(begin - clip.start_frame, end - clip.start_frame)
            samples[:, begin - first : end - first] = clip.samples[:, inside]
    return samples[0] if len(samples) == 1 else samples.T


def _with_result(clip: SavedClip, first: int, last: int, result: np.ndarray) -> SavedClip:
    begin, end = max(first, clip.start_frame), min(last, clip.start_frame + clip.frames)
    if begin >= end:
        return clip
    samples = clip.samples.copy()
    samples[:, begin - clip.start_frame : end - clip.start_frame] = result[:, begin - first : end - first]
    return replace(clip, samples=samples)


def _channels_first(samples: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.atleast_2d(samples.T))
