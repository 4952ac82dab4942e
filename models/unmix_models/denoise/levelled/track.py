"""How loud a voice is from moment to moment, and the gain that brings it to one level.

Measured in frames of 20 ms. The level of a stretch is that of its louder frames; a stretch in which all are
alike is noise alone and gives no answer: the last one holds.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmix_models.denoise.levelled.frames import FRAMES_PER_SECOND, Values

_GAIN_DB = (-200.0, 80.0)
_SILENT_DB = -140.0
"""Frames below do not count."""
_VOICE, _LOUD, _QUIET = 0.75, 0.95, 0.2
"""Quantiles: the level of a stretch, and the two whose distance tells a voice from steady noise."""
_STEADY_DB = 5.0
_FEWEST = FRAMES_PER_SECOND // 2
_PAST = 3 * FRAMES_PER_SECOND
_AHEAD = 2 * FRAMES_PER_SECOND
"""Frames before and behind the present one. Within one second ahead, pauses pass for steps; three are no better."""
_NEAR = FRAMES_PER_SECOND // 10
_STEP_DB = 12.0
"""Where past and future differ by more, they are not averaged: what is nearer to the present one is right. Where the
future gives no answer, the past one does not either: a louder voice may still be among it."""
_LONGEST_START = 2 * FRAMES_PER_SECOND
"""Frames that are waited for, where the recording begins with what gives no answer."""
_ENVELOPE, _DIP, _FADE = FRAMES_PER_SECOND // 5, 2 * FRAMES_PER_SECOND // 5, FRAMES_PER_SECOND
"""Frames: beats within the first are none; voices rise again within the last, out of dips of the second."""
_FADE_DB = 3.0
"""What falls by as much within a second and does not rise by it dies away, and is no voice: its level says nothing."""


class GainTrack:
    """Gains for the frames of one recording, channel by channel, two seconds late."""

    def __init__(self, channels: int, target_db: float) -> None:
        """`target_db` is the level that voices are brought to."""
        self._target_db = target_db
        self._levels = np.full((_PAST, channels), np.nan)
        """From `_PAST` before the first frame without an answer on; NaN does not count."""
        self._fades = _Fades(channels)
        self._waiting: Values | None = np.zeros((0, channels))
        """Answers at the start, while some channel has had none; None once there was one for each."""
        self._last = np.full(channels, np.nan)

    def process(self, levels: Values, *, last: bool = False) -> Values:
        """Take levels in dB, `[frames, channels]`; return factors for as many frames as are known."""
        counts = (levels > _SILENT_DB) & ~self._fades.among(levels)
        self._levels = np.concatenate([self._levels, np.where(counts, levels, np.nan)])
        if last:
            self._levels = np.concatenate([self._levels, np.full((_AHEAD, levels.shape[1]), np.nan)])
        heard = len(self._levels) - _PAST - _AHEAD
        answers = _answers(self._levels) if heard > 0 else np.zeros((0, levels.shape[1]))
        if self._waiting is not None:
            answers = np.concatenate([self._waiting, answers])
            if not self._may_start(answers) and not last:
                self._waiting = answers
                self._forget(heard)
                return answers[:0]
            self._waiting = None
            self._last = self._at_start(answers)
        self._forget(heard)
        return self._factors(answers)

    def _forget(self, heard: int) -> None:
        self._levels = self._levels[max(heard, 0) :]

    def _may_start(self, answers: Values) -> bool:
        silent = np.isnan(self._levels).all(axis=0)
        answered = ~np.isnan(answers).all(axis=0)
        return len(answers) >= _LONGEST_START or bool(answered.any() and (answered | silent).all())

    def _at_start(self, answers: Values) -> Values:
        """The first answer of each channel; where there is none, the level of all that was heard of it."""
        found = ~np.isnan(answers)
        first = (
            np.take_along_axis(answers, found.argmax(axis=0)[None], axis=0)[0] if len(answers) else self._last
        )
        (everything,), _ = _quantiles(self._levels.T, _VOICE)
        level = np.where(found.any(axis=0), first, everything)
        return np.where(np.isnan(level), self._target_db, level)

    def _factors(self, answers: Values) -> Values:
        """Where an answer is missing, the last one holds."""
        answers = np.concatenate([self._last[None], answers])
        places = np.where(np.isnan(answers), 0, np.arange(len(answers))[:, None])
        held = np.take_along_axis(answers, np.maximum.accumulate(places, axis=0), axis=0)
        self._last = held[-1]
        return 10 ** (np.clip(self._target_db - held[1:], *_GAIN_DB) / 20)


class _Fades:
    """Finds what dies away, as the end of a piece of music does: it would be lifted higher and higher."""

    def __init__(self, channels: int) -> None:
        self._before = np.full((_ENVELOPE + _DIP + _FADE, channels), -np.inf)

    def among(self, levels: Values) -> NDArray[np.bool_]:
        """Which of the next frames do."""
        known = np.concatenate([self._before, np.where(levels > _SILENT_DB, levels, -np.inf)])
        self._before = known[len(levels) :]
        envelope = _sliding(known, _ENVELOPE).max(axis=-1)
        dips = _sliding(np.where(np.isinf(envelope), np.inf, envelope), _DIP).min(axis=-1)
        rises = envelope[_DIP - 1 :] - dips >= _FADE_DB
        rose = _sliding(rises, _FADE).any(axis=-1)
        fell = envelope[_DIP + _FADE - 2 :] < _sliding(envelope[_DIP - 1 :], _FADE).max(axis=-1) - _FADE_DB
        fades = np.asarray(fell & ~rose, np.bool_)
        return fades[len(fades) - len(levels) :]


def _sliding(values: NDArray[Any], frames: int) -> NDArray[Any]:
    return np.lib.stride_tricks.sliding_window_view(values, frames, axis=0)


def _answers(levels: Values) -> Values:
    """Levels of the voice, NaN where there is no answer, for all frames with `_PAST` before and `_AHEAD` behind."""
    stretches = np.lib.stride_tricks.sliding_window_view(levels, _PAST + 1 + _AHEAD, axis=0)
    past, ahead = _level(stretches[..., : _PAST + 1]), _level(stretches[..., _PAST:])
    (near,), _ = _quantiles(stretches[..., _PAST - _NEAR : _PAST + _NEAR + 1], _VOICE)
    apart = np.abs(past - ahead)
    nearer = np.where(np.abs(near - past) < np.abs(near - ahead), past, ahead)
    answers = np.where(apart >= _STEP_DB, nearer, ahead)
    level = apart < _STEP_DB
    answers[level] = _level(stretches[level])
    return answers


def _level(stretches: Values) -> Values:
    (loud, quiet, voice), counted = _quantiles(stretches, _LOUD, _QUIET, _VOICE)
    return np.where((loud - quiet >= _STEADY_DB) & (counted >= _FEWEST), voice, np.nan)


def _quantiles(stretches: Values, *shares: float) -> tuple[list[Values], NDArray[np.intp]]:
    """Of the numbers on the last axis but NaN; NaN where there are none. And how many there are."""
    ordered = np.sort(stretches, axis=-1).reshape(-1, stretches.shape[-1])  # NaN comes last
    counted = ordered.shape[-1] - np.isnan(ordered).sum(axis=-1)
    last, rows = np.maximum(counted - 1, 0), np.arange(len(ordered))
    found: list[Values] = []
    for share in shares:
        place = last * share
        below = place.astype(np.intp)
        low, high = ordered[rows, below], ordered[rows, np.minimum(below + 1, last)]
        found.append((low + (high - low) * (place - below)).reshape(stretches.shape[:-1]))
    return found, counted.reshape(stretches.shape[:-1])
