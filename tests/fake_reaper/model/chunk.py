"""An item as text, in the form that REAPER saves it in: what Get- and SetItemStateChunk move.

The lines are REAPER's; only those that this model has a meaning for are written and read, others are passed
over. The first take has no TAKE line of its own. A source that is offline has _OFFLINE_ before its type.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fake_reaper.model.item import Item
from fake_reaper.model.source import Source
from fake_reaper.model.take import Effect, Envelope, StretchMarker, Take

OFFLINE = "_OFFLINE_"
REVERSED = 2
"""The bit of a section's MODE that plays it backwards."""
ITEM_LINES = {
    "POSITION": ("position", float),
    "SNAPOFFS": ("snap_offset", float),
    "LENGTH": ("length", float),
    "LOOP": ("loop_source", int),
    "ALLTAKES": ("all_takes_play", int),
    "MUTE": ("mute", int),
    "SEL": ("selected", int),
    "GROUP": ("group", int),
    "COLOR": ("color", int),
    "LOCK": ("lock", int),
    "BEAT": ("beat_mode", int),
    "IGUID": ("guid", str),
}
TAKE_LINES = {
    "NAME": ("name", str),
    "SOFFS": ("start_offset", float),
    "CHANMODE": ("channel_mode", int),
    "TAKECOLOR": ("color", int),
    "GUID": ("guid", str),
}
SOURCE_LINES = {
    "FILE": ("path", Path),
    "LENGTH": ("length", float),
    "STARTPOS": ("offset", float),
    "QUARTERS": ("quarter_notes", float),
}
RATE = ("play_rate", "preserve_pitch", "pitch", "pitch_mode", "stretch_flags", "stretch_fade")
ENVELOPE = re.compile(r"<(VOL|PAN|MUTE|PITCH)ENV")
WORD = re.compile(r'"([^"]*)"|\'([^\']*)\'|`([^`]*)`|(\S+)')


def write(item: Item) -> str:
    """Return an item's chunk."""
    lines = ["<ITEM", *_lines(item, ITEM_LINES), _fade(item, "in"), _fade(item, "out")]
    if not item.takes or item.takes[0] is None:
        lines.append(f"VOLPAN {item.volume!r} 0 1 -1")
    for index, take in enumerate(item.takes):
        chosen = " SEL" * (index == item.active)
        if take is None:
            lines.append(f"TAKE NULL{chosen}")
        else:
            lines += [f"TAKE{chosen}"] * (index > 0)
            lines += _take(take, item.volume, first=index == 0)
    return "\n".join([*lines, ">", ""])


def read(item: Item, chunk: str) -> bool:
    """Make an item what a chunk says; False, and nothing changed, where it is not an item's chunk."""
    lines = _words(chunk)
    if next(lines, [""]) != ["<ITEM"]:
        return False
    item.takes, item.active = [], 0
    for key, *values in lines:
        if key == ">":
            break
        if key in ITEM_LINES:
            _set(item, ITEM_LINES[key], values)
        elif key in ("FADEIN", "FADEOUT"):
            _read_fade(item, key.removeprefix("FADE").lower(), values)
        elif key == "TAKE":
            item.active = len(item.takes) if "SEL" in values else item.active
            item.takes.append(None if "NULL" in values else Take(item))
        else:
            _read_take_line(item, key, values, lines)
    return True


def _lines(thing: Any, known: dict[str, tuple[str, type]]) -> list[str]:
    return [f"{key} {_value(getattr(thing, attribute))}" for key, (attribute, _) in known.items()]


def _value(value: object) -> str:
    return repr(value) if isinstance(value, int | float) else _quoted(str(value))


def _quoted(text: str) -> str:
    """Quote as REAPER does: with the first of three marks that the text lacks."""
    mark = next((mark for mark in "\"'`" if mark not in text), "`")
    return f"{mark}{text.replace(mark, chr(39))}{mark}"


def _fade(item: Item, side: str) -> str:
    shape, length, auto, curve = (
        getattr(item, f"fade_{side}{part}") for part in ("_shape", "", "_auto", "_curve")
    )
    return f"FADE{side.upper()} {shape} {length!r} {auto!r} {shape} 0 {curve!r} {curve!r}"


def _read_fade(item: Item, side: str, values: list[str]) -> None:
    for part, value in zip(("_shape", "", "_auto"), values, strict=False):
        setattr(item, f"fade_{side}{part}", float(value) if part != "_shape" else int(value))
    setattr(item, f"fade_{side}_curve", float(values[5]))


def _take(take: Take, item_volume: float, *, first: bool) -> Iterator[str]:
    yield from _lines(take, TAKE_LINES)
    volumes = f"{take.pan!r} {take.volume!r} {take.pan_law!r}"
    yield f"VOLPAN {item_volume!r} {volumes}" if first else f"TAKEVOLPAN {volumes}"
    yield f"PLAYRATE {' '.join(repr(getattr(take, name)) for name in RATE)}"
    if take.stretch_markers:
        yield "SM " + " + ".join(f"{at!r} {plays!r} {slope!r}" for at, plays, slope in take.stretch_markers)
    if take.effects:
        yield "<TAKEFX"
        yield from (f"JS {_quoted(effect.name)} {effect.gain!r}" for effect in take.effects)
        yield ">"
    for envelope in take.envelopes:
        yield from (f"<{envelope.name.upper()}ENV", f"PT 0 {envelope.gain!r} 0", ">")
    yield from _source(take.source)


def _source(source: Source | None) -> Iterator[str]:
    if source is None:
        yield from ("<SOURCE EMPTY", ">")
        return
    yield f"<SOURCE {OFFLINE * source.offline}{source.kind}"
    if source.path is not None:
        yield f"FILE {_quoted(str(source.path))}"
    if source.quarter_notes:
        yield f"QUARTERS {source.quarter_notes!r}"
    if source.parent is not None:
        yield f"LENGTH {source.length!r}"
        yield f"MODE {1 + REVERSED * source.reverse}"
        yield f"STARTPOS {source.offset!r}"
        yield from _source(source.parent)
    yield ">"


def _words(chunk: str) -> Iterator[list[str]]:
    for line in chunk.splitlines():
        if line.strip():
            yield ["".join(groups) for groups in WORD.findall(line)]


def _set(thing: Any, known: tuple[str, type], values: list[str]) -> None:
    attribute, kind = known
    setattr(thing, attribute, kind(values[0]))


def _read_take_line(item: Item, key: str, values: list[str], lines: Iterator[list[str]]) -> None:
    if key == "VOLPAN":
        item.volume = float(values[0])
        if not item.takes:  # of an item whose first take is none, for NAME comes before
            return
    if not item.takes:
        item.takes.append(Take(item))
    take = item.takes[-1]
    if key.startswith("<") and take is not None:
        _read_block(take, key, values, lines)
    elif key.startswith("<"):
        list(_block(lines))
    elif take is not None:
        _read_line(take, key, values)


def _read_line(take: Take, key: str, values: list[str]) -> None:
    if key in TAKE_LINES:
        _set(take, TAKE_LINES[key], values)
    elif key in ("VOLPAN", "TAKEVOLPAN"):
        take.pan, take.volume, take.pan_law = map(float, values[-3:])
    elif key == "PLAYRATE":
        for name, value in zip(RATE, values, strict=True):
            setattr(take, name, type(getattr(take, name))(value))
    elif key == "SM":
        groups = " ".join(values).split("+")
        take.stretch_markers = [StretchMarker(*map(float, group.split())) for group in groups]


def _read_block(take: Take, key: str, values: list[str], lines: Iterator[list[str]]) -> None:
    if key == "<SOURCE":
        source = _read_source(values[0], lines)
        if source.kind != "EMPTY":
            take.play(source)
    elif key == "<TAKEFX":
        take.effects = [Effect(name, float(gain)) for _, name, gain in _block(lines)]
    elif envelope := ENVELOPE.fullmatch(key):
        take.envelopes += [Envelope(envelope[1].title(), float(words[2])) for words in _block(lines)]
    else:
        list(_block(lines))


def _read_source(kind: str, lines: Iterator[list[str]]) -> Source:
    source = Source(kind.removeprefix(OFFLINE), offline=kind.startswith(OFFLINE))
    for key, *values in lines:
        if key == ">":
            break
        if key in SOURCE_LINES:
            _set(source, SOURCE_LINES[key], values)
        elif key == "MODE":
            source.reverse = bool(int(values[0]) & REVERSED)
        elif key == "<SOURCE":
            source.parent = _read_source(values[0], lines)
    return source


def _block(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    """Return the lines of a block and pass over blocks within it."""
    for words in lines:
        if words[0] == ">":
            return
        if words[0].startswith("<"):
            list(_block(lines))
        else:
            yield words
