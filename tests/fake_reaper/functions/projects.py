# ruff: noqa: N802 - the functions are named as REAPER names them
"""Project tabs, their names and folders, and what they remember for scripts."""

from typing import TYPE_CHECKING, Any

from fake_reaper.marshal import Reference
from fake_reaper.model.project import Project

if TYPE_CHECKING:
    from fake_reaper.fake import FakeReaper

CURRENT, RENDERING = -1, 0x40000000


def EnumProjects(reaper: "FakeReaper", index: int, file: Reference, _size: int) -> Project | None:
    if index == CURRENT:
        project = reaper.active
    else:
        project = reaper.projects[index] if 0 <= index < len(reaper.projects) else None
    if project is not None:
        file.write(str(project.path or ""))
    return project


def SelectProjectInstance(reaper: "FakeReaper", project: Project) -> None:
    reaper.active = project


def GetProjectName(_reaper: "FakeReaper", project: Project, name: Reference, _size: int) -> None:
    name.write(project.path.name if project.path else "")


def GetProjectPath(reaper: "FakeReaper", path: Reference, _size: int) -> None:
    path.write(str(reaper.active.media_folder))


def GetProjectPathEx(_reaper: "FakeReaper", project: Project, path: Reference, _size: int) -> None:
    path.write(str(project.media_folder))


def GetProjectLength(_reaper: "FakeReaper", project: Project) -> float:
    return project.length


def GetProjectStateChangeCount(_reaper: "FakeReaper", project: Project) -> int:
    return project.changes


def IsProjectDirty(_reaper: "FakeReaper", project: Project) -> int:
    return int(project.dirty)


def MarkProjectDirty(_reaper: "FakeReaper", project: Project) -> None:
    project.dirty = True


def GetCursorPosition(reaper: "FakeReaper") -> float:
    return reaper.active.cursor


def GetCursorPositionEx(_reaper: "FakeReaper", project: Project) -> float:
    return project.cursor


def SetEditCurPos(reaper: "FakeReaper", time: float, _move_view: int, _seek: int) -> None:
    reaper.active.cursor = time


def SetEditCurPos2(_reaper: "FakeReaper", project: Project, time: float, _move_view: int, _seek: int) -> None:
    project.cursor = time


def GetPlayState(_reaper: "FakeReaper") -> int:
    return 0


def GetPlayStateEx(_reaper: "FakeReaper", _project: Project) -> int:
    return 0


def Master_GetTempo(reaper: "FakeReaper") -> float:
    return reaper.active.bpm


def GetSetProjectInfo(_reaper: "FakeReaper", project: Project, key: str, value: float, is_set: int) -> float:
    if key == "PROJECT_SRATE":
        if is_set:
            project.sample_rate = int(value)
        return float(project.sample_rate)
    if key == "PROJECT_SRATE_USE" and is_set:
        project.uses_sample_rate = int(value)
    return float(project.uses_sample_rate) if key == "PROJECT_SRATE_USE" else 0.0


def GetSetProjectInfo_String(
    _reaper: "FakeReaper", project: Project, key: str, text: Reference, is_set: int
) -> int:
    if key == "PROJECT_NAME" and not is_set:
        text.write(project.path.name if project.path else "")
    elif key == "RECORD_PATH" and is_set:
        project.record_path = text.value
    elif key == "RECORD_PATH":
        text.write(project.record_path)
    else:
        return 0
    return 1


def SetProjExtState(_reaper: "FakeReaper", project: Project, section: str, key: str, value: str) -> int:
    section, key = section.upper(), key.upper()
    if not key:
        project.ext_state = {at: text for at, text in project.ext_state.items() if at[0] != section}
    elif not value:
        project.ext_state.pop((section, key), None)
    else:
        project.ext_state[section, key] = value
    project.dirty = True
    return len(project.ext_state)


def GetProjExtState(
    _reaper: "FakeReaper", project: Project, section: str, key: str, value: Reference, _size: int
) -> int:
    found = project.ext_state.get((section.upper(), key.upper()), "")
    value.write(found)
    return len(found)


def EnumProjExtState(
    _reaper: "FakeReaper",
    project: Project,
    section: str,
    index: int,
    key: Reference,
    _key_size: int,
    value: Reference,
    _value_size: int,
) -> int:
    found = [(at[1], text) for at, text in project.ext_state.items() if at[0] == section.upper()]
    if not 0 <= index < len(found):
        return 0
    key.write(found[index][0])
    value.write(found[index][1])
    return 1


def ValidatePtr2(reaper: "FakeReaper", project: Project, thing: Any, kind: str) -> int:
    return int(reaper.pointers.belongs(thing, kind, project))
