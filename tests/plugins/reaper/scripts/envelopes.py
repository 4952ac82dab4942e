"""Envelopes of takes in the stand-in: the functions and the actions by which a script copies them.

There is no function that makes one. REAPER's actions do, for the active take of every selected item, and of every
item in a group with one of these.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fake_reaper import Envelope, FakeReaper, Item, Project, Take
from fake_reaper.functions import actions
from fake_reaper.marshal import Reference
from fake_reaper.pointers import KINDS

NAMES = {"Volume": "Vol", "Pan": "Pan", "Mute": "Mute", "Pitch": "Pitch"}
"""What REAPER calls them, and what a state and the model do."""
NEUTRAL = 1.0


@dataclass(eq=False)
class TakeEnvelope:
    """What a pointer to an envelope stands for."""

    take: Take
    name: str

    @property
    def alive(self) -> bool:
        return self.take.alive and self.index is not None

    @property
    def index(self) -> int | None:
        names = [envelope.name for envelope in self.take.envelopes]
        return names.index(self.name) if self.name in names else None


@dataclass
class Envelopes:
    """The functions; what was asked for before keeps its address."""

    known: list[TakeEnvelope] = field(default_factory=list)

    def by_name(self, _reaper: FakeReaper, take: Take, name: str) -> TakeEnvelope | None:
        for envelope in self.known:
            if envelope.take is take and envelope.name == NAMES.get(name):
                return envelope if envelope.alive else None
        self.known.append(TakeEnvelope(take, NAMES.get(name, "")))
        return self.known[-1] if self.known[-1].alive else None

    def state(
        self, _reaper: FakeReaper, envelope: TakeEnvelope, text: Reference, _size: int, _is_undo: int
    ) -> int:
        gain = envelope.take.envelopes[envelope.index].gain
        text.write(f"<{envelope.name.upper()}ENV\nEGUID {{1}}\nACT 1 -1\nPT 0 {gain!r} 0\n>\n")
        return 1

    def set_state(self, reaper: FakeReaper, envelope: TakeEnvelope, text: str, _is_undo: int) -> int:
        assert "EGUID" not in text, "two envelopes would have one identity"
        gain = float(text.partition("PT 0 ")[2].split()[0])
        envelope.take.envelopes[envelope.index] = Envelope(envelope.name, gain)
        reaper.changed(envelope.take.item.track.project)
        return 1


def toggle(name: str, _reaper: FakeReaper, project: Project) -> None:
    groups = {item.group for item in project.selected_items if item.group}
    for item in project.items:
        if item.take is not None and (item.selected or item.group in groups):
            toggle_on(item, name)


def toggle_on(item: Item, name: str) -> None:
    left = [envelope for envelope in item.take.envelopes if envelope.name != name]
    is_new = len(left) == len(item.take.envelopes)
    item.take.envelopes = [*left, Envelope(name, NEUTRAL)] if is_new else left


def install(reaper: FakeReaper) -> None:
    """Let scripts in this stand-in work with envelopes of takes."""
    envelopes = Envelopes()
    functions: dict[str, Any] = {
        "GetTakeEnvelopeByName": envelopes.by_name,
        "GetEnvelopeStateChunk": envelopes.state,
        "SetEnvelopeStateChunk": envelopes.set_state,
    }
    reaper._dispatch._functions.update(functions)  # there is no other way in
    KINDS.setdefault(TakeEnvelope, "TrackEnvelope*")
    for number, name in zip((40693, 40694, 40695, 41612), NAMES.values(), strict=True):
        actions.ACTIONS.setdefault(number, (f"Toggle take {name} envelope", partial(toggle, name)))
