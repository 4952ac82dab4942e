"""What people do to a watched folder: files arrive in every way, at random, and are moved and renamed afterwards."""

import heapq
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from soak.watch_recordings import Recording

PRESETS = ("wiener", "stems")
"""Subfolders that decide what is done with what is in them."""
_SUBFOLDERS = ("", "a", "a/b c", "Übung", *PRESETS)

Life = Iterator[float]
"""Does something, and gives the seconds until it does the next thing."""


@dataclass(slots=True)
class Item:
    """One file, known by the word in its name whatever else becomes of that."""

    word: str
    recording: Recording
    preset: str
    """One of PRESETS, or empty for the folder's own task."""
    path: Path
    """Where it is, or will be."""
    has_arrived: bool = False
    was_too_slow: bool = False
    """True when this program held still for so long that what was not finished may have been taken."""


class Traffic:
    """Many files, each with a life of its own."""

    def __init__(self, source: Path, settle: float, growth: float, chance: random.Random) -> None:
        """Into `source`, where unchanged files are taken after `settle` seconds; files grow for up to `growth`."""
        self.items: list[Item] = []
        self.renames = 0
        self._source = source
        self._outside = source.with_name("arriving")
        self._outside.mkdir()
        self._settle = settle
        self._growth = growth
        self._chance = chance
        self._lives: list[tuple[float, int, Life]] = []
        self._ways: list[Callable[[Item], Life]] = [
            self._written,
            self._copied,
            self._copied_inside,
            self._moved_in,
            self._renamed_from_part,
            self._overwritten,
            self._growing_while_open,
            self._growing_while_closed,
        ]

    def add(self, recordings: Sequence[Recording], count: int, seconds: float) -> None:
        """Plan `count` files that begin to arrive within `seconds`, and a folder of theirs that is renamed."""
        for number in range(count):
            recording = self._chance.choice(recordings)
            subfolder = self._chance.choice(_SUBFOLDERS)
            word = f"item{len(self.items):05}"
            item = Item(
                word,
                recording,
                subfolder if subfolder in PRESETS else "",
                self._source / subfolder / f"{word}{recording.suffix}",
            )
            self.items.append(item)
            way = self._ways[number % len(self._ways)]
            self._begin(self._chance.uniform(0, seconds), self._life(item, way))
        for number in range(1 + count // 200):
            new = f"a {len(self.items)}-{number}"
            self._begin(self._chance.uniform(0, seconds), self._rename_folder("a", new))

    def run(self) -> None:
        """Live all lives to their ends."""
        began = time.monotonic()
        while self._lives:
            due, number, life = heapq.heappop(self._lives)
            time.sleep(max(0.0, began + due - time.monotonic()))
            pause = next(life, None)
            if pause is not None:
                heapq.heappush(self._lives, (time.monotonic() - began + pause, number, life))

    def _begin(self, due: float, life: Life) -> None:
        heapq.heappush(self._lives, (due, len(self._lives) + 1_000_000 * len(self.items), life))

    def _life(self, item: Item, arrive: Callable[[Item], Life]) -> Life:
        item.path.parent.mkdir(parents=True, exist_ok=True)
        yield from arrive(item)
        item.has_arrived = True
        for _ in range(self._chance.choice((0, 0, 1, 2))):
            yield self._chance.uniform(0, 6 * self._settle)
            self._rename(item)

    def _written(self, item: Item) -> Life:
        item.path.write_bytes(item.recording.content)
        yield 0

    def _copied(self, item: Item) -> Life:
        original = self._made_outside(item)
        os.utime(original, (1_000_000_000, 1_000_000_000))
        shutil.copy2(original, item.path)  # with the time of the original, in 2001
        original.unlink()
        yield 0

    def _copied_inside(self, item: Item) -> Life:
        """A second one of a file that is there, with the same time; if it is not put away just now."""
        others = (other for other in self.items if other.recording is item.recording and other.has_arrived)
        try:
            shutil.copy2(next(others).path, item.path)
        except (StopIteration, FileNotFoundError):
            item.path.write_bytes(item.recording.content)
        yield 0

    def _moved_in(self, item: Item) -> Life:
        self._made_outside(item).rename(item.path)
        yield 0

    def _renamed_from_part(self, item: Item) -> Life:
        part = item.path.with_name(f"{item.path.name}.part")
        part.write_bytes(item.recording.content)
        yield self._settle * 1.5
        item.path.parent.mkdir(parents=True, exist_ok=True)
        # Its folder may have been renamed meanwhile.
        item.path.with_name(part.name).rename(item.path)

    def _overwritten(self, item: Item) -> Life:
        item.path.write_bytes(b"not yet what it will be")
        yield from self._short_pause(item)
        self._made_outside(item).replace(item.path)

    def _growing_while_open(self, item: Item) -> Life:
        """With pauses that are longer than files settle."""
        with item.path.open("wb") as file:
            for piece in self._pieces(item, 1.5 * self._settle):
                file.write(piece)
                file.flush()
                yield 1.5 * self._settle

    def _growing_while_closed(self, item: Item) -> Life:
        for number, piece in enumerate(self._pieces(item, self._settle / 4)):
            if number:
                yield from self._short_pause(item)
            with item.path.open("ab") as file:
                file.write(piece)

    def _pieces(self, item: Item, pause: float) -> list[bytes]:
        content = item.recording.content
        count = max(2, int(self._chance.uniform(0, self._growth) / pause))
        cuts = [len(content) * number // count for number in range(count + 1)]
        return [content[start:end] for start, end in pairwise(cuts)]

    def _short_pause(self, item: Item) -> Life:
        before = time.monotonic()
        yield self._settle / 4
        item.was_too_slow |= time.monotonic() - before > 0.8 * self._settle

    def _made_outside(self, item: Item) -> Path:
        path = self._outside / item.word
        path.write_bytes(item.recording.content)
        return path

    def _rename(self, item: Item) -> None:
        """Give a file another name, or another folder in which the same is done with it."""
        name = item.path.name.replace(item.word, f"{item.word} again", 1)
        folders = [item.preset] if item.preset else [name for name in _SUBFOLDERS if name not in PRESETS]
        path = self._source / self._chance.choice(folders) / self._chance.choice((name, item.path.name))
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            item.path.rename(path)
        except FileNotFoundError:  # done, and put away
            return
        item.path = path
        self.renames += 1

    def _rename_folder(self, old: str, new: str) -> Life:
        before, after = self._source / old, self._source / new
        if before.exists():
            before.rename(after)
            self.renames += 1
            for item in self.items:
                if before in item.path.parents:
                    item.path = after / item.path.relative_to(before)
        yield 0
