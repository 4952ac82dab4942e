"""A track: items in the order of time, and a place among the folders."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fake_reaper.model.guid import new_guid
from fake_reaper.model.item import Item
from fake_reaper.model.source import Source
from fake_reaper.model.take import Effect

if TYPE_CHECKING:
    from fake_reaper.model.project import Project


@dataclass(eq=False, slots=True)
class Track:
    """`folder_depth`: 1 opens a folder, -n closes n of them after this track, as REAPER keeps it."""

    project: "Project"
    name: str = ""
    guid: str = field(default_factory=new_guid)
    items: list[Item] = field(default_factory=list)
    folder_depth: int = 0
    folder_compact: int = 0
    volume: float = 1.0
    pan: float = 0.0
    mute: int = 0
    solo: int = 0
    phase: int = 0
    selected: int = 0
    main_send: int = 1
    channels: int = 2
    color: int = 0
    height: int = 0
    lane_mode: int = 0
    """0: lanes overlap freely; 2: fixed lanes, of which those in `lanes_playing` are heard."""
    lanes_playing: set[int] = field(default_factory=lambda: {0})
    effects: list[Effect] = field(default_factory=list)
    ext: dict[str, str] = field(default_factory=dict)
    other: dict[str, float] = field(default_factory=dict)
    """Values of REAPER's that nothing here depends on, by their keys."""

    @property
    def alive(self) -> bool:
        return self in self.project.tracks and self.project.alive

    @property
    def index(self) -> int:
        """Where the track is, from 0."""
        return self.project.tracks.index(self)

    @property
    def depth(self) -> int:
        """How many folders the track is in."""
        return max(0, sum(track.folder_depth for track in self.project.tracks[: self.index]))

    @property
    def parent(self) -> "Track | None":
        """The folder that the track is in."""
        depth = self.depth
        before = reversed(self.project.tracks[: self.index])
        return next((t for t in before if t.folder_depth > 0 and t.depth < depth), None) if depth else None

    def add(self, item: Item) -> None:
        self.items.append(item)
        self.sort()

    def sort(self) -> None:
        """Keep the items in the order of time; REAPER numbers them so."""
        self.items.sort(key=lambda item: item.position)

    def add_item(
        self, position: float, length: float, source: Source | None = None, **values: object
    ) -> Item:
        """Add an item, with one take if a source is given, which it then plays from its beginning."""
        item = Item(self, position, length, **values)  # type: ignore[arg-type]
        if source is not None:
            item.add_take(source, name=source.file.path.name if source.file.path else "")
        self.add(item)
        return item
