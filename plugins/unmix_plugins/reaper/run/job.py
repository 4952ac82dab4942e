"""JOB.json: what the script inside REAPER asks `unmix reaper-run` to do. Nothing in it is trusted."""

import json
import re
import types
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, cast, get_args, get_origin, get_type_hints

from unmix.words import TASKS, FieldError, Section, Task

from unmix_plugins.errors import InvalidRequest, SourceError, from_field

VERSION = 1
_LONGEST_FILE = 64 << 20
"""Bytes; a job of 10,000 items has about 4 MB."""
_MOST_FRAMES = 1 << 53
"""Above it JSON's numbers are not whole in every language."""
_CURE = "run `unmix reaper install`, which renews the scripts"
_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character: JSON can hold it, messages to the daemon cannot. Paths may have it, for bytes that are no text."""
_JOB = frozenset({"version", "task", "device", "output_folder", "items"})
_ITEM = frozenset({"id", "name", "source", "first_frame", "frames", "reverse"})


@dataclass(frozen=True, slots=True)
class Item:
    """A take of the project, and what of its source it plays."""

    id: str
    """Unique within the job; comes back with every event about the item."""
    name: str
    """The take's name, for people."""
    source: Path
    section: Section | None
    """None: the whole file."""
    reverse: bool
    """The results are written back to front."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One action on the selected items."""

    task: Task
    device: str
    output_folder: Path
    items: tuple[Item, ...]

    def groups(self) -> tuple[tuple[Item, ...], ...]:
        """The items, those together that play the same frames in the same direction; in the job's order."""
        groups: dict[object, list[Item]] = {}
        for item in self.items:
            groups.setdefault((item.source, item.section, item.reverse), []).append(item)
        return tuple(map(tuple, groups.values()))


def read_job(path: Path) -> Assignment:
    """The job in a file. Raises SourceError when it cannot be read, InvalidRequest when it makes no sense."""
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_FILE + 1)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"The job {path} cannot be read ({said}): run the action again.") from error
    if len(content) > _LONGEST_FILE:
        raise InvalidRequest(f"The job has more than {_LONGEST_FILE >> 20} MiB: select fewer items.")
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The job {path} is no JSON: run the action again.") from error
    return _job(told)


def _job(told: object) -> Assignment:
    if _entries(told, "JOB").get("version") != VERSION:  # first, as another version may differ in all else
        raise InvalidRequest(f"This unmix understands jobs of version {VERSION} only: {_CURE}.")
    job = _object(told, "JOB", _JOB)
    entries = job["items"]
    if not isinstance(entries, list) or not entries:
        raise _wrong("items", "a list of items")
    items = tuple(_item(entry, f"items[{at}]") for at, entry in enumerate(cast("list[object]", entries)))
    if len({item.id for item in items}) < len(items):
        raise _wrong("items", "items with an id of their own each")
    return Assignment(
        task=_task(job["task"]),
        device=_text(job["device"], "device"),
        output_folder=_path(job["output_folder"], "output_folder"),
        items=items,
    )


def _task(told: object) -> Task:
    """The task of this kind, from the fields that it has: those that are not told have their defaults."""
    entries = _entries(told, "task")
    kind = entries.get("kind")
    known = TASKS.get(kind) if isinstance(kind, str) else None
    if known is None:
        raise _wrong("task.kind", " or ".join(TASKS))
    kinds = get_type_hints(known)
    if odd := sorted({*entries} - {*kinds} or {"model"} - {*entries}):
        raise _wrong(f"task.{odd[0]}", "a field of this task" if odd[0] in entries else "there")
    values = {name: _value(entries[name], kinds[name], f"task.{name}") for name in entries if name != "kind"}
    task = known(**values)
    try:
        task.check()
    except FieldError as error:
        raise from_field(error) from error
    return task


def _value(told: object, kind: Any, place: str) -> Any:
    """What was told, as the type of a task's field; JSON's lists are tuples there, each entry once."""
    if get_origin(kind) is types.UnionType:
        return None if told is None else _value(told, get_args(kind)[0], place)
    if get_origin(kind) is tuple:
        if not isinstance(told, list):
            raise _wrong(place, "a list")
        values = tuple(
            _value(each, get_args(kind)[0], f"{place}[{at}]")
            for at, each in enumerate(cast("list[object]", told))
        )
        if len({*values}) < len(values):
            raise _wrong(place, "a list in which each is once")
        return values
    if kind is float:
        if isinstance(told, bool) or not isinstance(told, int | float):
            raise _wrong(place, "a number or null")
        try:
            return float(told)
        except OverflowError as error:
            raise _wrong(place, "a number that can be") from error
    if kind is int:
        if isinstance(told, bool) or not isinstance(told, int):
            raise _wrong(place, "a whole number")
        return told
    text = _text(told, place)
    if issubclass(kind, StrEnum) and text not in {*kind}:
        raise _wrong(place, " or ".join(kind))
    return kind(text)


def _item(told: object, place: str) -> Item:
    item = _object(told, place, _ITEM)
    if not isinstance(item["reverse"], bool):
        raise _wrong(f"{place}.reverse", "true or false")
    return Item(
        id=_text(item["id"], f"{place}.id"),
        name=_text(item["name"], f"{place}.name", may_be_empty=True),
        source=_path(item["source"], f"{place}.source"),
        section=_section(item["first_frame"], item["frames"], place),
        reverse=item["reverse"],
    )


def _section(first_frame: object, frames: object, place: str) -> Section | None:
    if first_frame is None and frames is None:
        return None
    return Section(_count(first_frame, 0, f"{place}.first_frame"), _count(frames, 1, f"{place}.frames"))


def _count(told: object, least: int, place: str) -> int:
    if isinstance(told, bool) or not isinstance(told, int) or not least <= told <= _MOST_FRAMES:
        raise _wrong(place, f"a whole number from {least}, or null beside another null")
    return told


def _path(told: object, place: str) -> Path:
    if not isinstance(told, str) or "\0" in told or not Path(told).is_absolute():
        raise _wrong(place, "an absolute path")
    return Path(told)


def _text(told: object, place: str, *, may_be_empty: bool = False) -> str:
    if not isinstance(told, str) or not (told or may_be_empty) or _SURROGATE.search(told):
        raise _wrong(place, "a text")
    return told


def _object(told: object, place: str, keys: frozenset[str]) -> dict[str, Any]:
    """An object with exactly these keys: one that is spelled wrong must not be passed over."""
    found = _entries(told, place)
    if odd := sorted(keys ^ found.keys()):
        raise _wrong(f"{place}.{odd[0]}", "there" if odd[0] in keys else "a field of this version")
    return found


def _entries(told: object, place: str) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise _wrong(place, "an object")
    return cast("dict[str, Any]", told)


def _wrong(place: str, wanted: str) -> InvalidRequest:
    return InvalidRequest(f"The field {place} of the job is not {wanted}: {_CURE}.")
