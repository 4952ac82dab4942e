"""JOB.json: what the script inside REAPER asks `unmix reaper-run` to do. Nothing in it is trusted."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from unmix_plugins.audio import AudioTask, DenoiseStem, DenoiseTask, Section, SeparateTask
from unmix_plugins.errors import InvalidRequest, SourceError

VERSION = 1
_LONGEST_FILE = 64 << 20
"""Bytes; a job of 10,000 items has about 4 MB."""
_MOST_FRAMES = 1 << 53
"""Above it JSON's numbers are not whole in every language."""
_MOST_DECIBELS = 100
_CURE = "run `unmix reaper install`, which renews the scripts"
_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character: JSON can hold it, messages to the daemon cannot. Paths may have it, for bytes that are no text."""
_STEM = re.compile(r"-?[a-z0-9_]{1,40}")
_JOB = frozenset({"version", "task", "device", "output_folder", "items"})
_DENOISE = frozenset({"kind", "model", "attenuation_limit_db", "stems"})
_SEPARATE = frozenset({"kind", "model", "stems"})
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
class Job:
    """One action on the selected items."""

    task: AudioTask
    device: str
    output_folder: Path
    items: tuple[Item, ...]

    def groups(self) -> tuple[tuple[Item, ...], ...]:
        """The items, those together that play the same frames in the same direction; in the job's order."""
        groups: dict[object, list[Item]] = {}
        for item in self.items:
            groups.setdefault((item.source, item.section, item.reverse), []).append(item)
        return tuple(map(tuple, groups.values()))


def read_job(path: Path) -> Job:
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


def _job(told: object) -> Job:
    if _entries(told, "JOB").get("version") != VERSION:  # first, as another version may differ in all else
        raise InvalidRequest(f"This unmix understands jobs of version {VERSION} only: {_CURE}.")
    job = _object(told, "JOB", _JOB)
    entries = job["items"]
    if not isinstance(entries, list) or not entries:
        raise _wrong("items", "a list of items")
    items = tuple(_item(entry, f"items[{at}]") for at, entry in enumerate(cast("list[object]", entries)))
    if len({item.id for item in items}) < len(items):
        raise _wrong("items", "items with an id of their own each")
    return Job(
        task=_task(job["task"]),
        device=_text(job["device"], "device"),
        output_folder=_path(job["output_folder"], "output_folder"),
        items=items,
    )


def _task(told: object) -> AudioTask:
    kind = _entries(told, "task").get("kind")
    if kind == "denoise":
        task = _object(told, "task", _DENOISE)
        return DenoiseTask(
            model=_text(task["model"], "task.model"),
            attenuation_limit_db=_decibels(task["attenuation_limit_db"]),
            stems=_denoise_stems(task["stems"]),
        )
    if kind == "separate":
        task = _object(told, "task", _SEPARATE)
        return SeparateTask(_text(task["model"], "task.model"), _stems(task["stems"]))
    raise _wrong("task.kind", "denoise or separate")


def _decibels(told: object) -> float | None:
    if told is None:
        return None
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise _wrong("task.attenuation_limit_db", "a number or null")
    if not 0 <= told <= _MOST_DECIBELS:
        raise _wrong("task.attenuation_limit_db", f"0 to {_MOST_DECIBELS}")
    return float(told)


def _denoise_stems(told: object) -> tuple[DenoiseStem, ...]:
    names = _stems(told)
    if not names or not set(names) <= set(DenoiseStem):
        raise _wrong("task.stems", f"a list of {' and '.join(DenoiseStem)}")
    return tuple(map(DenoiseStem, names))


def _stems(told: object) -> tuple[str, ...]:
    names = cast("list[object]", told) if isinstance(told, list) else [None]
    stems = tuple(name for name in names if isinstance(name, str) and _STEM.fullmatch(name))
    if len(set(stems)) < len(names):
        raise _wrong("task.stems", "a list of names such as vocals and -vocals, each once")
    return stems


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
