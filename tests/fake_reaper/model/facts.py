"""Everything that a project holds, as plain values: for tests that nothing, or only one thing, changed."""

from dataclasses import fields, is_dataclass
from typing import Any

from fake_reaper.model.project import Project
from fake_reaper.model.track import Track

UPWARDS = ("project", "track", "item", "owner")
"""References back to what holds a thing."""


def facts(tracks: Project | list[Track]) -> list[dict[str, Any]]:
    """Return tracks, or those of a project, with all that is on them; equal results are equal projects."""
    return [_plain(track) for track in (tracks.tracks if isinstance(tracks, Project) else tracks)]


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        names = (field.name for field in fields(value) if field.name not in UPWARDS)
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, list):
        return [_plain(element) for element in value]
    return set(value) if isinstance(value, set) else dict(value) if isinstance(value, dict) else value
