"""What became of a recording, stretch by stretch."""

from dataclasses import dataclass

from unmix_models.listen.ear import Sound
from unmix_models.listen.listener import Cell

_SHORTEST_SILENCE = 4
"""Cells; shorter ones are pauses of what is around them."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a recording that holds one thing and got one thing."""

    start: int
    """Frames from the start of the recording."""
    end: int
    """One past the last."""
    sound: Sound
    models: tuple[str, ...]
    """Those that worked on it; none where nothing was changed."""


class Stretches:
    """Grows only where something changes, however long the recording."""

    def __init__(self) -> None:
        self._stretches: list[Stretch] = []
        self._silent: list[Stretch] = []
        """Silent cells at the end, which may still be a pause."""

    def add(self, cell: Cell, frames: int, models: tuple[str, ...]) -> None:
        """Append a cell of so many frames."""
        last = self._silent or self._stretches
        start = last[-1].end if last else 0
        added = Stretch(start, start + frames, cell.sound, models)
        if cell.silent:
            self._silent.append(added)
        else:
            self._name_silence()
            self._append(added)

    def all(self) -> tuple[Stretch, ...]:
        """Everything up to now."""
        self._name_silence()
        return tuple(self._stretches)

    def _name_silence(self) -> None:
        cells, self._silent = self._silent, []
        long = len(cells) >= _SHORTEST_SILENCE
        for cell in cells:
            self._append(Stretch(cell.start, cell.end, Sound.SILENCE if long else cell.sound, cell.models))

    def _append(self, added: Stretch) -> None:
        last = self._stretches[-1] if self._stretches else None
        if last and (last.sound, last.models) == (added.sound, added.models):
            self._stretches[-1] = Stretch(last.start, added.end, last.sound, last.models)
        else:
            self._stretches.append(added)
