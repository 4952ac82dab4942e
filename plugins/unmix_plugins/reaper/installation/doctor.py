"""Is everything here that the scripts in REAPER need? Each finding says what was seen, and the cure."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from unmix_plugins.checkup import Finding, check_for_editor
from unmix_plugins.client import Client
from unmix_plugins.errors import UnmixError
from unmix_plugins.files.file_changes import digest, read
from unmix_plugins.reaper.installation import manifest, menu
from unmix_plugins.reaper.installation.actions import ACTIONS, registered
from unmix_plugins.reaper.installation.install import KEYMAP, MENU, SCRIPTS, scripts_folder, shipped_scripts
from unmix_plugins.reaper.installation.manifest import read_manifest
from unmix_plugins.reaper.installation.python_library import library_fault, python_settings, usable_library
from unmix_plugins.reaper.installation.resource_folder import find_resource_folder
from unmix_plugins.reaper.installation.running import SETTINGS, running_with
from unmix_plugins.version import version

_INSTALL = "`unmix reaper install`"
_PREFERENCES = "in REAPER, Options > Preferences > Plug-ins > ReaScript"
_PATIENCE = 30.0
"""Seconds for `unmix --version`, which takes less than one."""


def check(named: Path | None, connect: Callable[[], Client], *, scripts: Path = SCRIPTS) -> Iterator[Finding]:
    """Look at everything, one after the other; `connect` may raise UnmixError."""
    try:
        folder = find_resource_folder(named)
    except UnmixError as error:
        yield Finding("resource folder", False, str(error), "start REAPER once, or name its folder")
    else:
        yield Finding("resource folder", True, str(folder))
        for look in (_scripts, _actions, _buttons, _python, _client, _running):
            try:
                yield look(folder, scripts)
            except UnmixError as error:
                yield Finding(look.__name__.strip("_"), False, str(error), "make it readable")
    yield from check_for_editor(connect)


def python_finding(folder: Path) -> Finding:
    """Can REAPER run Python scripts, as far as its settings tell?"""
    settings = python_settings(read(folder / SETTINGS) or b"")
    usable = usable_library()
    enter = (
        f"{_PREFERENCES}: turn on “Enable Python for use with ReaScript”, enter {usable.parent} as “Custom path to"
        f" Python dll directory” and {usable.name} as “Force ReaScript to use specific Python .dll”, and restart REAPER"
        if usable
        else "no Python of this machine has a library that REAPER could load (they are linked statically): install one"
        " that has, such as your system's libpython3 or Python from python.org, and look again"
    )
    if settings.library is None:
        return Finding("python", False, f"{SETTINGS} names no Python library", enter)
    if not settings.library.is_absolute():
        return Finding(
            "python", False, f"{SETTINGS} does not say in which folder {settings.library} is", enter
        )
    if fault := library_fault(settings.library):
        return Finding("python", False, f"REAPER is told to load {settings.library}, but {fault}", enter)
    if not settings.enabled:
        return Finding("python", False, f"Python scripts are off ({SETTINGS} lacks reascript=1)", enter)
    return Finding("python", True, f"REAPER loads {settings.library}")


def _scripts(folder: Path, scripts: Path) -> Finding:
    target = scripts_folder(folder)
    installed = read_manifest(target / manifest.NAME)
    shipped = shipped_scripts(scripts)
    have = {name: read(target / name) for name in shipped}
    missing = [name for name, content in have.items() if content is None]
    if lost := [name for name in missing if name in installed.files or not installed.files]:
        return Finding("scripts", False, f"{target} lacks {', '.join(lost)}", _INSTALL)
    other = [name for name, content in have.items() if content != shipped[name]]
    present = [name for name in other if name not in missing]
    if edited := [name for name in present if digest(have[name] or b"") != installed.files.get(name)]:
        return Finding("scripts", False, f"edited: {', '.join(edited)}", f"{_INSTALL}, which keeps a backup")
    if other or installed.version != version():
        text = f"they are those of unmix {installed.version or 'unknown'}, not of this one, {version()}"
        return Finding("scripts", False, text, _INSTALL)
    return Finding("scripts", True, f"{len(shipped)} of unmix {version()} in {target}")


def _actions(folder: Path, _: Path) -> Finding:
    known = registered(read(folder / KEYMAP) or b"")
    if missing := [action.title for action in ACTIONS if action.id not in known]:
        return Finding(
            "actions", False, f"{KEYMAP} lacks {', '.join(missing)}", f"{_INSTALL}, with REAPER closed"
        )
    return Finding("actions", True, f"all {len(ACTIONS)} are in {KEYMAP}")


def _buttons(folder: Path, _: Path) -> Finding:
    found = list(menu.places(read(folder / MENU) or b""))
    text = f"in {', '.join(found)}" if found else "none; the actions are in the action list"
    return Finding("buttons", True, text)


def _python(folder: Path, _: Path) -> Finding:
    return python_finding(folder)


def _client(folder: Path, _: Path) -> Finding:
    command = read_manifest(scripts_folder(folder) / manifest.NAME).client
    if not command:
        return Finding("client", False, f"{manifest.NAME} does not say how to start unmix", _INSTALL)
    if not Path(command[0]).is_file():
        return Finding("client", False, f"{command[0]} is gone", _INSTALL)
    said = _version_of(command)
    if said != f"unmix {version()}":
        return Finding("client", False, f"{command[0]} says “{said}”, this is unmix {version()}", _INSTALL)
    return Finding("client", True, f"{command[0]} runs")


def _version_of(command: Sequence[str]) -> str:
    """The last line that `--version` prints, or why there is none."""
    try:
        done = subprocess.run(
            [*command, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
            check=False,
        )
    except OSError as error:
        return error.strerror or "cannot be started"
    except subprocess.TimeoutExpired:
        return f"nothing within {_PATIENCE:.0f} s"
    lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"nothing, with status {done.returncode}"


def _running(folder: Path, _: Path) -> Finding:
    reaper = running_with(folder)
    text = (
        f"process {reaper.pid}; `unmix reaper install` waits until it is closed" if reaper else "does not run"
    )
    return Finding("REAPER", True, text)
