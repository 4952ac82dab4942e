"""A take: a source and how an item plays it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

from fake_reaper.model.guid import new_guid
from fake_reaper.model.source import Source

if TYPE_CHECKING:
    from fake_reaper.model.item import Item


class StretchMarker(NamedTuple):
    """At `position` (seconds of the take at rate 1, from the item's start) plays `source_position`."""

    position: float
    source_position: float
    slope: float = 0.0


class Effect(NamedTuple):
    """An effect on a take or a track; this one only makes louder, which shows where it was applied."""

    name: str
    gain: float


class Envelope(NamedTuple):
    """An envelope of a take; this one is as loud all the time, for the same reason."""

    name: str
    gain: float


@dataclass(eq=False, slots=True)
class Take:
    """Seconds, gain 1 as 0 dB, pan -1 to 1, pitch in semitones; a negative volume flips the polarity."""

    item: "Item"
    source: Source | None = None
    name: str = ""
    guid: str = field(default_factory=new_guid)
    start_offset: float = 0.0
    play_rate: float = 1.0
    pitch: float = 0.0
    preserve_pitch: int = 1
    pitch_mode: int = -1
    volume: float = 1.0
    pan: float = 0.0
    pan_law: float = -1.0
    channel_mode: int = 0
    color: int = 0
    stretch_flags: int = 0
    stretch_fade: float = 0.0025
    stretch_markers: list[StretchMarker] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    ext: dict[str, str] = field(default_factory=dict)
    other: dict[str, float] = field(default_factory=dict)
    """Values of REAPER's that nothing here depends on, by their keys."""

    def __post_init__(self) -> None:
        if self.source is not None:
            self.play(self.source)

    @property
    def alive(self) -> bool:
        return self in self.item.takes and self.item.alive

    @property
    def index(self) -> int:
        return self.item.takes.index(self)

    @property
    def is_midi(self) -> bool:
        return self.source is not None and self.source.file.kind == "MIDI"

    def play(self, source: Source) -> Source | None:
        """Play another source from now on; return the one before, which then belongs to nobody."""
        before, self.source = self.source, source
        if before is not None:
            before.belong_to(None)
        source.belong_to(self)
        return before

    def copy_to(self, item: "Item") -> Self:
        """Return a take for another item that plays the same, with a name of its own in the project."""
        twin = type(self)(item)
        for name in self.__slots__:
            if name not in ("item", "source", "guid"):
                value = getattr(self, name)
                setattr(twin, name, value.copy() if isinstance(value, list | dict) else value)
        if self.source is not None:
            twin.play(self.source.copy())
        return twin

    def slip(self, seconds: float) -> None:
        """Start so much later in the source: what a cut at an item's left edge does. `seconds` of the item."""
        moved = seconds * self.play_rate
        self.start_offset += moved
        self.stretch_markers = [m._replace(position=m.position - moved) for m in self.stretch_markers]
