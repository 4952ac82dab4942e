"""What each half second of a recording gets, by what it holds and what lies around it."""

from dataclasses import replace
from enum import Enum

from unmix_models.listen.ear import Sound
from unmix_models.listen.listener import Cell


class Treatment(Enum):
    """What a stretch gets, the more cautious the later."""

    VOICE = 0
    """The network alone: what is no voice goes."""
    BED = 1
    """The network, and of what it takes away only the noise that is known."""
    REST = 2
    """Nothing but the noise that is known is taken away."""


_BESIDE = 4
"""Cells before and behind speech that are treated as speech, whatever they hold: 2 s."""
_LONGEST_START = 60
"""Cells that are waited for at the start, until there is something to go by."""
_OF_SOUND = {
    Sound.SPEECH: Treatment.VOICE,
    Sound.SPEECH_OVER_MUSIC: Treatment.BED,
    Sound.MUSIC: Treatment.REST,
}


class Plan:
    """Treatments for the cells of one recording, some cells late.

    What is neither voice nor music is treated as speech beside speech, unless it is nearer to music, and as long as
    it is no louder than the noise in that speech. A recording of nothing else is noise, which the network takes away.
    """

    def __init__(self) -> None:
        self._before: Treatment | None = None
        """Of the last cell that says what it is; None at the start."""
        self._open: list[tuple[Cell, bool]] = []
        """Cells since that are not settled, and whether each is as quiet as the noise of the talk."""
        self._since = 0
        """How many there were."""
        self._beside = 0
        """Those of them that were treated as speech, as long as nothing else was."""
        self._joins = _Joins()

    def process(self, cell: Cell, *, is_quiet: bool) -> list[tuple[Cell, Treatment]]:
        """Take the next cell; return those that are settled by it."""
        treatment = _OF_SOUND.get(cell.sound)
        if treatment is None:
            self._open.append((cell, is_quiet))
            self._since += 1
            return self._joins.process(self._settled_by_waiting())
        settled = self._settled_by(treatment)
        self._before, self._since, self._beside = treatment, 0, 0
        return self._joins.process([*settled, (cell, treatment)])

    def flush(self) -> list[tuple[Cell, Treatment]]:
        """Return the rest."""
        return self._joins.process(self._settled_at_end()) + self._joins.flush()

    def _settled_at_end(self) -> list[tuple[Cell, Treatment]]:
        if self._before is None:
            return self._settle(len(self._open), Treatment.VOICE)
        return [*self._settle_voice(len(self._open)), *self._settle(len(self._open), Treatment.REST)]

    def _settled_by_waiting(self) -> list[tuple[Cell, Treatment]]:
        """What lies too far before whatever comes."""
        if self._before is None:
            if len(self._open) <= _LONGEST_START:
                return []
            self._before = Treatment.REST
        voice = self._settle_voice(len(self._open) - _BESIDE)
        return [*voice, *self._settle(len(self._open) - _BESIDE, Treatment.REST)]

    def _settled_by(self, treatment: Treatment) -> list[tuple[Cell, Treatment]]:
        if treatment is Treatment.REST:
            voice = [] if self._before is None else self._settle_voice(len(self._open) // 2)
            return [*voice, *self._settle(len(self._open), Treatment.REST)]
        beside = len(self._open) if self._before is None else _BESIDE
        if self._before is Treatment.REST:
            # What is nearer to music, or far from everything, stays.
            beside = min(beside, (self._since + 1) // 2)
        settled = self._settle_voice(len(self._open) - beside)
        settled += self._settle(len(self._open) - beside, Treatment.REST)
        return [*settled, *self._settle(len(self._open), Treatment.VOICE)]

    def _settle_voice(self, most: int) -> list[tuple[Cell, Treatment]]:
        """Those of the oldest that go with the speech before them."""
        if self._before in (None, Treatment.REST):
            return []
        count = 0
        while count < most and (self._beside < _BESIDE or self._open[count][1]):
            self._beside += 1
            count += 1
        if count < most:
            self._before = Treatment.REST
        return self._settle(count, Treatment.VOICE)

    def _settle(self, count: int, treatment: Treatment) -> list[tuple[Cell, Treatment]]:
        count = max(count, 0)
        settled = [(cell, treatment) for cell, _ in self._open[:count]]
        del self._open[:count]
        return settled


class _Joins:
    """Gives the half second of speech beside music to the music: joins are known no better, and music stays."""

    def __init__(self) -> None:
        self._last: tuple[Cell, Treatment] | None = None
        self._after_music = False

    def process(self, settled: list[tuple[Cell, Treatment]]) -> list[tuple[Cell, Treatment]]:
        """Take the next cells, return those behind which a cell is known."""
        told: list[tuple[Cell, Treatment]] = []
        for cell, treatment in settled:
            if self._last:
                told.append(self._told(self._last, before_music=cell.sound is Sound.MUSIC))
            self._last = cell, treatment
        return told

    def flush(self) -> list[tuple[Cell, Treatment]]:
        """Return the last cell."""
        return [self._told(self._last, before_music=False)] if self._last else []

    def _told(self, last: tuple[Cell, Treatment], *, before_music: bool) -> tuple[Cell, Treatment]:
        cell, treatment = last
        beside_music = self._after_music or before_music
        self._after_music = cell.sound is Sound.MUSIC
        if beside_music and treatment is Treatment.VOICE:
            return replace(cell, sound=Sound.MUSIC), Treatment.REST
        return cell, treatment
