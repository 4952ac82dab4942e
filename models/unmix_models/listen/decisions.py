"""From what an ear says of each half second to what the recording holds there.

The likeliest path through the half seconds, where a change of sound costs something, decided with a fixed lag; then
what is too short to be true goes to its neighbours.
"""

from collections import deque
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from unmix_models.listen.ear import HEARD, Likelihoods, Sound

_TALK, _MUSIC, _BED = (HEARD.index(s) for s in (Sound.SPEECH, Sound.MUSIC, Sound.SPEECH_OVER_MUSIC))
_SWITCH_COST, _BED_COST = 5.0, 10.0
"""Nats that a change of sound costs, and that to speech over music without music before it."""
_DOUBT = 0.25
"""Nats that each cell of speech over music costs, where nothing is known of the talk alone."""
_SURE = 0.5
"""Nats by which talk alone has to be likelier than over music for anything to be said by a change of that."""
_REMEMBERED, _FEWEST = 40, 8
"""Cells of speech that this is judged by."""
# A bed that is none is dear, since the noise of that speech stays, and noise with tones in it sounds like one.
_COSTS = _SWITCH_COST * (1 - np.eye(len(HEARD)))
_COSTS[[_TALK, HEARD.index(Sound.OTHER)], _BED] = _BED_COST
_START = np.where(np.arange(len(HEARD)) == _BED, _SWITCH_COST - _BED_COST, 0.0)
_LAG = 8
"""Cells beyond one that its decision hears: 4 s. Measured: 2 s are nearly as good, 8 s no better."""
_SHORTEST = {Sound.SPEECH_OVER_MUSIC: 12, Sound.OTHER: 4, Sound.UNKNOWN: 8}
"""Cells that a stretch of each has at least; a "bed" shorter than that under a talk is noise that sounds like one."""
_CERTAIN, _TALK_CERTAIN = 0.4, 0.6
"""Mean probability of a decided sound, over `_AROUND` cells each way, below which it cannot be told; and that of talk,
over music or not, which is enough for either."""
_SUNG, _STILL_SUNG, _OF_ONE = 0.15, 0.08, 0.4
"""Mean probability of music, before and behind a cell of speech, from which on somebody sings, and still does, and the
most that counts of one cell. Talk is not that like music (none of 4,500 cells), singing alone often is."""
_AROUND = 4


class Decisions:
    """Sounds for the cells of one recording, some seconds late."""

    def __init__(self, trust: float = 0.0) -> None:
        """`trust` is the ear's `Ear.trust`."""
        self._path = _Path(trust)
        self._waiting: list[Sound] = []
        self._before: Sound | None = None

    def process(self, likelihoods: Likelihoods) -> list[Sound]:
        """Take what an ear said of further cells, `[cells, len(HEARD)]`; return what is settled by now."""
        for likelihood in likelihoods:
            self._waiting.extend(self._path.process(likelihood))
        return self._settled(last=False)

    def flush(self) -> list[Sound]:
        """The rest."""
        self._waiting.extend(self._path.flush())
        return self._settled(last=True)

    def _settled(self, *, last: bool) -> list[Sound]:
        runs = [(sound, len(list(cells))) for sound, cells in groupby(self._waiting)]
        settled: list[Sound] = []
        for number, (sound, length) in enumerate(runs):
            behind = runs[number + 1][0] if number + 1 < len(runs) else None
            if sound is not self._before and length < _SHORTEST.get(sound, 0):
                if behind is None and not last:
                    break
                self._before = self._taken_for(sound, behind)
            else:
                self._before = sound
            settled.extend([self._before] * length)
        del self._waiting[: len(settled)]
        return settled

    def _taken_for(self, sound: Sound, behind: Sound | None) -> Sound:
        """What a stretch is that is too short for what it seems."""
        if sound is Sound.SPEECH_OVER_MUSIC:
            return Sound.SPEECH if Sound.SPEECH in (self._before, behind) else sound
        return behind if behind is not None and behind is self._before else sound


class _Path:
    """The likeliest path (A. J. Viterbi, IEEE Trans. Information Theory 13(2), 1967), told `_LAG` cells late."""

    def __init__(self, trust: float) -> None:
        self._trust = trust
        self._scores = _START
        self._came_from: list[NDArray[np.intp]] = []
        """For each of the last `_LAG` cells: the sound before it on the best path to each of its own."""
        self._heard: list[NDArray[np.float32]] = []
        """Probabilities, from `_AROUND` cells before the first that is not told on."""
        self._told = 0
        """Those of `_heard` that are told already."""
        self._sings = False
        """In the last cell that is told."""
        self._talk = deque[float](maxlen=_REMEMBERED)
        """By how many nats each of the last cells of speech was likelier to be that than speech over music."""

    def process(self, likelihood: NDArray[np.float32]) -> list[Sound]:
        """Hear one cell; return what is known by it: at most one cell."""
        if self._heard:
            paths = self._scores[:, None] - _COSTS
            self._came_from.append(paths.argmax(axis=0))
            self._scores = paths.max(axis=0)
        self._scores = self._scores + likelihood
        if np.ptp(likelihood):  # what says nothing of any sound says nothing of this one
            self._scores[_BED] -= self._doubt()
        self._heard.append(np.exp(likelihood))
        return self._tell([self._best()[0]]) if len(self._came_from) == _LAG else []

    def flush(self) -> list[Sound]:
        """Return the sounds of all cells that are left."""
        return self._tell(self._best()) if self._heard else []

    def _doubt(self) -> float:
        if len(self._talk) < _FEWEST:
            return _DOUBT
        return _DOUBT - min(max(float(np.mean(self._talk)) - _SURE, 0.0), self._trust)

    def _best(self) -> list[int]:
        """The path through all cells that are not told."""
        path = [int(self._scores.argmax())]
        for came_from in reversed(self._came_from):
            path.append(int(came_from[path[-1]]))
        return path[::-1]

    def _tell(self, path: list[int]) -> list[Sound]:
        told: list[Sound] = []
        for sound in path:
            told.append(self._sound(sound))
            if told[-1] is Sound.SPEECH:
                here = self._heard[self._told]
                self._talk.append(float(np.log(here[_TALK] / here[_BED])))
            self._told += 1
            self._came_from = self._came_from[1:]
        forgotten = max(self._told - _AROUND, 0)
        self._heard, self._told = self._heard[forgotten:], self._told - forgotten
        return told

    def _sound(self, likeliest: int) -> Sound:
        """Of the first cell that is not told, by those around it as well."""
        before = np.array(self._heard[max(self._told - _AROUND, 0) : self._told + 1])
        behind = np.array(self._heard[self._told : self._told + _AROUND + 1])
        certain = np.concatenate([before, behind[1:]]).mean(axis=0)
        talked = likeliest in (_TALK, _BED) and certain[_TALK] + certain[_BED] >= _TALK_CERTAIN
        if certain[likeliest] < _CERTAIN and not talked:
            return Sound.UNKNOWN
        like_music = min(float(side[:, _MUSIC].clip(max=_OF_ONE).mean()) for side in (before, behind))
        self._sings = likeliest == _TALK and like_music >= (_STILL_SUNG if self._sings else _SUNG)
        return Sound.MUSIC if self._sings else HEARD[likeliest]
