"""An item: a place on a track, and the takes of which one plays there."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from fake_reaper.model.guid import new_guid
from fake_reaper.model.source import Source
from fake_reaper.model.take import Take

if TYPE_CHECKING:
    from fake_reaper.model.track import Track


FIXED_LANES = 2
"""The mode of a track whose lanes can be chosen from."""


@dataclass(eq=False, slots=True)
class Item:
    """Position, length and fades in seconds; gain 1 as 0 dB. A take that is None is an empty lane."""

    track: "Track"
    position: float = 0.0
    length: float = 0.0
    guid: str = field(default_factory=new_guid)
    takes: list[Take | None] = field(default_factory=list)
    active: int = 0
    volume: float = 1.0
    mute: int = 0
    selected: int = 0
    loop_source: int = 1
    all_takes_play: int = 0
    lock: int = 0
    snap_offset: float = 0.0
    fade_in: float = 0.0
    fade_out: float = 0.0
    fade_in_auto: float = -1.0
    fade_out_auto: float = -1.0
    fade_in_shape: int = 0
    fade_out_shape: int = 0
    fade_in_curve: float = 0.0
    fade_out_curve: float = 0.0
    beat_mode: int = -1
    group: int = 0
    color: int = 0
    lane: int = 0
    free_y: float = 0.0
    free_height: float = 1.0
    notes: str = ""
    ext: dict[str, str] = field(default_factory=dict)
    other: dict[str, float] = field(default_factory=dict)
    """Values of REAPER's that nothing here depends on, by their keys."""

    @property
    def alive(self) -> bool:
        return self in self.track.items and self.track.alive

    @property
    def end(self) -> float:
        return self.position + self.length

    @property
    def take(self) -> Take | None:
        """The active take."""
        return self.takes[self.active] if 0 <= self.active < len(self.takes) else None

    @property
    def lane_plays(self) -> int:
        """Whether the item's lane is heard: 1 alone, 2 with others, 0 not; 1 on a track without fixed lanes."""
        if self.track.lane_mode != FIXED_LANES:
            return 1
        playing = self.track.lanes_playing
        return 0 if self.lane not in playing else 1 if len(playing) == 1 else 2

    def add_take(self, source: Source | None = None, **values: object) -> Take:
        """Add a take as the last; it is active only if it is the first."""
        take = Take(self, source, **values)  # type: ignore[arg-type]
        self.takes.append(take)
        return take

    def duplicate(self) -> Self:
        """Return a copy in the same place on the same track, with a GUID of its own."""
        twin = self._like_this()
        self.track.add(twin)
        return twin

    def split(self, time: float) -> Self | None:
        """Cut in two at a time of the project; return the right part, None where there is nothing to cut."""
        if not self.position < time < self.end:
            return None
        right = self._like_this()
        right.position, right.length = time, self.end - time
        right.fade_in, right.fade_in_auto = 0.0, -1.0
        for take in right.takes:
            if take is not None:
                take.slip(time - self.position)
        self.length, self.fade_out, self.fade_out_auto = time - self.position, 0.0, -1.0
        self.track.add(right)
        return right

    def delete(self) -> None:
        self.track.items.remove(self)

    def move(self, position: float, track: "Track | None" = None) -> None:
        """Move to another time, and to another track if one is given."""
        self.position = position
        self.track.items.remove(self)
        self.track = track or self.track
        self.track.add(self)

    def _like_this(self) -> Self:
        twin = type(self)(self.track)
        for name in self.__slots__:
            if name not in ("track", "guid", "takes"):
                value = getattr(self, name)
                setattr(twin, name, value.copy() if isinstance(value, dict) else value)
        twin.takes = [take and take.copy_to(twin) for take in self.takes]
        return twin
