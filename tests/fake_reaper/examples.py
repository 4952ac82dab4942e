"""Projects of real recordings, with an item of every kind that a script meets."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from fake_reaper.model.item import Item
from fake_reaper.model.project import Project
from fake_reaper.model.source import Source
from fake_reaper.model.take import Effect, Envelope, StretchMarker
from fake_reaper.model.track import Track


@dataclass
class Studio:
    """A folder with recordings and a project that uses them, of 48000 frames a second.

    `track` is where the next item goes, at `time`. Every recording is different noise.
    """

    folder: Path
    project: Project = field(init=False)
    track: Track = field(init=False)
    time: float = 0.5
    recordings: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.project = Project(self.folder / "song.RPP")
        self.track = self.project.add_track("Voice")

    def record(
        self,
        name: str = "",
        seconds: float = 1.0,
        sample_rate: int = 48000,
        channels: int = 2,
        subtype: str = "PCM_16",
    ) -> Path:
        """Write a recording beside the project."""
        self.recordings += 1
        random = np.random.default_rng(self.recordings)
        path = self.folder / (name or f"recording {self.recordings}.wav")
        samples = random.uniform(-0.9, 0.9, (round(seconds * sample_rate), channels))
        soundfile.write(path, samples, sample_rate, subtype=subtype)
        return path

    def item(self, source: Source | None, length: float = 1.0, **values: object) -> Item:
        """Place a selected item behind the last one."""
        item = self.track.add_item(self.time, length, source, selected=1, **values)
        self.time = item.end + 0.25
        return item

    def plays(self, path: Path, length: float = 1.0, **values: object) -> Item:
        """Place a selected item that plays a file."""
        return self.item(Source.from_file(path), length, **values)


def plain(studio: Studio) -> Item:
    return studio.plays(studio.record())


def trimmed(studio: Studio) -> Item:
    item = studio.plays(studio.record(seconds=3), 1.25, fade_in=0.1, fade_out=0.2)
    item.take.start_offset = 0.75
    return item


def off_grid(studio: Studio) -> Item:
    """Neither the item nor its place in the source begins on a frame."""
    studio.time += 0.1234567
    item = studio.plays(studio.record(seconds=2), 0.7654321)
    item.take.start_offset = 0.3333333
    studio.time = math.ceil(studio.time)
    return item


def silent_end(studio: Studio) -> Item:
    """The item goes on after the source has ended, and does not go around."""
    return studio.plays(studio.record(seconds=0.5), 1.0, loop_source=0)


def early(studio: Studio) -> Item:
    """The item begins before its source does."""
    item = studio.plays(studio.record(), 1.0, loop_source=0)
    item.take.start_offset = -0.25
    return item


def section(studio: Studio) -> Item:
    source = Source.section(Source.from_file(studio.record(seconds=3)), 0.5, 1.5)
    item = studio.item(source, 1.0)
    item.take.start_offset = 0.25
    return item


def backwards(studio: Studio) -> Item:
    source = Source.section(Source.from_file(studio.record(seconds=2)), reverse=True)
    item = studio.item(source, 1.0)
    item.take.start_offset = 0.25
    return item


def backwards_section(studio: Studio) -> Item:
    source = Source.section(Source.from_file(studio.record(seconds=3)), 0.5, 1.5, reverse=True)
    item = studio.item(source, 1.0)
    item.take.start_offset = 0.25
    return item


def section_of_backwards(studio: Studio) -> Item:
    below = Source.section(Source.from_file(studio.record(seconds=3)), 0.5, 2.0, reverse=True)
    return studio.item(Source.section(below, 0.25, 1.0), 0.75)


def looped(studio: Studio) -> Item:
    item = studio.plays(studio.record(seconds=0.4), 1.0, fade_out=0.1)
    item.take.start_offset = 0.1
    return item


def looped_section(studio: Studio) -> Item:
    source = Source.section(Source.from_file(studio.record(seconds=2)), 0.5, 0.4, reverse=True)
    return studio.item(source, 1.0)


def stretch_marked(studio: Studio) -> Item:
    item = studio.plays(studio.record(seconds=2), 1.5)
    item.take.start_offset = 0.1
    item.take.stretch_markers = [
        StretchMarker(0.0, 0.1),
        StretchMarker(0.5, 0.8, 0.25),
        StretchMarker(1.0, 1.0),
        StretchMarker(1.5, 1.7),
    ]
    return item


def time_stretched(studio: Studio) -> Item:
    item = studio.plays(studio.record(seconds=2), 1.0)
    item.take.play_rate, item.take.start_offset = 1.3, 0.2
    return item


def varispeed(studio: Studio) -> Item:
    item = studio.plays(studio.record(seconds=2), 1.5)
    item.take.play_rate, item.take.preserve_pitch = 0.8, 0
    return item


def pitched(studio: Studio) -> Item:
    item = studio.plays(studio.record())
    item.take.pitch, item.take.pitch_mode = -3.5, 0x90000
    return item


def shared(studio: Studio) -> Item:
    """Two items play the same part of one file; a third another part. The first is returned."""
    path = studio.record(seconds=2)
    first, again, later = (studio.plays(path, 0.5) for _ in range(3))
    first.take.start_offset = again.take.start_offset = 0.5
    later.take.start_offset = 1.0
    return first


def several_takes(studio: Studio) -> Item:
    """Three takes, the one in the middle active; the last lane is empty."""
    item = studio.plays(studio.record())
    item.active = item.add_take(Source.from_file(studio.record()), name="second").index
    item.add_take(Source.from_file(studio.record()), name="third")
    item.takes.append(None)
    return item


def all_takes_play(studio: Studio) -> Item:
    item = studio.plays(studio.record(), all_takes_play=1)
    item.add_take(Source.from_file(studio.record()), name="below")
    return item


def fixed_lane(studio: Studio) -> Item:
    """The item lies in the lane that plays, another in one that does not."""
    studio.track.lane_mode, studio.track.lanes_playing = 2, {1}
    item = studio.plays(studio.record(), lane=1)
    studio.track.add_item(item.position, item.length, Source.from_file(studio.record()), lane=0)
    return item


def mixed(studio: Studio) -> Item:
    """Volume, pan, polarity, channels and effects of item and take are all set."""
    item = studio.plays(studio.record(), volume=0.7, fade_in=0.2, fade_in_shape=2, fade_in_curve=0.3)
    take = item.take
    take.volume, take.pan, take.pan_law, take.channel_mode = -0.8, 0.3, 0.7, 1
    take.effects, take.envelopes = [Effect("Gain", 1.25)], [Envelope("Vol", 0.9)]
    item.fade_out, item.fade_out_auto, item.fade_out_shape = 0.1, 0.3, 4
    return item


def left_only(studio: Studio) -> Item:
    item = studio.plays(studio.record())
    item.take.channel_mode = 3
    return item


def mono(studio: Studio) -> Item:
    return studio.plays(studio.record(channels=1))


def low_rate(studio: Studio) -> Item:
    item = studio.plays(studio.record(seconds=2, sample_rate=44100, subtype="PCM_24"))
    item.take.start_offset = 0.5
    return item


def floating(studio: Studio) -> Item:
    return studio.plays(studio.record(subtype="FLOAT"))


def unicode_name(studio: Studio) -> Item:
    item = studio.plays(studio.record("Größe – 音 \u202eלא \U0001f3b5.wav"))
    item.take.name = "Größe, \"音\" 'x' 100%"
    return item


def dashing_name(studio: Studio) -> Item:
    return studio.plays(studio.record("--help $(x) 'y' .wav"))


def muted(studio: Studio) -> Item:
    return studio.plays(studio.record(), mute=1)


def midi(studio: Studio) -> Item:
    return studio.item(Source.midi(), 2.0)


def empty(studio: Studio) -> Item:
    return studio.item(None, notes="Chorus")


def empty_lane(studio: Studio) -> Item:
    """The active take is none."""
    item = studio.plays(studio.record())
    item.takes.append(None)
    item.active = 1
    return item


def sourceless(studio: Studio) -> Item:
    item = studio.item(None)
    item.add_take(name="nothing yet")
    return item


def offline(studio: Studio) -> Item:
    item = studio.plays(studio.record())
    item.take.source.offline = True
    return item


def missing(studio: Studio) -> Item:
    return studio.plays(studio.folder / "gone.wav")


def missing_section(studio: Studio) -> Item:
    return studio.item(Source.section(Source.from_file(studio.folder / "gone.wav"), 0.5, 1.0))


Kind = Callable[[Studio], Item]


def _kinds(*makers: Kind) -> dict[str, Kind]:
    return {maker.__name__.replace("_", " "): maker for maker in makers}


PLAYABLE = _kinds(
    plain, trimmed, off_grid, silent_end, early, section, backwards, backwards_section,
    section_of_backwards, looped, looped_section, stretch_marked, time_stretched, varispeed,
    pitched, shared, several_takes, all_takes_play, fixed_lane, mixed, left_only, mono, low_rate,
    floating, unicode_name, dashing_name, muted,
)  # fmt: skip
"""Items with sound to work on, by what is special about them; each maker places one and returns it."""
UNPLAYABLE = _kinds(midi, empty, empty_lane, sourceless, offline, missing, missing_section)
"""Items with nothing to work on."""
WHOLE_SOURCE = ("looped", "looped section", "stretch marked")
"""Those whose source must be worked on from end to end."""


def one(folder: Path, kind: str) -> tuple[Project, Item]:
    """Return a project with an item of one kind and what belongs to it, selected."""
    studio = Studio(folder)
    return studio.project, {**PLAYABLE, **UNPLAYABLE}[kind](studio)


def everything(folder: Path) -> tuple[Project, dict[str, Item]]:
    """Return a project with an item of every kind on tracks in folders, all selected, and the items by kind.

    The tracks are a folder of a folder and its last two tracks, which end it and both, and one in no folder.
    """
    studio = Studio(folder)
    project = studio.project
    project.tracks.clear()
    project.add_track("Band", folder_depth=1)
    project.add_track("Voices", folder_depth=1)
    tracks = [
        project.add_track("Lead"),
        project.add_track("Choir", folder_depth=-1),
        project.add_track("Drums", folder_depth=-1),
        project.add_track("Guest"),
    ]
    items = {}
    for number, (kind, make) in enumerate({**PLAYABLE, **UNPLAYABLE}.items()):
        studio.track = tracks[number % len(tracks)]
        if kind == "fixed lane":
            studio.track = project.add_track("Lanes")
        items[kind] = make(studio)
    return project, items


def many(folder: Path, count: int) -> Project:
    """Return a project of so many short items, ten to a track, all selected, each with a file of its own."""
    studio = Studio(folder)
    for number in range(count):
        if number and number % 10 == 0:
            studio.track = studio.project.add_track(f"Track {number // 10 + 1}")
            studio.time = 0.5
        studio.plays(studio.record(seconds=0.05, channels=1), 0.05)
    return studio.project
