"""Audacity as the bridge sees it: a script pipe whose commands change a project of a few mono tracks, and run effects.

For what the real program cannot be made to do: something happens just before a certain command.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from plugins.audacity.fake_pipe import FAILED, OK, FakePipe
from plugins.audacity.requests import request_text
from unmix_plugins.audacity.effect.request import Answer, Nothing, Samples, Say

RATE = 44_100
_EFFECTS = {"Denoise": "denoise", "Fetch Unmix Result": "fetch", "Unmix Status": "status"}


@dataclass
class Track:
    name: str
    samples: np.ndarray


@dataclass
class Selection:
    positions: list[int] = field(default_factory=list)
    start: float = 0.0
    end: float = 0.0


class FakeAudacity(FakePipe):
    """Its effects ask `handle`, as they do through the FIFOs."""

    def __init__(self, folder: Path, state: Path, *tracks: Track) -> None:
        """The pipe lies in `folder`, the bridge's files below `state`."""
        super().__init__(folder)
        self.tracks = list(tracks)
        self.selection = Selection([], 0.0, 0.0)
        self.name = "talk"
        self.handle: Callable[[str], Answer | None] = lambda _: Nothing()
        self.said: list[str] = []
        """What its message boxes showed."""
        self.steps: list[str] = []
        """What can be undone."""
        self.imported: list[str] = []
        self.before: Callable[[str], object] = lambda _: None
        """Is called with each command before that is carried out."""
        self._state = state
        self._runs = 0

    def select(self, start: float, end: float, *positions: int) -> None:
        self.selection = Selection(list(positions), start, end)

    def click(self, label: str) -> None:
        """An effect that the user chooses."""
        self._effect(_EFFECTS[label], is_silent=False)

    def usual(self, name: str, rest: str) -> bytes:
        self.before(f"{name}:{rest}")
        values = dict(part.split("=", 1) for part in rest.split() if "=" in part)
        match name:
            case "SelectTracks":
                old = self.selection.positions if values["Mode"] == "Add" else []
                self.selection.positions = [*old, int(values["Track"])]
            case "SelectTime":
                self.selection.start, self.selection.end = float(values["Start"]), float(values["End"])
            case "GetInfo":
                return json.dumps(self._information(values["Type"])).encode() + OK
            case "Import2":
                self.imported.append(rest)
            case "FetchUnmixResult":
                return OK if self._effect("fetch", is_silent=True) else FAILED
            case _ if (label := name.removeprefix("Effect_Nyquist_Unmix_")) in _EFFECTS:
                return OK if self._effect(_EFFECTS[label], is_silent=False) else FAILED
            case _:
                return super().usual(name, rest)
        return OK

    def _information(self, kind: str) -> list[dict[str, object]]:
        if kind == "Menus":
            return [{"depth": 1, "label": label, "id": f"Effect_Nyquist_Unmix_{label}"} for label in _EFFECTS]
        return [
            {
                "name": track.name,
                "kind": "wave",
                "channels": 1,
                "selected": int(position in self.selection.positions),
            }
            for position, track in enumerate(self.tracks)
        ]

    def _effect(self, operation: str, *, is_silent: bool) -> bool:
        """Run one on all selected tracks; true when it succeeded."""
        self._runs += 1
        selection = self.selection
        first, last = (int(time * RATE + 0.5) for time in (selection.start, selection.end))
        changed: dict[int, np.ndarray] = {}
        chosen = [None] if operation == "status" else sorted(selection.positions)
        for index, position in enumerate(chosen, 1):
            track = Track("", np.zeros(last, np.float32)) if position is None else self.tracks[position]
            text = request_text(
                track.samples[first:last],
                self._state,
                operation=operation,
                run=f"{self._runs}.5",
                index=index,
                selected=[at + 1 for at in sorted(selection.positions)],
                start=selection.start,
                clips=[(0.0, len(track.samples) / RATE)],
                name=track.name,
            )
            if operation == "status":
                (self._state / "in" / f"{self._runs}.5.{index}.wav").unlink()
            answer = self.handle(text.replace('project="talk"', f'project="{self.name}"'))
            if isinstance(answer, Say):
                self.said.append(answer.text)
                return False
            if isinstance(answer, Samples) and position is not None:
                changed[position] = soundfile.read(answer.path, dtype="float32")[0]
        for position, samples in changed.items():
            self.tracks[position].samples = np.concatenate(
                [self.tracks[position].samples[:first], samples, self.tracks[position].samples[last:]]
            )
        if changed and not is_silent:
            self.steps.append(operation)
        return operation != "status"
