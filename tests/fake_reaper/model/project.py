"""A project: tracks from top to bottom, where its media is kept, and what can be undone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fake_reaper.model.history import History
from fake_reaper.model.item import Item
from fake_reaper.model.source import Source
from fake_reaper.model.take import Take
from fake_reaper.model.track import Track
from fake_reaper.switches import NOWHERE


@dataclass(eq=False)
class Project:
    """`path` is the .RPP file, None before it is first saved; `record_path` is beside it unless absolute."""

    path: Path | None = None
    record_path: str = "Media"
    default_media_folder: Path = NOWHERE / "Media"
    """Where media goes while the project has no file."""
    sample_rate: int = 48000
    uses_sample_rate: int = 1
    """0: the audio device has a rate of its own, and a script cannot know it."""
    tracks: list[Track] = field(default_factory=list)
    cursor: float = 0.0
    bpm: float = 120.0
    ext_state: dict[tuple[str, str], str] = field(default_factory=dict)
    alive: bool = True
    dirty: bool = False
    changes: int = 0
    """Counts up with every change that a script or the user makes."""
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(self)

    @property
    def media_folder(self) -> Path:
        """Where recordings and renders go."""
        return self.path.parent / self.record_path if self.path else self.default_media_folder

    @property
    def items(self) -> list[Item]:
        """All items, track by track, in the order that REAPER numbers them."""
        return [item for track in self.tracks for item in track.items]

    @property
    def takes(self) -> Iterator[Take]:
        return (take for item in self.items for take in item.takes if take is not None)

    @property
    def selected_items(self) -> list[Item]:
        return [item for item in self.items if item.selected]

    @property
    def length(self) -> float:
        return max((item.end for item in self.items), default=0.0)

    def add_track(self, name: str = "", *, folder_depth: int = 0, index: int | None = None) -> Track:
        """Add a track, as the last unless an index is given."""
        track = Track(self, name, folder_depth=folder_depth)
        self.tracks.insert(len(self.tracks) if index is None else index, track)
        return track

    def add_item(self, track: Track, position: float, length: float, path: Path, **values: object) -> Item:
        """Add an item that plays a file."""
        return track.add_item(position, length, Source.from_file(path), **values)

    @property
    def outline(self) -> list[str]:
        """The tracks' names, indented by the folders that they are in."""
        return ["  " * track.depth + track.name for track in self.tracks]

    def touch(self) -> None:
        """Count a change."""
        self.changes += 1
        self.dirty = True

    def item(self, guid: str) -> Item:
        """Return the item with a GUID, which an undo brings back as another object; KeyError if it is gone."""
        return {item.guid: item for item in self.items}[guid]

    def track(self, name: str) -> Track:
        """Return the first track of that name; StopIteration if there is none."""
        return next(track for track in self.tracks if track.name == name)
