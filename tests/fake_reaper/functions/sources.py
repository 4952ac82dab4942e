# ruff: noqa: N802 - the functions are named as REAPER names them
"""Sources: what they play, from which file and which part of it."""

from pathlib import Path
from typing import TYPE_CHECKING

from fake_reaper.marshal import Reference
from fake_reaper.model.source import TYPES, Source

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper


def _known(reaper: "FakeReaper", source: Source) -> Source:
    """Return the source, or one of nothing where REAPER would know nothing of it."""
    return Source("WAVE") if source.file.offline and reaper.switches.offline_hides_facts else source


def GetMediaSourceType(reaper: "FakeReaper", source: Source, kind: Reference, _size: int) -> None:
    hidden = source.offline and reaper.switches.offline_hides_facts
    kind.write(f"_OFFLINE_{source.kind}" if hidden else source.kind)


def GetMediaSourceFileName(_reaper: "FakeReaper", source: Source, name: Reference, _size: int) -> None:
    name.write(str(source.path or ""))


def GetMediaSourceParent(_reaper: "FakeReaper", source: Source) -> Source | None:
    return source.parent


def GetMediaSourceLength(reaper: "FakeReaper", source: Source, in_quarter_notes: Reference) -> float:
    in_quarter_notes.write(int(source.kind == "MIDI"))
    if source.kind == "MIDI":
        return source.quarter_notes
    return _known(reaper, source).seconds


def GetMediaSourceSampleRate(reaper: "FakeReaper", source: Source) -> int:
    return _known(reaper, source).sample_rate


def GetMediaSourceNumChannels(reaper: "FakeReaper", source: Source) -> int:
    return _known(reaper, source).channels


def PCM_Source_GetSectionInfo(
    _reaper: "FakeReaper", source: Source, offset: Reference, length: Reference, reverse: Reference
) -> int:
    if source.parent is None:
        return 0
    offset.write(source.offset)
    length.write(source.length or source.seconds)
    reverse.write(int(source.reverse))
    return 1


def PCM_Source_CreateFromFile(_reaper: "FakeReaper", path: str) -> Source | None:
    file = Path(path)
    return Source.from_file(file) if file.is_file() and file.suffix.lower() in TYPES else None


def PCM_Source_CreateFromFileEx(reaper: "FakeReaper", path: str, _no_midi: int) -> Source | None:
    return PCM_Source_CreateFromFile(reaper, path)


def PCM_Source_CreateFromType(_reaper: "FakeReaper", kind: str) -> Source:
    return Source(kind)


def PCM_Source_Destroy(reaper: "FakeReaper", source: Source) -> None:
    if source.take is not None and source.alive:
        reaper.note("The script destroyed a source that a take still plays.")
        return
    source.destroyed = True


def PCM_Source_BuildPeaks(_reaper: "FakeReaper", _source: Source, _mode: int) -> int:
    return 0
