"""What each half second of a recording gets, by what it holds and what lies around it."""

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


_BESIDE_A_VOICE = 4
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

    What is neither voice nor music is treated as speech beside speech, and as long as it is no louder than the noise
    in it; a recording of nothing else is noise, which the network takes away.
    """

    def __init__(self) -> None:
        self._before: Treatment | None = None
        """Of the last cell that says what it is; None at the start."""
        self._open: list[tuple[Cell, bool]] = []
        """Cells since, and whether each is as quiet as the noise of the talk."""
        self._beside = 0
        """Those since that were treated as speech, as long as nothing else was."""

    def process(self, cell: Cell, *, is_quiet: bool) -> list[tuple[Cell, Treatment]]:
        """Take the next cell; return those that are settled by it."""
        treatment = _OF_SOUND.get(cell.sound)
        if treatment is None:
            self._open.append((cell, is_quiet))
            return self._settled_before_more()
        settled = self._settled_by(treatment)
        self._before, self._beside = treatment, 0
        return [*settled, (cell, treatment)]

    def flush(self) -> list[tuple[Cell, Treatment]]:
        """Return the rest."""
        treatment = Treatment.VOICE if self._before is None else Treatment.REST
        return self._settle(len(self._open), treatment)

    def _settled_before_more(self) -> list[tuple[Cell, Treatment]]:
        """What needs not wait for what comes."""
        if self._before is None:
            if len(self._open) <= _LONGEST_START:
                return []
            self._before = Treatment.REST
        if self._before is not Treatment.REST:
            if self._beside < _BESIDE_A_VOICE or self._open[0][1]:
                self._beside += 1
                return self._settle(1, Treatment.VOICE)
            self._before = Treatment.REST
        return self._settle(max(len(self._open) - _BESIDE_A_VOICE, 0), Treatment.REST)

    def _settled_by(self, treatment: Treatment) -> list[tuple[Cell, Treatment]]:
        if treatment is Treatment.REST:
            return self._settle(len(self._open), Treatment.REST)
        beside = len(self._open) if self._before is None else _BESIDE_A_VOICE
        rest = self._settle(max(len(self._open) - beside, 0), Treatment.REST)
        return [*rest, *self._settle(len(self._open), Treatment.VOICE)]

    def _settle(self, count: int, treatment: Treatment) -> list[tuple[Cell, Treatment]]:
        settled = [(cell, treatment) for cell, _ in self._open[:count]]
        del self._open[:count]
        return settled
