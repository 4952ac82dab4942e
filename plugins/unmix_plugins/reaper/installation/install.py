"""What an installation into REAPER's resource folder changes, and what takes it back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from unmix import children

from unmix_plugins.errors import NotPossibleNow
from unmix_plugins.files import file_changes
from unmix_plugins.files.file_changes import Change, digest, read
from unmix_plugins.reaper.installation import manifest, menu
from unmix_plugins.reaper.installation.actions import (
    ACTIONS,
    FOLDER,
    MODULES,
    registered,
    with_actions,
    without_actions,
)
from unmix_plugins.reaper.installation.manifest import Manifest, read_manifest
from unmix_plugins.reaper.installation.running import running_with
from unmix_plugins.version import version

SCRIPTS = Path(__file__).parents[1] / "scripts"
KEYMAP = "reaper-kb.ini"
MENU = "reaper-menu.ini"
_INI_FILES = (KEYMAP, MENU)
_FOLDERS = ("Scripts", f"Scripts/{FOLDER}")


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes below a resource folder; nothing is done yet."""

    folder: Path
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    """What the user should know, besides."""
    emptied: tuple[Path, ...] = ()
    """Folders to remove afterwards if nothing is left in them."""


def scripts_folder(folder: Path) -> Path:
    """Where the scripts lie below a resource folder."""
    return folder / "Scripts" / FOLDER


def client_command() -> tuple[str, ...]:
    """The argument list that starts this `unmix` from anywhere: REAPER has another PATH than a shell."""
    return children.program("unmix", "unmix_plugins.cli")


def plan_install(folder: Path, client: Sequence[str], *, menus: bool = True, scripts: Path = SCRIPTS) -> Plan:
    """What brings the scripts, actions and, with `menus`, buttons of this version into a resource folder.

    A second installation plans nothing. Raises SourceError where a file cannot be read.
    """
    notes_file = scripts_folder(folder) / manifest.NAME
    before = read_manifest(notes_file)
    shipped = shipped_scripts(scripts)
    wanted, notes = list(_script_changes(notes_file.parent, before, shipped)), list[str]()
    keymap = read(folder / KEYMAP)
    added = len({action.id for action in ACTIONS} - registered(keymap or b""))
    wanted += _ini_change(folder / KEYMAP, keymap, with_actions(keymap or b""), f"{added} actions registered")
    if menus:
        buttons = read(folder / MENU)
        with_ours, said = _with_menus(buttons or b"", notes)
        wanted += _ini_change(folder / MENU, buttons, with_ours, said)
    made = file_changes.missing_folders([notes_file], folder)
    made += tuple(change.path for change in wanted if change.old is None and change.path.name in _INI_FILES)
    after = Manifest(
        client=tuple(client),
        version=version(),
        files={name: digest(content) for name, content in shipped.items()},
        created=tuple({path.relative_to(folder).as_posix() for path in made} | set(before.created)),
    ).content
    if (noted := read(notes_file)) != after:
        wanted.append(Change(notes_file, noted, after, f"{manifest.NAME}: runs {client[0]}"))
    notes += [
        f"{change.path} has been edited; a backup is kept beside it."
        for change in wanted
        if _was_edited(change)
    ]
    return Plan(folder, tuple(wanted), tuple(notes))


def plan_uninstall(folder: Path, *, scripts: Path = SCRIPTS) -> Plan:
    """What takes away what `plan_install` added. Edited scripts and buttons in the user's own places stay."""
    target = scripts_folder(folder)
    before = read_manifest(target / manifest.NAME)
    shipped = shipped_scripts(scripts)
    wanted, notes = list[Change](), list[str]()
    keymap, buttons = read(folder / KEYMAP), read(folder / MENU)
    if keymap is not None:
        names = {action.file_name for action in ACTIONS} | before.files.keys()
        new = without_actions(keymap, names)
        wanted += _ini_change(folder / KEYMAP, keymap, new or _gone(KEYMAP, before), "actions removed")
    if buttons is not None:
        new = menu.without_ours(buttons)
        wanted += _ini_change(folder / MENU, buttons, new or _gone(MENU, before), "buttons removed")
        if left := list(menu.places(new)):
            notes.append(
                f"Buttons of unmix that you placed yourself are left in {' and '.join(left)} of {MENU}."
            )
    for name in sorted(shipped.keys() | before.files.keys()):
        content = read(target / name)
        if content is None:
            continue
        if content == shipped.get(name) or digest(content) == before.files.get(name):
            wanted.append(Change(target / name, content, None, f"{name}: removed"))
        else:
            notes.append(f"{target / name} was edited, and is left.")
    if (content := read(target / manifest.NAME)) is not None:
        wanted.append(Change(target / manifest.NAME, content, None, f"{manifest.NAME}: removed"))
    own = tuple(folder / name for name in _FOLDERS if name in before.created)
    return Plan(folder, tuple(wanted), tuple(notes), (*own, target / MODULES))


def carry_out(plan: Plan) -> None:
    """Make the changes, all or none. Raises NotPossibleNow while REAPER runs and would undo them, or OutputError."""
    touched = sorted({change.path.name for change in plan.changes if change.path.name in _INI_FILES})
    if touched and (reaper := running_with(plan.folder)):
        raise NotPossibleNow(
            f"REAPER runs (process {reaper.pid}) and would write its own {' and '.join(touched)} over the new"
            " one when it ends: quit REAPER, then run the command again."
        )
    file_changes.apply(plan.changes, plan.folder)
    file_changes.remove_folders(plan.emptied)


def shipped_scripts(scripts: Path = SCRIPTS) -> dict[str, bytes]:
    """The scripts of this version, by their names below the folder."""
    return {path.relative_to(scripts).as_posix(): path.read_bytes() for path in sorted(scripts.rglob("*.py"))}


def _script_changes(target: Path, before: Manifest, shipped: dict[str, bytes]) -> Iterator[Change]:
    for name, new in shipped.items():
        old = read(target / name)
        if old != new:
            edited = old is not None and digest(old) != before.files.get(name)
            yield Change(
                target / name, old, new, f"{name}: {'new' if old is None else 'replaced'}", backup=edited
            )
    for name in sorted(before.files.keys() - shipped.keys()):
        old = read(target / name)
        if old is not None and digest(old) == before.files[name]:
            yield Change(target / name, old, None, f"{name}: removed, this version has none")


def _was_edited(change: Change) -> bool:
    return change.backup and change.path.suffix == ".py"


def _ini_change(path: Path, old: bytes | None, new: bytes | None, said: str) -> Iterator[Change]:
    if (old or b"") != new:
        yield Change(path, old, new, f"{path.name}: {said}", backup=True)


def _with_menus(old: bytes, notes: list[str]) -> tuple[bytes, str]:
    """The menu file with our buttons, what that adds, and notes about what has to be done by hand."""
    new, toolbar = menu.with_toolbar(old)
    added = [f"toolbar “{menu.TITLE}” ({toolbar})"] if new != old else []
    if new != old:
        number = toolbar.rpartition(" ")[2]
        notes.append(f"The action “Toolbar: Open/close toolbar {number}” of REAPER shows the new toolbar.")
    elif not toolbar:
        notes.append(
            "All 16 floating toolbars are in use, so none was added: place the actions on one of yours in"
            " Options > Customize menus/toolbars."
        )
    both, has_item_menu = menu.with_item_menu(new)
    if both != new:
        added.append(f"submenu “{menu.TITLE}” in the menu of items")
    elif not has_item_menu:
        notes.append(
            "The menu of items is REAPER's own, or numbered oddly, and is left alone: to have the actions there, add"
            " anything to “Media item context” in Options > Customize menus/toolbars, save, quit REAPER and"
            " install again."
        )
    return both, " and ".join(added)


def _gone(name: str, before: Manifest) -> bytes | None:
    """What is left of an .ini file that is empty now: nothing where the installation had made it."""
    return None if name in before.created else b""
