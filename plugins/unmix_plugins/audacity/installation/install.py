"""What an installation into Audacity changes, and what takes it back."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unmix_plugins.audacity.installation import configuration, manifest
from unmix_plugins.audacity.installation.autostart import autostart_entry, autostart_file
from unmix_plugins.audacity.installation.manifest import Manifest, read_manifest
from unmix_plugins.audacity.program.places import SETTINGS, Places
from unmix_plugins.errors import NotPossibleNow
from unmix_plugins.files import file_changes
from unmix_plugins.files.file_changes import Change, digest, read
from unmix_plugins.version import version

EFFECTS = Path(__file__).parents[1] / "effects"
FOLDER_FILE = "unmix-folder.lsp"
"""Says where the bridge is, to the effects beside it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes to Audacity's folders; nothing is done yet."""

    places: Places
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    """What the user should know besides."""
    left: str = ""
    """What cannot be done now, and what to do about it; empty: this is all."""
    emptied: tuple[Path, ...] = ()
    """Folders to remove afterwards if nothing is left in them."""


def plan_install(
    places: Places,
    bridge_folder: Path,
    command: Sequence[str],
    *,
    autostart: bool = True,
    environment: Mapping[str, str] = os.environ,
    effects: Path = EFFECTS,
) -> Plan:
    """What brings the effects, the script pipe and, with `autostart`, the start at login into this state.

    `bridge_folder` is where effects find the bridge, `command` what runs it. A second installation plans nothing.
    While Audacity runs, its settings are left, and the plan says so. Raises SourceError where a file cannot be read.
    """
    before = read_manifest(places.plug_ins / manifest.NAME)
    shipped = shipped_files(bridge_folder, effects)
    wanted = list(_effect_changes(places, before, shipped))
    notes = [f"{change.path} had been edited; a backup lies beside it." for change in wanted if change.backup]
    change, note, left = _switch_on(places)
    notes += [note] if note else []
    setting = before.setting
    if change:
        wanted.append(change)
        setting = _first(before.setting, change)
    entry = autostart_entry(command, environment)
    place = autostart_file(environment, Path.home())
    if autostart:
        wanted += _written(place, entry, "the bridge starts at every login")
    else:
        wanted += _unless_edited(place, before.autostart, notes)
    created = file_changes.missing_folders((change.path for change in wanted), _root(places))
    after = Manifest(
        version=version(),
        files={name: digest(content) for name, content in shipped.items()},
        setting=setting,
        autostart=digest(entry) if autostart else "",
        folders=tuple({*before.folders, *map(str, created)}),
    )
    wanted += _written(places.plug_ins / manifest.NAME, after.content, "what was installed is noted")
    return Plan(places, tuple(wanted), tuple(notes), left)


def plan_uninstall(
    places: Places, *, environment: Mapping[str, str] = os.environ, effects: Path = EFFECTS
) -> Plan:
    """What takes away what `plan_install` added; edited effects stay, and a setting that was changed since."""
    note_file = places.plug_ins / manifest.NAME
    before = read_manifest(note_file)
    wanted, notes = list[Change](), list[str]()
    shipped = {path.name: digest(path.read_bytes()) for path in _shipped_paths(effects)}
    for name in sorted(shipped.keys() | before.files.keys()):
        content = read(places.plug_ins / name)
        if content is None:
            continue
        if digest(content) in {before.files.get(name), shipped.get(name)}:
            wanted.append(Change(places.plug_ins / name, content, None, f"{name}: removed"))
        else:
            notes.append(f"{places.plug_ins / name} was edited, and is left.")
    wanted += _unless_edited(autostart_file(environment, Path.home()), before.autostart, notes)
    change, left = _switch_back(places, before)
    wanted += [change] if change else []
    old = read(note_file)
    if left:
        rest = replace(before, files={}, autostart="")
        wanted += _written(note_file, rest.content, "what is left to do is noted")
    elif old is not None:
        wanted.append(Change(note_file, old, None, f"{note_file.name}: removed"))
    return Plan(places, tuple(wanted), tuple(notes), left, tuple(map(Path, before.folders)))


def carry_out(plan: Plan) -> None:
    """Make the changes, all or none. Raises NotPossibleNow when Audacity was started meanwhile, or OutputError."""
    touches_settings = any(change.path == plan.places.settings for change in plan.changes)
    if touches_settings and (pid := plan.places.running()):
        raise NotPossibleNow(
            f"{_runs(pid)}: close Audacity, then run the command again. Nothing was changed."
        )
    file_changes.apply(plan.changes, _root(plan.places))
    file_changes.remove_folders(plan.emptied)


def shipped_files(bridge_folder: Path, effects: Path = EFFECTS) -> dict[str, bytes]:
    """The files of this version for the folder Plug-Ins, by name."""
    files = {path.name: path.read_bytes() for path in _shipped_paths(effects)}
    return files | {FOLDER_FILE: f"(setf *unmix-folder* {_lisp_text(f'{bridge_folder}/')})\n".encode()}


def wanted_setting(places: Places) -> configuration.Setting | None:
    """What audacity.cfg should say of the script pipe; None where no file of it is to be found."""
    setting = configuration.setting_of(read(places.settings) or b"")
    named = setting.get(configuration.PATH)
    candidates = [Path(named)] if named and Path(named).is_file() else []
    module = next(iter([*candidates, *places.modules()]), None)
    if module is not None:
        return configuration.switched_on(setting, module)
    if all(setting.get(section) for section in configuration.SECTIONS):
        return {
            **setting,
            configuration.STATUS: configuration.ON,
        }  # in an AppImage, which is there while it runs
    return None


def _shipped_paths(effects: Path) -> list[Path]:
    return sorted([*effects.glob("*.ny"), *effects.glob("*.lsp")])


def _effect_changes(places: Places, before: Manifest, shipped: Mapping[str, bytes]) -> Iterator[Change]:
    for name, new in shipped.items():
        path = places.plug_ins / name
        old = read(path)
        if old != new:
            edited = old is not None and digest(old) != before.files.get(name)
            yield Change(path, old, new, f"{name}: {'new' if old is None else 'replaced'}", backup=edited)
    for name in sorted(before.files.keys() - shipped.keys()):
        old = read(places.plug_ins / name)
        if old is not None and digest(old) == before.files[name]:
            yield Change(places.plug_ins / name, old, None, f"{name}: removed, this version has none")


def _switch_on(places: Places) -> tuple[Change | None, str, str]:
    """The change that turns the script pipe on, a note, and what is left to do."""
    wanted = wanted_setting(places)
    if wanted is None:
        note = (
            "Audacity's mod-script-pipe was not found. Without it, results of long work are put in when you choose the"
            " same effect for the same selection again, and a selection has to lie within one clip."
        )
        return None, note, ""
    old = read(places.settings)
    new = configuration.with_setting(old or b"", wanted)
    if new == (old or b""):
        return None, "", ""
    if pid := places.running():
        left = (
            f"{_runs(pid)} and would write its own {SETTINGS} over the new one when it ends, so the script pipe is not"
            " turned on yet: close Audacity, then run `unmix audacity install` again."
        )
        return None, "", left
    said = f"{SETTINGS}: the script pipe is turned on ({wanted.get(configuration.PATH)})"
    return Change(places.settings, old, new, said, backup=True), "", ""


def _first(known: configuration.Setting | None, change: Change) -> configuration.Setting | None:
    """What the settings said before the first installation; None where the pipe was on already."""
    said = configuration.setting_of(change.old or b"")
    if known is not None or configuration.is_on(said):
        return known
    return said


def _switch_back(places: Places, before: Manifest) -> tuple[Change | None, str]:
    """The change that restores the setting of before, and what is left to do."""
    old = read(places.settings)
    if before.setting is None or old is None or not configuration.is_on(configuration.setting_of(old)):
        return None, ""
    if pid := places.running():
        return None, (
            f"{_runs(pid)} and would write its own {SETTINGS} over the old one when it ends, so the script pipe is"
            " still on: close Audacity, then run `unmix audacity uninstall` again."
        )
    new = configuration.with_setting(old, before.setting) or None
    return Change(places.settings, old, new, f"{SETTINGS}: the script pipe is as it was before"), ""


def _written(path: Path, new: bytes, said: str) -> Iterator[Change]:
    old = read(path)
    if old != new:
        yield Change(path, old, new, f"{path.name}: {said}")


def _unless_edited(entry: Path, known: str, notes: list[str]) -> Iterator[Change]:
    """Remove the entry for the login when its SHA-256 is `known`."""
    content = read(entry) if known else None
    if content is not None and digest(content) == known:
        yield Change(entry, content, None, f"{entry.name}: removed, nothing starts at login")
    elif content is not None:
        notes.append(f"{entry} was edited, and is left.")


def _runs(pid: int) -> str:
    return f"Audacity runs (process {pid})"


def _root(places: Places) -> Path:
    """Of all folders that are touched; the entry for the login lies elsewhere."""
    return Path(places.configuration.anchor)


def _lisp_text(text: str) -> str:
    """A string as XLISP reads it; what is not plain ASCII goes as octal bytes, so no locale matters."""
    letters = (
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
        for byte in os.fsencode(text)
    )
    return f'"{"".join(letters)}"'
