"""What can be undone: whole states of a project, and the blocks that make one point of many changes."""

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fake_reaper.model.project import Project
    from fake_reaper.model.track import Track


class History:
    """The states of one project. Labels name the changes between them, oldest first."""

    def __init__(self, project: "Project") -> None:
        self._project = project
        self._states: list[list[Track]] = []
        self._labels: list[str] = []
        self._now = 0
        self.depth = 0
        """How many undo blocks are open."""
        self.restored: Callable[[list[Track], list[Track]], None] = lambda old, new: None
        """Called with the tracks before and after an undo."""

    @property
    def labels(self) -> list[str]:
        """What can be undone, the latest last."""
        return self._labels[: self._now]

    @property
    def undone(self) -> list[str]:
        """What can be done again, the next first."""
        return self._labels[self._now :]

    @property
    def latest(self) -> "list[Track]":
        """The tracks as they were at the last point, or when the outermost block was opened."""
        return self._states[self._now]

    def begin(self) -> None:
        """Open a block; what was done before without a point is not part of it."""
        if self.depth == 0:
            self.note_state()
        self.depth += 1

    def end(self, label: str, *, keep: bool = True) -> bool:
        """Close a block; the outermost makes one point. False if none was open."""
        if self.depth == 0:
            return False
        self.depth -= 1
        if self.depth == 0 and keep:
            self.add(label)
        return True

    def note_state(self) -> None:
        """Take the project as it is for what the next undo goes back to."""
        self._states[self._now : self._now + 1] = [self._copy(self._project.tracks)]

    def add(self, label: str) -> None:
        """Make a point of what was done since the last."""
        if not self._states:
            self._states.append([])
        self._now += 1
        self._states[self._now :] = [self._copy(self._project.tracks)]
        self._labels[self._now - 1 :] = [label]

    def undo(self) -> bool:
        """Go back by one point; False if there is none."""
        return self._go(self._now - 1)

    def redo(self) -> bool:
        """Go forward by one point; False if there is none."""
        return self._go(self._now + 1)

    def _go(self, where: int) -> bool:
        if not 0 <= where < len(self._states):
            return False
        self._now = where
        before = self._project.tracks
        self._project.tracks = self._copy(self._states[where])
        self._project.changes += 1
        self.restored(before, self._project.tracks)
        return True

    def _copy(self, tracks: "list[Track]") -> "list[Track]":
        return copy.deepcopy(tracks, {id(self._project): self._project})
