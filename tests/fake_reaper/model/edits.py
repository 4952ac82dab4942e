"""What a user does while a script waits; each is one undo point, as in REAPER."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fake_reaper.model.item import Item
from fake_reaper.model.project import Project
from fake_reaper.model.take import Take
from fake_reaper.model.track import Track

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper


class Edits:
    """The user's hands."""

    def __init__(self, reaper: "FakeReaper") -> None:
        self._reaper = reaper

    def delete_item(self, item: Item) -> None:
        with self._edit(item.track.project, "Remove items"):
            item.delete()

    def move_item(self, item: Item, position: float, track: Track | None = None) -> None:
        with self._edit(item.track.project, "Move media items"):
            item.move(position, track)

    def split_item(self, item: Item, time: float) -> Item:
        """Return the right part; ValueError where there is nothing to cut."""
        with self._edit(item.track.project, "Split items"):
            right = item.split(time)
            if right is None:
                raise ValueError(f"The item does not reach over {time} s.")
        return right

    def trim_item(self, item: Item, start: float, end: float) -> None:
        """Move an item's edges to these times of the project; what stays keeps its place in time."""
        with self._edit(item.track.project, "Trim media items"):
            for take in item.takes:
                if take is not None:
                    take.slip(start - item.position)
            item.position, item.length = start, end - start
            item.track.sort()

    def select(self, *items: Item) -> None:
        """Select these items and no other."""
        with self._edit(self._reaper.active, "Select items"):
            for item in self._reaper.active.items:
                item.selected = int(item in items)

    def activate(self, take: Take) -> None:
        with self._edit(take.item.track.project, "Set active take"):
            take.item.active = take.index

    def delete_take(self, take: Take) -> None:
        with self._edit(take.item.track.project, "Delete take"):
            item = take.item
            del item.takes[take.index]
            item.active = min(item.active, max(0, len(item.takes) - 1))

    def delete_track(self, track: Track) -> None:
        with self._edit(track.project, "Remove tracks"):
            track.project.tracks.remove(track)

    def open_project(self, project: Project) -> None:
        """Open another tab and go there."""
        self._reaper.adopt(project)
        self._reaper.active = project

    def switch_project(self, project: Project) -> None:
        """Go to another tab."""
        self._reaper.active = project

    def close_project(self, project: Project) -> None:
        """Close a tab; where it was the last, an empty project takes its place."""
        reaper = self._reaper
        project.alive = False
        reaper.projects.remove(project)
        if not reaper.projects:
            reaper.adopt(Project())
        if reaper.active is project:
            reaper.active = reaper.projects[0]

    def save_project(self, project: Project) -> None:
        project.dirty = False

    @contextmanager
    def _edit(self, project: Project, label: str) -> Iterator[None]:
        project.history.note_state()
        yield
        project.touch()
        project.history.add(label)
