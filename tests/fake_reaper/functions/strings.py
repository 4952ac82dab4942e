"""Names, notes and whatever else REAPER keeps as text about a thing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fake_reaper.marshal import Reference
from fake_reaper.model.project import Project

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper

EXTENSION = "P_EXT:"


def get_or_set(
    reaper: "FakeReaper",
    thing: Any,
    project: Project,
    key: str,
    text: Reference,
    is_set: int,
    attributes: Mapping[str, str],
) -> int:
    """Read or write a text under a key; 0 where there is no such key. GUIDs can be set, too."""
    names = {**attributes, "GUID": "guid"}
    if key.startswith(EXTENSION) and is_set:
        thing.ext[key] = text.value
    elif key.startswith(EXTENSION):
        text.write(thing.ext.get(key, ""))
        return int(key in thing.ext)
    elif key not in names:
        return 0
    elif is_set:
        setattr(thing, names[key], text.value)
    else:
        text.write(getattr(thing, names[key]))
    if is_set:
        reaper.changed(project)
    return 1
