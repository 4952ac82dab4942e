"""Is everything here that the effects in Audacity need? Each finding says what was seen, and the cure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unmix_plugins.audacity.installation import configuration, manifest
from unmix_plugins.audacity.installation.bridge_checkup import check_bridge
from unmix_plugins.audacity.installation.install import FOLDER_FILE, shipped_files, wanted_setting
from unmix_plugins.audacity.installation.manifest import read_manifest
from unmix_plugins.audacity.program.places import FOLDER, SETTINGS, Places, find_places
from unmix_plugins.audacity.program.registry import registered
from unmix_plugins.checkup import Finding, check_for_editor
from unmix_plugins.client import Client
from unmix_plugins.errors import UnmixError
from unmix_plugins.files.file_changes import digest, read
from unmix_plugins.version import version

_INSTALL = "`unmix audacity install`"
_INSTALL_CLOSED = f"close Audacity, then {_INSTALL}"
_OLDEST = (3, 2)
_LONGEST_LIST = 3


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all checks look at."""

    places: Places
    bridge_folder: Path


def check(
    named: Path | None,
    state: Path,
    connect: Callable[[], Client],
    *,
    pipes: Path = Path("/tmp"),  # noqa: S108  # Audacity's own
) -> Iterator[Finding]:
    """Look at everything, one after the other; `connect` may raise UnmixError.

    `pipes` is the folder in which Audacity makes its script pipe.
    """
    try:
        places = find_places(named)
    except UnmixError as error:
        yield Finding("Audacity", False, str(error), "do that")
    else:
        scene = _Scene(places, state / FOLDER)
        for subject, look in (
            ("Audacity", _audacity),
            ("effects", _effects),
            ("menu", _menu),
            ("script pipe", _script_pipe),
        ):
            try:
                yield look(scene)
            except UnmixError as error:
                yield Finding(subject, False, str(error), "make it readable")
    yield from check_bridge(state, named, pipes)
    yield from check_for_editor(connect)


def _audacity(scene: _Scene) -> Finding:
    subject = "Audacity"
    found = configuration.version_of(read(scene.places.settings) or b"")
    text = f"settings in {scene.places.configuration}, effects in {scene.places.plug_ins}"
    if not found:
        text = f"{text}; it was not started yet, so its version is not known"
        return Finding(subject, True, text, "start it once")
    name = ".".join(map(str, found))
    if found < _OLDEST:
        return Finding(subject, False, f"Audacity {name} is too old", "install Audacity 3.2 or newer")
    if found >= (4,):
        return Finding(
            subject,
            False,
            f"Audacity {name} has no script pipe, and its effects were not tried with unmix",
            "use Audacity 3 beside it, or `unmix denoise FILE`; docs/audacity.md says what works",
        )
    return Finding(subject, True, f"Audacity {name}: {text}")


def _effects(scene: _Scene) -> Finding:
    subject, folder = "effects", scene.places.plug_ins
    shipped = shipped_files(scene.bridge_folder)
    installed = read_manifest(folder / manifest.NAME)
    have = {name: read(folder / name) for name in shipped}
    if missing := [name for name, content in have.items() if content is None]:
        return Finding(subject, False, f"{folder} lacks {_listed(missing)}", _INSTALL)
    if have[FOLDER_FILE] != shipped[FOLDER_FILE]:
        text = (
            f"{FOLDER_FILE} names another folder than {scene.bridge_folder}, where this unmix has its bridge"
        )
        return Finding(subject, False, text, f"{_INSTALL}, with the UNMIX_STATE that you use")
    other = [name for name, content in have.items() if content != shipped[name]]
    if edited := [name for name in other if digest(have[name] or b"") != installed.files.get(name)]:
        return Finding(subject, False, f"edited: {_listed(edited)}", f"{_INSTALL}, which keeps a backup")
    if other or installed.version != version():
        text = f"they are of unmix {installed.version or 'unknown'}, this is {version()}"
        return Finding(subject, False, text, _INSTALL)
    return Finding(subject, True, f"{sum(name.endswith('.ny') for name in shipped)} of unmix {version()}")


def _menu(scene: _Scene) -> Finding:
    subject, places = "menu", scene.places
    wanted = [name for name in shipped_files(scene.bridge_folder) if name.endswith(".ny")]
    known = registered(places.registry, places.plug_ins)
    if not known:
        return Finding(subject, True, "Audacity has not seen the effects yet", "start Audacity")
    if missing := [name for name in wanted if name not in known]:
        text = f"Audacity has not registered {_listed(missing)}"
        return Finding(subject, False, text, "close Audacity and start it again")
    if broken := [name for name in wanted if not known[name].is_valid]:
        text = f"Audacity could not load {_listed(broken)}"
        return Finding(
            subject, False, text, f"{_INSTALL}, then enable them in Tools > Plugin Manager of Audacity"
        )
    if off := [known[name].name for name in wanted if not known[name].is_enabled]:
        return Finding(
            subject,
            False,
            f"switched off: {_listed(off)}",
            "enable them in Tools > Plugin Manager of Audacity",
        )
    return Finding(subject, True, f"all {len(wanted)} are registered and enabled")


def _script_pipe(scene: _Scene) -> Finding:
    subject = "script pipe"
    said = configuration.setting_of(read(scene.places.settings) or b"")
    wanted = wanted_setting(scene.places)
    if wanted is None:
        return Finding(
            subject,
            False,
            "Audacity's mod-script-pipe was not found; only what takes a few seconds is put in by itself",
            "install the Audacity of your distribution, or start yours once and then run " + _INSTALL,
        )
    if not configuration.is_on(said):
        return Finding(subject, False, f"it is off in {SETTINGS}", _INSTALL_CLOSED)
    if said.get(configuration.TIME) != wanted.get(configuration.TIME):
        text = f"the module has changed since {said.get(configuration.TIME)}, so Audacity will not load it"
        return Finding(subject, False, text, _INSTALL_CLOSED)
    if said != wanted:
        text = f"{SETTINGS} names {said.get(configuration.PATH)}, which is gone"
        return Finding(subject, False, text, _INSTALL_CLOSED)
    return Finding(subject, True, f"on: {said.get(configuration.PATH)}")


def _listed(names: list[str]) -> str:
    rest = len(names) - _LONGEST_LIST
    return ", ".join(names[:_LONGEST_LIST]) + (f" and {rest} more" if rest > 0 else "")
