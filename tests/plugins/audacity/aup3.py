"""Reads Audacity's project files (.aup3: SQLite with a binary XML document), also of a project that is open."""

import shutil
import sqlite3
import struct
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_FORMATS = {0x00020001: ("<i2", 2.0**-15), 0x00040001: ("<i4", 2.0**-23), 0x0004000F: ("<f4", 1.0)}
"""Audacity's number of a sample format: the type of one sample, and what it is worth."""
_CHARACTERS = {1: "utf-8", 2: "utf-16-le", 4: "utf-32-le"}
_NUMBERS = {4: "<i", 5: "<B", 6: "<i", 7: "<q", 8: "<I", 9: "<f4x", 10: "<d4x"}
"""Field types of numbers, without their name; behind a float stand the digits to write it with."""


@dataclass(frozen=True, slots=True)
class SavedClip:
    name: str
    start: float
    """Seconds."""
    start_frame: int
    samples: npt.NDArray[np.float32]
    """Shape (channels, frames): what is to be seen of the clip."""
    envelope: tuple[tuple[float, float], ...]
    """(seconds, value)"""

    @property
    def frames(self) -> int:
        return self.samples.shape[1]


@dataclass(frozen=True, slots=True)
class SavedTrack:
    kind: str
    name: str
    is_selected: bool
    sample_rate: int = 0
    is_muted: bool = False
    is_solo: bool = False
    gain: float = 1.0
    pan: float = 0.0
    clips: tuple[SavedClip, ...] = ()
    labels: tuple[tuple[float, float, str], ...] = ()
    """(start, end, text)"""

    @property
    def channels(self) -> int:
        return self.clips[0].samples.shape[0] if self.clips else 0


@dataclass(frozen=True, slots=True)
class SavedProject:
    sample_rate: float
    selection: tuple[float, float]
    """Seconds."""
    tracks: tuple[SavedTrack, ...]

    def track(self, name: str) -> SavedTrack:
        """The only track of this name."""
        (found,) = (track for track in self.tracks if track.name == name)
        return found


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    children: list["_Element"] = field(default_factory=list)

    def all(self, name: str) -> list["_Element"]:
        return [child for child in self.children if child.name == name]


def read(path: Path) -> SavedProject:
    """The project as it was last saved, automatically or by the user."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.aup3"
        for suffix in ("", "-wal"):  # Audacity holds the file's lock, and its last changes are in the -wal
            if (source := path.with_name(path.name + suffix)).exists():
                shutil.copy(source, copy.with_name(copy.name + suffix))
        with closing(sqlite3.connect(copy)) as database:
            query = "select dict, doc from autosave union all select dict, doc from project limit 1"
            dictionary, document = database.execute(query).fetchone()
            project = _parse(dictionary + document)
            return SavedProject(
                sample_rate=project.attributes["rate"],
                selection=(project.attributes["sel0"], project.attributes["sel1"]),
                tracks=tuple(_tracks(database, project)),
            )


def _tracks(database: sqlite3.Connection, project: _Element) -> list[SavedTrack]:
    tracks: list[SavedTrack] = []
    elements = iter(child for child in project.children if child.name.endswith("track"))
    for element in elements:
        attributes = element.attributes
        kind = element.name.removesuffix("track")
        common = {"kind": kind, "name": attributes["name"], "is_selected": bool(attributes["isSelected"])}
        if kind == "wave":
            channels = [element, next(elements)] if attributes["linked"] else [element]
            tracks.append(
                SavedTrack(
                    **common,
                    sample_rate=int(attributes["rate"]),
                    is_muted=bool(attributes["mute"]),
                    is_solo=bool(attributes["solo"]),
                    gain=attributes["gain"],
                    pan=attributes["pan"],
                    clips=_clips(database, channels),
                )
            )
        else:
            labels = [label.attributes for label in element.all("label")]
            tracks.append(
                SavedTrack(
                    **common, labels=tuple((label["t"], label["t1"], label["title"]) for label in labels)
                )
            )
    return tracks


def _clips(database: sqlite3.Connection, channels: list[_Element]) -> tuple[SavedClip, ...]:
    rate = channels[0].attributes["rate"]
    clips: list[SavedClip] = []
    for parts in zip(*(channel.all("waveclip") for channel in channels), strict=True):
        first = parts[0].attributes
        left, right = (round(first.get(side, 0.0) * rate) for side in ("trimLeft", "trimRight"))
        samples = np.stack([_samples(database, part.all("sequence")[0]) for part in parts])
        start = first["offset"] + first.get("trimLeft", 0.0)
        points = [point.attributes for part in parts[0].all("envelope") for point in part.all("controlpoint")]
        clips.append(
            SavedClip(
                name=first["name"],
                start=start,
                start_frame=round(start * rate),
                samples=samples[:, left : samples.shape[1] - right],
                envelope=tuple((point["t"], point["val"]) for point in points),
            )
        )
    return tuple(sorted(clips, key=lambda clip: clip.start))


def _samples(database: sqlite3.Connection, sequence: _Element) -> npt.NDArray[np.float32]:
    blocks = [np.zeros(0, np.float32)]
    for block in sequence.all("waveblock"):
        number = block.attributes["blockid"]
        if number < 0:  # that many frames of silence
            blocks.append(np.zeros(-number, np.float32))
            continue
        query = "select sampleformat, samples from sampleblocks where blockid = ?"
        sample_format, data = database.execute(query, (number,)).fetchone()
        kind, worth = _FORMATS[sample_format]
        blocks.append((np.frombuffer(data, kind) * worth).astype(np.float32))
    samples = np.concatenate(blocks)
    assert len(samples) == sequence.attributes["numsamples"]
    return samples


def _parse(data: bytes) -> _Element:
    """The document: fields of one byte for their type, most with a name from the dictionary before them."""
    names: dict[int, str] = {}
    root = _Element("")
    stack = [root]
    encoding = ""
    at = 0

    def take(layout: str) -> Any:
        nonlocal at
        (value,) = struct.unpack_from(layout, data, at)
        at += struct.calcsize(layout)
        return value

    def take_text(length: int) -> str:
        nonlocal at
        at += length
        return data[at - length : at].decode(encoding)

    while at < len(data):
        kind = take("<B")
        if kind == 0:
            encoding = _CHARACTERS[take("<B")]
        elif kind == 15:
            number = take("<H")
            names[number] = take_text(take("<H"))
        elif kind == 1:
            element = _Element(names[take("<H")])
            stack[-1].children.append(element)
            stack.append(element)
        elif kind == 2:
            take("<H")
            stack.pop()
        elif kind == 3:
            name = names[take("<H")]
            stack[-1].attributes[name] = take_text(take("<i"))
        elif kind in {11, 12}:
            take_text(take("<i"))
        elif kind in _NUMBERS:
            name = names[take("<H")]
            stack[-1].attributes[name] = take(_NUMBERS[kind])
        else:
            raise ValueError(f"field type {kind} at {at}")
    (project,) = root.children
    return project
